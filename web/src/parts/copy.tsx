import { useEffect, useState } from "react";
import { Button } from "./button";

type Copied = "no" | "yes" | "failed";

type CopyButtonProps = {
  text: string;
  label?: string;
  /** What is copied, for the accessible name. */
  what?: string;
  /** An icon instead of the label. */
  icon?: boolean;
};

/** Copies `text` to the clipboard and announces it. */
export function CopyButton({ text, label = "Copy", what, icon = false }: CopyButtonProps) {
  const [copied, setCopied] = useState<Copied>("no");
  useEffect(() => {
    if (copied === "no") return;
    const timer = setTimeout(() => setCopied("no"), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    writeText(text).then(
      () => setCopied("yes"),
      () => setCopied("failed"),
    );
  };
  const words = { no: label, yes: "Copied", failed: "Not allowed" }[copied];
  return (
    <>
      <Button
        size="small"
        onClick={copy}
        label={what === undefined ? undefined : `${words} ${what}`}
        title={icon ? `${words} ${what ?? ""}`.trim() : undefined}
      >
        {icon ? <CopyIcon done={copied === "yes"} /> : words}
      </Button>
      <span className="visually-hidden" role="status">
        {copied === "no" ? "" : words}
      </span>
    </>
  );
}

/** A text to copy: a command, a file, a URL. */
export function CopyBlock({ text, what }: { text: string; what: string }) {
  return (
    <div className="copy-block">
      <pre tabIndex={0} role="group" aria-label={what}>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}

function CopyIcon({ done }: { done: boolean }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      {done ? (
        <path d="M3 8.5l3.2 3.2L13 5" fill="none" stroke="currentColor" strokeWidth="1.8" />
      ) : (
        <path
          d="M5.5 5.5V3.5a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-2m-8-4a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1z"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.3"
        />
      )}
    </svg>
  );
}

// Only pages served over https or from localhost have a clipboard.
async function writeText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  throw new Error("there is no clipboard here");
}
