import type { ReactNode } from "react";
import { visible } from "./visible";

/** A value as indented JSON in a box that scrolls. Markup in it stays text. */
export function Json({ value, label }: { value: unknown; label: string }) {
  const text = jsonText(value);
  return (
    <pre className="json" tabIndex={0} role="group" aria-label={label}>
      {typeof value === "string" ? text : coloured(text)}
    </pre>
  );
}

const CHARS_MAX = 40_000;

/** The value as text, cut after `CHARS_MAX`. */
export function jsonText(value: unknown): string {
  const text = visible(typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? String(value)));
  return text.length > CHARS_MAX
    ? `${text.slice(0, CHARS_MAX)}\n… ${text.length - CHARS_MAX} more characters`
    : text;
}

/** A name with its colon, a text, or a number and the other words of JSON. */
const PARTS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

function coloured(text: string): ReactNode[] {
  const shown: ReactNode[] = [];
  let end = 0;
  for (const { 0: whole, 1: quoted, 2: colon, index } of text.matchAll(PARTS)) {
    shown.push(text.slice(end, index));
    const kind = colon !== undefined ? "json-name" : quoted !== undefined ? "json-text" : "json-word";
    shown.push(
      <span key={index} className={kind}>
        {quoted ?? whole}
      </span>,
      colon,
    );
    end = index + whole.length;
  }
  return [...shown, text.slice(end)];
}
