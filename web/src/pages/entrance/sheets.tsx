// The ways beside the camera: a typed code, the guest list, and what went wrong.
import { useState, type FormEvent } from "react";
import type { EntranceProblem, EntranceTicket } from "../../api/types";
import { useObservable } from "../../base/observable";
import { Badge, Button, Dialog, TextField, Time } from "../../parts";
import type { Desk, Shown } from "./desk";
import { Problems } from "./problems";

/** Lines of the guest list that are drawn at once; a search shows the others. */
const LINES_MAX = 100;

type Props = { close: () => void; check: (shown: Shown) => void };

export function TypeSheet({ close, check }: Props) {
  const [code, setCode] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (code.trim() !== "") check({ text: code.trim() });
  };
  return (
    <Dialog title="Type a code" onCancel={close} sheet={{ lead: null, under: null }}>
      <form className="entrance-form" onSubmit={submit}>
        <TextField
          label="Code under the QR code"
          hint="Eight letters and digits, such as 22A5 9E49."
          value={code}
          onChange={setCode}
          name="code"
        />
        <Button kind="primary" size="large" type="submit" wide disabled={code.trim() === ""}>
          Check in
        </Button>
      </form>
    </Dialog>
  );
}

export function GuestSheet({ desk, close, check }: Props & { desk: Desk }) {
  const { tickets } = useObservable(desk.state);
  const [words, setWords] = useState("");
  const [name, setName] = useState(desk.device.name);
  const found = tickets.filter(({ guest }) => holds(guest, words));
  const rename = (text: string) => {
    setName(text);
    if (text.trim() !== "") desk.rename(text.trim());
  };
  return (
    <Dialog title="Guest list" onCancel={close} sheet={{ lead: null, under: null }}>
      <TextField label="Search for a name" type="search" value={words} onChange={setWords} name="search" />
      <ul className="entrance-guests">
        {found.slice(0, LINES_MAX).map((ticket) => (
          <GuestLine key={ticket.ticket} ticket={ticket} check={check} />
        ))}
      </ul>
      {found.length === 0 && (
        <p className="quiet">{words === "" ? "No guests yet." : "No guest has this name."}</p>
      )}
      {found.length > LINES_MAX && (
        <p className="quiet">{found.length - LINES_MAX} more. Search for a name to find them.</p>
      )}
      <TextField
        label="Name of this device"
        hint="Other phones show it when a ticket was used here."
        value={name}
        onChange={rename}
        maxLength={40}
        name="device"
      />
    </Dialog>
  );
}

function GuestLine({ ticket, check }: { ticket: EntranceTicket; check: Props["check"] }) {
  const { guest, checkedInAt } = ticket;
  return (
    <li>
      <span className="host-untrusted">{guest}</span>
      {checkedInAt ? (
        <span className="entrance-in">
          <Badge tone="ok">In</Badge> <Time at={checkedInAt} show="time" />
        </span>
      ) : (
        <Button onClick={() => check({ ticket })} label={`Check in ${guest}`}>
          Check in
        </Button>
      )}
    </li>
  );
}

export function ProblemSheet({
  problems,
  close,
}: {
  problems: readonly EntranceProblem[];
  close: () => void;
}) {
  return (
    <Dialog title="Tickets to look at" onCancel={close} sheet={{ lead: null, under: null }}>
      <Problems problems={problems} />
    </Dialog>
  );
}

/** Whether the name has all the words, however they are written. */
function holds(name: string, words: string): boolean {
  const plain = plainOf(name);
  return plainOf(words)
    .split(/\s+/)
    .every((word) => plain.includes(word));
}

function plainOf(text: string): string {
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
}
