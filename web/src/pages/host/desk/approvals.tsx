// Drafts of agents that wait for the host's approval.
import { useState, type FormEvent } from "react";
import type { DraftKind, DraftView } from "../../../api/types";
import { Badge, Button, TextField, Time, visible } from "../../../parts";
import { useHost } from "../access/session";
import { Fact } from "../shared/fact";
import { Paged, Refresh } from "../shared/loaded";
import { Outcome, type Message } from "../shared/outcome";
import { Trouble } from "../shared/trouble";
import { useAction } from "../shared/use-action";
import { usePagedList } from "../shared/use-paged-list";
import * as api from "./api";
import { Author } from "./author";

type Props = { openTicket: (id: string) => void; decided: () => void };

/** The queue, oldest draft first. */
export function ApprovalQueue({ openTicket, decided }: Props) {
  const list = usePagedList(api.approvals);
  const [message, setMessage] = useState<Message | null>(null);
  const done = (text: string) => {
    setMessage({ kind: "ok", text });
    list.reload();
    decided();
  };
  return (
    <>
      <div className="card-head">
        <h3>Approvals</h3>
        <Refresh of={list} />
      </div>
      <Outcome message={message} />
      <Paged
        list={list}
        loading="Loading the drafts…"
        empty={{
          title: "Nothing waits for you",
          text: "Drafts of agents that may not act by themselves yet are listed here.",
        }}
      >
        {(drafts) => (
          <ul className="host-list">
            {drafts.map((draft) => (
              <Draft key={draft.draftId} draft={draft} openTicket={openTicket} done={done} />
            ))}
          </ul>
        )}
      </Paged>
    </>
  );
}

const KINDS: Record<DraftKind, { word: string; text: string }> = {
  reply: { word: "Reply by e-mail", text: "The mail" },
  resolution: { word: "Resolution", text: "How it is resolved" },
  assignment: { word: "Assignment", text: "The assignee" },
};

type DraftProps = { draft: DraftView; openTicket: (id: string) => void; done: (message: string) => void };

function Draft({ draft, openTicket, done }: DraftProps) {
  const titleId = `host-draft-${draft.draftId}`;
  const kind = KINDS[draft.kind];
  return (
    <li className="card">
      <div className="card-head">
        <h4 id={titleId} className="host-untrusted">
          #{draft.number} {visible(draft.subject)}
        </h4>
        <Badge tone="info">{kind.word}</Badge>
      </div>
      <dl className="host-facts">
        {draft.kind === "reply" && (
          <Fact name="To" isUntrusted>
            {draft.to === null ? "no address" : visible(draft.to)}
          </Fact>
        )}
        <Fact name="By">
          <Author author={draft.author} />
        </Fact>
        <Fact name="Since">
          <Time at={draft.createdAt} />
        </Fact>
        <Fact name="Why it waits" isWide isUntrusted>
          {visible(draft.reason)}
        </Fact>
      </dl>
      <div className="stack-tight">
        <p className="field-label">{kind.text}</p>
        <div className="host-quote host-untrusted host-lines">{visible(draft.text)}</div>
      </div>
      <Decision draft={draft} titleId={titleId} openTicket={openTicket} done={done} />
    </li>
  );
}

function Decision({ draft, titleId, openTicket, done }: DraftProps & { titleId: string }) {
  const { run } = useHost();
  const yes = draft.kind === "reply" ? "Approve and send" : "Approve";
  const [rejects, setRejects] = useState(false);
  const [reason, setReason] = useState("");
  const approval = useAction();
  const rejection = useAction();
  const approve = () =>
    approval.run(async () => {
      const { message } = await run(() => api.approve(draft.draftId));
      done(`#${draft.number}: ${message}`);
    });
  const reject = (event: FormEvent) => {
    event.preventDefault();
    void rejection.run(async () => {
      const { message } = await run(() => api.reject(draft.draftId, reason.trim()));
      done(`#${draft.number}: ${message}`);
    });
  };
  return (
    <>
      <div className="row" role="group" aria-labelledby={titleId}>
        <Button
          kind="primary"
          busy={approval.busy}
          disabled={rejection.busy}
          label={`${yes} the draft for #${draft.number}`}
          onClick={() => void approve()}
        >
          {yes}
        </Button>
        <Button
          expanded={rejects}
          disabled={approval.busy}
          label={`Reject the draft for #${draft.number}`}
          onClick={() => setRejects(!rejects)}
        >
          Reject
        </Button>
        <Button onClick={() => openTicket(draft.ticketId)}>Open the ticket</Button>
      </div>
      {rejects && (
        <form className="host-inline" onSubmit={reject} noValidate>
          <TextField
            label="Why not? (optional, for your history)"
            value={reason}
            onChange={setReason}
            maxLength={500}
          />
          <Button kind="danger" type="submit" busy={rejection.busy}>
            Reject it
          </Button>
        </form>
      )}
      {approval.error !== null && <Trouble error={approval.error} />}
      {rejection.error !== null && <Trouble error={rejection.error} />}
    </>
  );
}
