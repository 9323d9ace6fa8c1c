import { useEffect, useState } from "react";
import { Button } from "./button";

type Copied = "no" | "yes" | "failed";

/** Puts `text` on the clipboard and says so. */
export function CopyButton({ text, label = "Copy", what }: { text: string; label?: string; what?: string }) {
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
      <Button size="small" onClick={copy} label={what === undefined ? undefined : `${words} ${what}`.trim()}>
        {words}
      </Button>
      <span className="visually-hidden" role="status">
        {copied === "no" ? "" : words}
      </span>
    </>
  );
}

/** A piece of text to copy: a command, a file, an address. */
export function CopyBlock({ text, what }: { text: string; what: string }) {
  return (
    <div className="copy-block">
      <pre tabIndex={0} role="region" aria-label={what}>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}

// A page that did not come over https has no clipboard, but its own old way to copy a selection.
async function writeText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  throw new Error("there is no clipboard here");
}
