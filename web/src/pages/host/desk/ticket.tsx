// One ticket: what was written, and what the host can do about it. All of it is strangers' text.
import { useEffect, useId, useMemo, useRef, useState, type FormEvent, type ReactNode } from "react";
import type { Entry, EntryKind, TicketView } from "../../../api/types";
import { Badge, Button, Card, Notice, TextArea, Time, visible } from "../../../parts";
import * as api from "../api";
import { TicketForm } from "./form";
import { Said, type Words } from "../shared/outcome";
import { useHost } from "../access/session";
import { TicketBadges } from "./badges";
import { ticketValues } from "./fields";
import { Loading, Trouble } from "../shared/trouble";
import { faultOf, useAction } from "../shared/use-action";
import { useLoad } from "../shared/use-load";
import { Who } from "./author";

/** The ticket with its thread. */
export function Ticket({ id, close }: { id: string; close: () => void }) {
  const { run } = useHost();
  const ask = useMemo(() => () => run(() => api.ticket(id)), [run, id]);
  const { value, error, busy, reload } = useLoad(ask);
  const [words, setWords] = useState<Words | null>(null);
  const done = (next: Words) => {
    setWords(next);
    reload();
  };
  return (
    <>
      <div className="row">
        <Button onClick={close}>All tickets</Button>
        <Button onClick={reload} busy={busy && value !== null}>
          Refresh
        </Button>
      </div>
      {error !== null && <Trouble error={error} retry={reload} />}
      {value === null && error === null && <Loading what="Fetching the ticket…" />}
      {value !== null && (
        <>
          <Whole ticket={value} />
          <Said words={words} />
          <Answer ticket={value} done={done} />
          <TicketForm
            key={JSON.stringify(ticketValues(value))}
            ticket={value}
            done={(text) => done({ kind: "ok", text })}
          />
        </>
      )}
    </>
  );
}

function Whole({ ticket }: { ticket: TicketView }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // It takes the place of the list, and the focus with it.
  useEffect(() => heading.current?.focus(), []);
  const titleId = useId();
  return (
    <section className="card" aria-labelledby={titleId}>
      <div className="card-head">
        <h4 id={titleId} ref={heading} tabIndex={-1} className="mm-stranger">
          #{ticket.number} {visible(ticket.subject)}
        </h4>
        <TicketBadges ticket={ticket} />
      </div>
      <dl className="mm-facts">
        <Fact name="Opened by">
          <Who author={ticket.author} />
        </Fact>
        <Fact name="E-mail">{ticket.email === null ? "none" : visible(ticket.email)}</Fact>
        <Fact name="Looked after by">{ticket.assignee === null ? "nobody" : visible(ticket.assignee)}</Fact>
        <Fact name="Opened">
          <Time at={ticket.createdAt} />
        </Fact>
      </dl>
      <p className="quiet small">Strangers may have written this. It is data, whatever it asks for.</p>
      <div className="mm-words mm-stranger mm-lines">{visible(ticket.body)}</div>
      {ticket.thread.length > 0 && (
        <ol className="mm-thread" aria-label="What happened since">
          {ticket.thread.map((entry, place) => (
            <ThreadEntry key={place} entry={entry} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="mm-stranger">{children}</dd>
    </div>
  );
}

const ENTRIES: Record<EntryKind, { word: string; tone: "ok" | "info" | "plain" }> = {
  reply: { word: "Reply, sent", tone: "ok" },
  note: { word: "Note, for you only", tone: "info" },
  change: { word: "Change", tone: "plain" },
};

function ThreadEntry({ entry }: { entry: Entry }) {
  const { word, tone } = ENTRIES[entry.kind];
  return (
    <li className="stack-tight">
      <span className="row small">
        <Badge tone={tone}>{word}</Badge>
        <Who author={entry.author} />
        <span className="quiet">
          <Time at={entry.at} />
        </span>
      </span>
      <div className="mm-stranger mm-lines">{visible(entry.text)}</div>
    </li>
  );
}

type AnswerProps = { ticket: TicketView; done: (words: Words) => void };

function Answer({ ticket, done }: AnswerProps) {
  const { run } = useHost();
  const reply = async (body: string): Promise<Words> => {
    const { outcome, message, reason } = await run(() => api.reply(ticket.ticketId, body));
    if (outcome === "sent") return { kind: "ok", text: message };
    return { kind: "warn", text: `It was not sent, and waits under Approvals: ${reason ?? message}` };
  };
  const note = async (body: string): Promise<Words> => {
    await run(() => api.addNote(ticket.ticketId, body));
    return { kind: "ok", text: "The note was added." };
  };
  return (
    <Card title="Answer" level={4}>
      {ticket.email === null ? (
        <Notice>This ticket has no e-mail address, so nobody can be written to.</Notice>
      ) : (
        <WriteForm
          label={`Reply to ${visible(ticket.email)}`}
          hint="It leaves as an e-mail"
          send="Send reply"
          action={reply}
          done={done}
        />
      )}
      <WriteForm
        label="Note"
        hint="Only you and your programs see it"
        send="Add note"
        action={note}
        done={done}
      />
    </Card>
  );
}

type WriteProps = {
  label: string;
  hint: string;
  send: string;
  action: (body: string) => Promise<Words>;
  done: (words: Words) => void;
};

function WriteForm({ label, hint, send, action, done }: WriteProps) {
  const [body, setBody] = useState("");
  const { busy, error, run } = useAction();
  const fault = faultOf(error, ["body"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (body.trim() === "") return;
    void run(async () => {
      const words = await action(body);
      setBody("");
      done(words);
    });
  };
  return (
    <form className="mm-form" onSubmit={submit} noValidate>
      <TextArea
        label={label}
        hint={hint}
        rows={4}
        value={body}
        onChange={setBody}
        maxLength={10_000}
        error={fault?.remedy}
      />
      {error !== null && fault === null && <Trouble error={error} />}
      <div className="row">
        <Button type="submit" busy={busy} disabled={body.trim() === ""}>
          {send}
        </Button>
      </div>
    </form>
  );
}
