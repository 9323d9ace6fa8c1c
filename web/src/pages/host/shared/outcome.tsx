// What came of something: said aloud, in view, and with the focus, because the button that asked may be gone.
import { useEffect, useRef } from "react";
import { Notice } from "../../../parts";

export type Words = { kind: "ok" | "warn"; text: string };

/** Nothing as long as nothing was said. */
export function Said({ words }: { words: Words | null }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (words !== null) box.current?.focus();
  }, [words]);
  if (words === null) return null;
  return (
    <div ref={box} tabIndex={-1} className="mm-stranger">
      <Notice kind={words.kind}>{words.text}</Notice>
    </div>
  );
}
