// A ticket that shall wait, or that is another one. All numbers are those of this desk.
import { useState, type FormEvent } from "react";
import type { TicketView } from "../../../api/types";
import { Button, Card, TextField, Time } from "../../../parts";
import { useHost } from "../access/session";
import { Confirm } from "../shared/confirm";
import { readEnd } from "../shared/end-field";
import { MomentField } from "../shared/moment-field";
import { ownZone } from "../shared/zones";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction } from "../shared/use-action";
import * as api from "./api";
import { morningIn, NAPS } from "./fields";

type Props = { ticket: TicketView; done: (message: string) => void; openTicket: (id: string) => void };

export function TicketLife({ ticket, done, openTicket }: Props) {
  return (
    <Card title="Later, or elsewhere" level={4}>
      {ticket.status === "open" && <Snooze ticket={ticket} done={done} />}
      <Merge ticket={ticket} openTicket={openTicket} />
    </Card>
  );
}

function Snooze({ ticket, done }: { ticket: TicketView; done: (message: string) => void }) {
  const { run } = useHost();
  const { busy, error, run: act } = useAction();
  const [text, setText] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const until = (moment: string | null) =>
    act(async () => {
      await run(() => api.changeTicket(ticket.ticketId, { snoozedUntil: moment }));
      done(moment === null ? "The ticket is awake." : "The ticket sleeps. It comes back by itself.");
    });
  if (ticket.snoozedUntil !== null)
    return (
      <>
        <p>
          It sleeps until <Time at={ticket.snoozedUntil} />, or until its customer writes.
        </p>
        <div className="row">
          <Button busy={busy} onClick={() => void until(null)}>
            Wake it now
          </Button>
        </div>
        {error !== null && <Trouble error={error} />}
      </>
    );
  const nap = (days: (now: Date) => number) => {
    const now = new Date();
    void until(morningIn(days(now), now));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const end = readEnd(text, Date.now());
    const wrong = "fault" in end ? end.fault : end.at === null ? "Choose a day and a time" : null;
    setFault(wrong);
    if ("at" in end && end.at !== null) void until(end.at);
  };
  const remedy = fault ?? fieldFault(error, ["snoozedUntil"])?.remedy;
  return (
    <form className="host-form" onSubmit={submit} noValidate>
      <p>Let it sleep. It comes back at the time, or when its customer writes.</p>
      <div className="row">
        {NAPS.map(({ name, days }) => (
          <Button key={name} busy={busy} onClick={() => nap(days)}>
            {name}
          </Button>
        ))}
      </div>
      <MomentField label="Or until" timeZone={ownZone()} value={text} onChange={setText} error={remedy} />
      {error !== null && remedy === undefined && <Trouble error={error} />}
      <div className="row">
        <Button type="submit" busy={busy} disabled={text === ""}>
          Let it sleep
        </Button>
      </div>
    </form>
  );
}

function Merge({ ticket, openTicket }: { ticket: TicketView; openTicket: (id: string) => void }) {
  const { run } = useHost();
  const [text, setText] = useState("");
  const [isAsked, setIsAsked] = useState(false);
  const number = /^\s*#?(\d{1,9})\s*$/.exec(text)?.[1];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (number !== undefined) setIsAsked(true);
  };
  return (
    <form className="host-inline" onSubmit={submit} noValidate>
      <TextField
        label="Merge into the ticket with the number"
        value={text}
        onChange={setText}
        inputMode="numeric"
      />
      <Button type="submit" disabled={number === undefined}>
        Merge…
      </Button>
      {isAsked && (
        <Confirm
          title={`Merge #${ticket.number} into #${number ?? ""}?`}
          yes="Merge them"
          no="Keep both"
          close={() => setIsAsked(false)}
          action={async () => {
            const merged = await run(() => api.mergeTicket(ticket.ticketId, Number(number)));
            openTicket(merged.ticketId);
          }}
        >
          <p>
            Its messages, drafts and later mails go on in #{number}. People who can read one of the two can
            then read both. This cannot be undone.
          </p>
        </Confirm>
      )}
    </form>
  );
}
