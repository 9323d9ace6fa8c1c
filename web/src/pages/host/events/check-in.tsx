// Checking guests in by the code of their ticket.
import { useEffect, useRef, useState, type FormEvent } from "react";
import { messageOf } from "../../../api/http";
import type { CheckInAnswer } from "../../../api/types";
import { Button, Notice, TextField, sentence, shortHash, timeText } from "../../../parts";

export type CheckedIn = { kind: "welcome" | "used" | "bad"; text: string };
/** Checks in; whether the ticket is genuine. */
export type CheckIn = (code: string) => Promise<boolean>;

const NOTICE = { welcome: "ok", used: "warn", bad: "error" } as const;

/** The outcome of a check-in. */
export async function checkedIn(request: () => Promise<CheckInAnswer>): Promise<CheckedIn> {
  try {
    const { success, rsvp, firstUsedAt } = await request();
    const guest = rsvp.name ?? shortHash(rsvp.wallet);
    if (success) return { kind: "welcome", text: `Welcome, ${guest}! The ticket is valid, and is used now.` };
    const first = timeText(new Date(firstUsedAt));
    return {
      kind: "used",
      text: `This ticket of ${guest} was used before, first at ${first}. Do not let the guest in twice.`,
    };
  } catch (error) {
    const [, remedy] = /^code: (.+)$/i.exec(messageOf(error)) ?? [];
    const text = sentence(remedy ?? messageOf(error));
    return { kind: "bad", text: remedy === undefined ? text : `This code is not valid. ${text}` };
  }
}

export function CodeForm({ checkIn }: { checkIn: CheckIn }) {
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const typed = code.trim();
    if (busy || typed === "") return;
    setBusy(true);
    // A refused code stays in the field, to be corrected.
    if (await checkIn(typed)) setCode("");
    setBusy(false);
  };
  return (
    <form className="host-inline" onSubmit={(event) => void submit(event)}>
      <TextField label="Ticket code, or the URL of the ticket" name="code" value={code} onChange={setCode} />
      <Button kind="primary" type="submit" busy={busy} disabled={code.trim() === ""}>
        Check in
      </Button>
    </form>
  );
}

/** The button in the row of a guest. */
export function CheckInButton({ checkIn, code, guest }: { checkIn: CheckIn; code: string; guest: string }) {
  const [busy, setBusy] = useState(false);
  const press = async () => {
    setBusy(true);
    await checkIn(code);
    setBusy(false);
  };
  return (
    <Button onClick={() => void press()} busy={busy} label={`Check in ${guest}`}>
      Check in
    </Button>
  );
}

export function CodeOutcome({ outcome }: { outcome: CheckedIn }) {
  return <Notice kind={NOTICE[outcome.kind]}>{outcome.text}</Notice>;
}

/** The outcome for a row: always in view, and with the focus, because the button of the row is gone. */
export function RowOutcome({ outcome }: { outcome: CheckedIn }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus({ preventScroll: true }), []);
  return (
    <div ref={box} tabIndex={-1} className="host-outcome">
      <CodeOutcome outcome={outcome} />
    </div>
  );
}
