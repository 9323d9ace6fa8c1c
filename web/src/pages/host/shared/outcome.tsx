import { useEffect, useRef } from "react";
import { Notice } from "../../../parts";

export type Message = { kind: "ok" | "warn"; text: string };

/** The outcome of an action. It takes the focus, because the button of the action may be gone. */
export function Outcome({ message }: { message: Message | null }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (message !== null) box.current?.focus();
  }, [message]);
  if (message === null) return null;
  return (
    <div ref={box} tabIndex={-1} className="host-untrusted">
      <Notice kind={message.kind}>{message.text}</Notice>
    </div>
  );
}
