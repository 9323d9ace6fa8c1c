import { visible } from "./visible";

/** Values as people can read them, in a box of its own that scrolls; always text, whatever is in it. */
export function Json({ value, label }: { value: unknown; label: string }) {
  return (
    <pre className="json" tabIndex={0} role="group" aria-label={label}>
      {jsonText(value)}
    </pre>
  );
}

const CHARS_MAX = 40_000;

/** The same as text, cut where nobody reads on. */
export function jsonText(value: unknown): string {
  const text = visible(typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? String(value)));
  return text.length > CHARS_MAX
    ? `${text.slice(0, CHARS_MAX)}\n… ${text.length - CHARS_MAX} more characters`
    : text;
}
