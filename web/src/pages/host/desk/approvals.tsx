// What agents want to do at the desk and may not do by themselves: a person says yes or no.
import { useMemo, useState, type FormEvent } from "react";
import type { DraftKind, DraftView } from "../../../api/types";
import { Badge, Button, Empty, TextField, Time, visible } from "../../../parts";
import * as api from "../api";
import { Said, type Words } from "../shared/outcome";
import { useHost } from "../access/session";
import { Loading, Trouble } from "../shared/trouble";
import { useAction } from "../shared/use-action";
import { usePages } from "../shared/use-load";
import { Who } from "./author";

type Props = { openTicket: (id: string) => void; decided: () => void };

/** The queue, the oldest first. */
export function ApprovalQueue({ openTicket, decided }: Props) {
  const { run } = useHost();
  const ask = useMemo(
    () => async (cursor?: string) => {
      const { approvals, nextCursor } = await run(() => api.approvals(cursor));
      return { items: approvals, nextCursor };
    },
    [run],
  );
  const list = usePages(ask);
  const [words, setWords] = useState<Words | null>(null);
  const done = (text: string) => {
    setWords({ kind: "ok", text });
    list.reload();
    decided();
  };
  return (
    <>
      <div className="card-head">
        <h3>Approvals</h3>
        <Button onClick={list.reload} busy={list.busy && list.isLoaded}>
          Refresh
        </Button>
      </div>
      <Said words={words} />
      {list.error !== null && <Trouble error={list.error} retry={list.reload} />}
      {!list.isLoaded && list.error === null && <Loading what="Fetching what waits for you…" />}
      {list.isLoaded && list.items.length === 0 && (
        <Empty title="Nothing waits for you">
          Drafts of agents that have not earned to act by themselves are listed here.
        </Empty>
      )}
      <ul className="mm-list">
        {list.items.map((draft) => (
          <Draft key={draft.draftId} draft={draft} openTicket={openTicket} done={done} />
        ))}
      </ul>
      {list.hasMore && (
        <Button onClick={list.more} busy={list.busy}>
          Load more
        </Button>
      )}
    </>
  );
}

const KINDS: Record<DraftKind, { word: string; text: string }> = {
  reply: { word: "Reply by e-mail", text: "The mail" },
  resolution: { word: "Resolution", text: "How it is resolved" },
  assignment: { word: "Assignment", text: "Who looks after it" },
};

type DraftProps = { draft: DraftView; openTicket: (id: string) => void; done: (words: string) => void };

function Draft({ draft, openTicket, done }: DraftProps) {
  const titleId = `mm-draft-${draft.draftId}`;
  const kind = KINDS[draft.kind];
  return (
    <li className="card">
      <div className="card-head">
        <h4 id={titleId} className="mm-stranger">
          #{draft.number} {visible(draft.subject)}
        </h4>
        <Badge tone="info">{kind.word}</Badge>
      </div>
      <dl className="mm-facts">
        {draft.kind === "reply" && (
          <div>
            <dt>To</dt>
            <dd className="mm-stranger">{draft.to === null ? "no address" : visible(draft.to)}</dd>
          </div>
        )}
        <div>
          <dt>By</dt>
          <dd>
            <Who author={draft.author} />
          </dd>
        </div>
        <div>
          <dt>Since</dt>
          <dd>
            <Time at={draft.createdAt} />
          </dd>
        </div>
        <div className="mm-wide">
          <dt>Why it waits</dt>
          <dd className="mm-stranger">{visible(draft.reason)}</dd>
        </div>
      </dl>
      <div className="stack-tight">
        <p className="field-label">{kind.text}</p>
        <div className="mm-words mm-stranger mm-lines">{visible(draft.text)}</div>
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
        <form className="mm-inline" onSubmit={reject} noValidate>
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
