// The forms for a reply and for a note.
import { useState, type FormEvent } from "react";
import type { TicketView } from "../../../api/types";
import { Button, Card, Notice, TextArea, visible } from "../../../parts";
import { useHost } from "../access/session";
import type { Message } from "../shared/outcome";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction } from "../shared/use-action";
import * as api from "./api";

type AnswerProps = { ticket: TicketView; done: (message: Message) => void };

export function Answer({ ticket, done }: AnswerProps) {
  const { run } = useHost();
  const reply = async (body: string): Promise<Message> => {
    const { outcome, message, reason } = await run(() => api.reply(ticket.ticketId, body));
    if (outcome === "sent") return { kind: "ok", text: message };
    return { kind: "warn", text: `It was not sent, and waits under Approvals: ${reason ?? message}` };
  };
  const note = async (body: string): Promise<Message> => {
    await run(() => api.addNote(ticket.ticketId, body));
    return { kind: "ok", text: "The note was added." };
  };
  return (
    <Card title="Answer" level={4}>
      {ticket.email === null ? (
        <Notice>This ticket has no e-mail address, so no reply can be sent.</Notice>
      ) : (
        <WriteForm
          label={`Reply to ${visible(ticket.email)}`}
          hint="Sent as an e-mail"
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
  action: (body: string) => Promise<Message>;
  done: (message: Message) => void;
};

function WriteForm({ label, hint, send, action, done }: WriteProps) {
  const [body, setBody] = useState("");
  const { busy, error, run } = useAction();
  const fault = fieldFault(error, ["body"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (body.trim() === "") return;
    void run(async () => {
      const message = await action(body);
      setBody("");
      done(message);
    });
  };
  return (
    <form className="host-form" onSubmit={submit} noValidate>
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
