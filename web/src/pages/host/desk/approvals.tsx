// Drafts of agents that wait for the host's approval: the customer's question beside each, and the next one opens by itself.
import { useRef, useState } from "react";
import type { DraftKind, DraftView } from "../../../api/types";
import { Button, Time, visible } from "../../../parts";
import { Paged, Refresh } from "../shared/loaded";
import { Outcome, type Message } from "../shared/outcome";
import { usePagedList } from "../shared/use-paged-list";
import * as api from "./api";
import { Draft } from "./draft";

type Props = { openTicket: (id: string) => void; showRules: () => void; decided: () => void };

const KINDS: Record<DraftKind, string> = {
  reply: "Reply by e-mail",
  resolution: "Close the ticket",
  assignment: "Assign the ticket",
};

/** The queue, oldest draft first. */
export function ApprovalQueue({ openTicket, showRules, decided }: Props) {
  const list = usePagedList(api.approvals);
  const [chosen, setChosen] = useState<string | null>(null);
  const [message, setMessage] = useState<Message | null>(null);
  // A changed draft is shown and approved as it is now, also before the list has come again.
  const [edited, setEdited] = useState<{ draft: DraftView; in: readonly DraftView[] } | null>(null);
  const area = useRef<HTMLDivElement>(null);
  const place = Math.max(
    0,
    list.items.findIndex(({ draftId }) => draftId === chosen),
  );
  const listed = list.items[place];
  const isLatest = edited?.in === list.items && edited.draft.draftId === listed?.draftId;
  const draft = isLatest ? edited.draft : listed;
  const go = (to: number) => setChosen(list.items[to]?.draftId ?? null);
  const done = (next: Message, isDecided: boolean, changed?: DraftView) => {
    setMessage(next);
    if (changed !== undefined) setEdited({ draft: changed, in: list.items });
    if (isDecided) go(place + 1 < list.items.length ? place + 1 : place - 1);
    list.reload();
    if (isDecided) decided();
  };
  return (
    <div ref={area} tabIndex={-1} className="stack">
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
          <div className="host-approvals">
            <Pager place={place} total={drafts.length} go={go} />
            <ul className="host-queue" aria-label="Drafts that wait">
              {drafts.map((one, at) => (
                <li key={one.draftId}>
                  <Line draft={one} isShown={at === place} show={() => setChosen(one.draftId)} />
                </li>
              ))}
            </ul>
            {draft !== undefined && (
              <Draft
                key={draft.draftId}
                draft={draft}
                area={area}
                openTicket={openTicket}
                showRules={showRules}
                done={done}
              />
            )}
          </div>
        )}
      </Paged>
    </div>
  );
}

/** On a phone the drafts are shown one at a time. */
function Pager({ place, total, go }: { place: number; total: number; go: (to: number) => void }) {
  return (
    <div className="host-pager">
      <span className="quiet">
        {place + 1} of {total}
      </span>
      <span className="row">
        <Button icon="back" label="Draft before" disabled={place === 0} onClick={() => go(place - 1)} />
        <Button
          icon="forward"
          label="Next draft"
          disabled={place + 1 >= total}
          onClick={() => go(place + 1)}
        />
      </span>
    </div>
  );
}

function Line({ draft, isShown, show }: { draft: DraftView; isShown: boolean; show: () => void }) {
  return (
    <button
      type="button"
      className="host-queue-line host-untrusted"
      aria-current={isShown ? "true" : undefined}
      onClick={show}
    >
      <span className="host-queue-head">
        <strong>{draft.question.from === null ? "Nobody to write to" : visible(draft.question.from)}</strong>
        <span className="quiet small">
          <Time at={draft.createdAt} />
        </span>
      </span>
      <span>{visible(draft.subject)}</span>
      <span className="quiet small">{KINDS[draft.kind]}</span>
    </button>
  );
}
