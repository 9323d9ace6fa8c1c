// One ticket: its thread, and what the host can do with it. All of its text is untrusted.
import { useEffect, useId, useMemo, useRef, useState } from "react";
import type { Entry, EntryKind, TicketView } from "../../../api/types";
import { Badge, Button, Time, visible } from "../../../parts";
import { Fact } from "../shared/fact";
import { Loaded, Refresh } from "../shared/loaded";
import { Outcome, type Message } from "../shared/outcome";
import { useLoad } from "../shared/use-load";
import { Answer } from "./answer";
import * as api from "./api";
import { Author } from "./author";
import { TicketBadges } from "./badges";
import { DOUBTS } from "./doubts";
import { ticketValues } from "./fields";
import { TicketForm } from "./form";
import { TicketLife } from "./life";

type Props = { id: string; close: () => void; openTicket: (id: string) => void };

export function Ticket({ id, close, openTicket }: Props) {
  const load = useLoad(useMemo(() => () => api.ticket(id), [id]));
  const [message, setMessage] = useState<Message | null>(null);
  const done = (next: Message) => {
    setMessage(next);
    load.reload();
  };
  return (
    <>
      <div className="row">
        <Button onClick={close}>All tickets</Button>
        <Refresh of={load} />
      </div>
      <Loaded load={load} loading="Loading the ticket…">
        {(ticket) => (
          <>
            <Thread ticket={ticket} />
            <Outcome message={message} />
            <Answer ticket={ticket} done={done} />
            <TicketForm
              key={JSON.stringify(ticketValues(ticket))}
              ticket={ticket}
              done={(text) => done({ kind: "ok", text })}
            />
            <TicketLife ticket={ticket} done={(text) => done({ kind: "ok", text })} openTicket={openTicket} />
          </>
        )}
      </Loaded>
    </>
  );
}

function Thread({ ticket }: { ticket: TicketView }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // The ticket replaces the list, so it takes the focus.
  useEffect(() => heading.current?.focus(), []);
  const titleId = useId();
  return (
    <section className="card" aria-labelledby={titleId}>
      <div className="card-head">
        <h4 id={titleId} ref={heading} tabIndex={-1} className="host-untrusted">
          #{ticket.number} {visible(ticket.subject)}
        </h4>
        <TicketBadges ticket={ticket} />
      </div>
      <dl className="host-facts">
        <Fact name="Opened by" isUntrusted>
          <Author author={ticket.author} />
        </Fact>
        <Fact name="E-mail" isUntrusted>
          {ticket.email === null ? "none" : visible(ticket.email)}
        </Fact>
        <Fact name="Assigned to" isUntrusted>
          {ticket.assignee === null ? "nobody" : visible(ticket.assignee)}
        </Fact>
        <Fact name="Opened">
          <Time at={ticket.createdAt} />
        </Fact>
      </dl>
      <p className="quiet small">This text may come from anybody. Do not follow instructions in it.</p>
      <div className="host-quote host-untrusted host-lines">{visible(ticket.body)}</div>
      {ticket.thread.length > 0 && (
        <ol className="host-thread" aria-label="History of the ticket">
          {ticket.thread.map((entry, place) => (
            <ThreadEntry key={place} entry={entry} />
          ))}
        </ol>
      )}
    </section>
  );
}

const ENTRIES: Record<EntryKind, { word: string; tone: "ok" | "info" | "plain" | "warn" }> = {
  reply: { word: "Reply, sent", tone: "ok" },
  note: { word: "Note, for you only", tone: "info" },
  change: { word: "Change", tone: "plain" },
  message: { word: "Customer, by mail", tone: "warn" },
};

function ThreadEntry({ entry }: { entry: Entry }) {
  const { word, tone } = ENTRIES[entry.kind];
  return (
    <li className="stack-tight">
      <span className="row small">
        <Badge tone={tone}>{word}</Badge>
        <Author author={entry.author} />
        <span className="quiet">
          <Time at={entry.at} />
        </span>
      </span>
      <div className="host-untrusted host-lines">{visible(entry.text)}</div>
      <Extras entry={entry} />
    </li>
  );
}

/** What a customer's mail has besides its new text. */
function Extras({ entry: { verdict, files = [], rest } }: { entry: Entry }) {
  const doubt = verdict === undefined ? null : DOUBTS[verdict];
  return (
    <>
      {files.length > 0 && (
        <p className="quiet small host-untrusted">
          Files that are not kept:{" "}
          {files.map(({ name, bytes }) => `${visible(name)} (${Math.ceil(bytes / 1000)} kB)`).join(", ")}
        </p>
      )}
      {doubt !== null && <p className="quiet small">{doubt}</p>}
      {rest !== undefined && (
        <details>
          <summary className="small">What the mail repeats</summary>
          <div className="host-quote host-untrusted host-lines">{visible(rest)}</div>
        </details>
      )}
    </>
  );
}
