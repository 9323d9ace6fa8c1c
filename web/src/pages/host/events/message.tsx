// The dialog in which a host writes to guests: what is written, then a look at the mail and at how many get it.
import { useState } from "react";
import type { Audience, MessageAnswer, OwnEvent, RsvpLine } from "../../../api/types";
import { Button, Dialog, TextArea, TextField } from "../../../parts";
import { useHost } from "../access/session";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction, type Action } from "../shared/use-action";
import * as api from "./api";

/** The guests that are shown: all of a kind, or those that a search has found. */
export type Chosen = { to: Audience; words: string; found: readonly RsvpLine[] };

type Props = { event: OwnEvent; chosen: Chosen; close: () => void; done: (message: string) => void };

/** The button that opens the dialog. */
export function MessageButton(props: Omit<Props, "close">) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setIsOpen(true)} icon="send">
        Message guests
      </Button>
      {isOpen && <MessageDialog {...props} close={() => setIsOpen(false)} />}
    </>
  );
}

function MessageDialog({ event, chosen, close, done }: Props) {
  const { run } = useHost();
  const [draft, setDraft] = useState<Draft>({ subject: "", text: "" });
  const [seen, setSeen] = useState<MessageAnswer | null>(null);
  const action = useAction();
  const message = { ...draft, ...selectionOf(chosen) };
  const look = () => action.run(async () => setSeen(await run(() => api.messageGuests(event.id, message))));
  const send = (recipients: number) =>
    action.run(async () => {
      const answer = await run(() => api.messageGuests(event.id, { ...message, recipients }));
      close();
      done(answer.message);
    });
  return seen === null ? (
    <Write
      to={`${whom(chosen)} of ${event.title}`}
      draft={draft}
      change={setDraft}
      action={action}
      close={close}
      look={() => void look()}
    />
  ) : (
    <Look
      seen={seen}
      action={action}
      close={close}
      back={() => setSeen(null)}
      send={() => void send(seen.recipients)}
    />
  );
}

type Draft = { subject: string; text: string };
type WriteProps = {
  to: string;
  draft: Draft;
  change: (draft: Draft) => void;
  action: Action;
  close: () => void;
  look: () => void;
};

function Write({ to, draft, change, action: { busy, error }, close, look }: WriteProps) {
  const fault = fieldFault(error, ["subject", "text"]);
  return (
    <Dialog
      title="Message guests"
      wide
      onCancel={close}
      actions={
        <>
          <Button onClick={close}>Discard</Button>
          <Button kind="primary" busy={busy} onClick={look}>
            Preview
          </Button>
        </>
      }
    >
      <p className="host-untrusted">To {to}. Only guests who gave an e-mail address get it.</p>
      <TextField
        label="Subject"
        required
        maxLength={150}
        value={draft.subject}
        onChange={(subject) => change({ ...draft, subject })}
        error={fault?.name === "subject" ? fault.remedy : undefined}
        name="subject"
      />
      <TextArea
        label="Message"
        required
        rows={8}
        maxLength={5000}
        hint="Plain text. Each guest's ticket and a way to unsubscribe are added."
        value={draft.text}
        onChange={(text) => change({ ...draft, text })}
        error={fault?.name === "text" ? fault.remedy : undefined}
        name="text"
      />
      {error !== null && fault === null && <Trouble error={error} />}
    </Dialog>
  );
}

type LookProps = {
  seen: MessageAnswer;
  action: Action;
  close: () => void;
  back: () => void;
  send: () => void;
};

function Look({ seen, action: { busy, error }, close, back, send }: LookProps) {
  const { recipients } = seen;
  return (
    <Dialog
      title="This is what they get"
      wide
      onCancel={close}
      actions={
        <>
          <Button onClick={back}>Back</Button>
          {recipients > 0 && (
            <Button kind="primary" busy={busy} onClick={send}>
              Send to {recipients === 1 ? "1 address" : `${recipients} addresses`}
            </Button>
          )}
        </>
      }
    >
      <p role="status">{seen.message}</p>
      {/* A long mail scrolls, also by keyboard. */}
      <div className="host-mail" role="group" aria-label="The mail" tabIndex={0}>
        <p className="host-untrusted">
          <strong>{seen.preview.subject}</strong>
        </p>
        <p className="host-untrusted host-mail-text">{seen.preview.text}</p>
      </div>
      {error !== null && <Trouble error={error} />}
    </Dialog>
  );
}

function selectionOf({ to, words, found }: Chosen): { to: Audience; guests?: string[] } {
  // A search is of this page: the server is told whom it has found.
  return words.trim() === "" ? { to } : { to: "all", guests: found.map(({ id }) => id) };
}

function whom({ to, words, found }: Chosen): string {
  if (words.trim() !== "")
    return found.length === 1 ? "the guest that you found" : `the ${found.length} guests that you found`;
  if (to === "toCome") return "the guests who are still to come";
  return to === "in" ? "the guests who are in" : "all guests";
}
