// One draft beside the question that it answers, and the host's decision. What is approved is what is shown.
import { useEffect, useState, type FormEvent, type RefObject } from "react";
import { hasCode } from "../../../api/http";
import type { DraftKind, DraftView } from "../../../api/types";
import { Badge, Button, sentence, TextArea, TextField, Time, visible } from "../../../parts";
import { useHost } from "../access/session";
import { useFormFocus } from "../shared/form";
import type { Message } from "../shared/outcome";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction, type Action } from "../shared/use-action";
import * as api from "./api";
import { Author } from "./author";
import { DOUBTS } from "./doubts";
import { useKeys } from "./keys";

const TEXTS: Record<DraftKind, { approve: string; text: string }> = {
  reply: { approve: "Approve and send", text: "The draft" },
  resolution: { approve: "Approve", text: "How it is resolved" },
  assignment: { approve: "Approve", text: "Who looks after it" },
};

type Props = {
  draft: DraftView;
  /** The part of the page in which the keys work. */
  area: RefObject<HTMLElement | null>;
  openTicket: (id: string) => void;
  showRules: () => void;
  done: (message: Message, isDecided: boolean, changed?: DraftView) => void;
};

export function Draft({ draft, area, openTicket, showRules, done }: Props) {
  const titleId = `host-draft-${draft.draftId}`;
  const decision = useDecision(draft, done);
  const { mode, setMode, approval } = decision;
  useKeys(area, mode === "reading" && !approval.busy, {
    a: () => void decision.approve(),
    r: () => setMode("rejecting"),
    e: () => setMode("editing"),
  });
  // What had the focus is gone after a decision or an edit; the keys go on without a click.
  useEffect(() => {
    if (mode === "reading" && document.activeElement === document.body)
      area.current?.focus({ preventScroll: true });
  }, [area, mode, draft.draftId]);
  return (
    <section className="card host-draft" aria-labelledby={titleId}>
      <div className="card-head">
        <h4 id={titleId} className="host-untrusted">
          #{draft.number} {visible(draft.subject)}
        </h4>
        <Badge tone="warn">Waits for you</Badge>
      </div>
      <div className="host-sides">
        <Asked draft={draft} />
        <Written decision={decision} draft={draft} />
      </div>
      <Record draft={draft} showRules={showRules} />
      <p className="quiet host-untrusted">
        {draft.kind === "reply" && draft.to !== null ? `Goes to ${visible(draft.to)}.` : "No mail is sent."}{" "}
        {sentence(visible(draft.reason))}
      </p>
      {mode === "rejecting" ? (
        <Reject decision={decision} />
      ) : (
        <div className="row" role="group" aria-labelledby={titleId}>
          <Button
            kind="primary"
            size="large"
            busy={approval.busy}
            disabled={mode === "editing"}
            label={`${TEXTS[draft.kind].approve} the draft for #${draft.number}`}
            onClick={() => void decision.approve()}
          >
            {TEXTS[draft.kind].approve} <Key of="A" />
          </Button>
          <Button
            size="large"
            disabled={approval.busy || mode === "editing"}
            label={`Reject the draft for #${draft.number}`}
            onClick={() => setMode("rejecting")}
          >
            Reject <Key of="R" />
          </Button>
          <Button kind="ghost" onClick={() => openTicket(draft.ticketId)}>
            Open the ticket
          </Button>
        </div>
      )}
      {approval.error !== null && <Trouble error={approval.error} />}
    </section>
  );
}

/** The key that does the same. Drawn by the style sheet: it is no part of the button's name. */
function Key({ of }: { of: string }) {
  return <span className="host-key" data-key={of} aria-hidden="true" />;
}

type Mode = "reading" | "editing" | "rejecting";
type Decision = {
  mode: Mode;
  setMode: (mode: Mode) => void;
  approval: Action;
  rejection: Action;
  change: Action;
  approve: () => Promise<unknown>;
  reject: (reason: string) => Promise<unknown>;
  save: (text: string) => Promise<unknown>;
};

const CHANGED =
  "The draft or the question has changed since you read it, and nothing was sent. Read both again, then decide.";

function useDecision(draft: DraftView, done: Props["done"]): Decision {
  const { run } = useHost();
  const [mode, setMode] = useState<Mode>("reading");
  const [approval, rejection, change] = [useAction(), useAction(), useAction()];
  /** What has changed meanwhile is shown anew. */
  const guarded = async (act: () => Promise<Parameters<Props["done"]>>) => {
    try {
      done(...(await run(act)));
    } catch (error) {
      if (!hasCode(error, "draft_changed") && !hasCode(error, "draft_decided")) throw error;
      const text = hasCode(error, "draft_changed") ? CHANGED : "Somebody has decided on this draft already.";
      done({ kind: "warn", text }, hasCode(error, "draft_decided"));
    }
  };
  const said = (text: string): Message => ({ kind: "ok", text: `#${draft.number}: ${text}` });
  return {
    mode,
    setMode,
    approval,
    rejection,
    change,
    approve: () =>
      approval.run(() =>
        guarded(async () => [said((await api.approve(draft.draftId, draft.seen)).message), true]),
      ),
    reject: (reason) =>
      rejection.run(() =>
        guarded(async () => [said((await api.reject(draft.draftId, reason)).message), true]),
      ),
    save: (text) =>
      change.run(() =>
        guarded(async () => {
          const changed = await api.editDraft(draft.draftId, text, draft.seen);
          setMode("reading");
          return [said("The draft is changed. Nothing was sent yet."), false, changed];
        }),
      ),
  };
}

function Asked({ draft: { question } }: { draft: DraftView }) {
  const who = question.from === null ? "The customer" : visible(question.from);
  const doubt = question.verdict === null ? null : DOUBTS[question.verdict];
  return (
    <div className="stack-tight">
      <p className="host-side-head host-untrusted">
        <strong>{who} asked</strong>{" "}
        <span className="quiet small">
          <Time at={question.at} />
        </span>
      </p>
      <div className="host-quote host-untrusted host-lines">{visible(question.text)}</div>
      {question.files.length > 0 && (
        <p className="quiet small host-untrusted">
          Files that are not kept: {question.files.map(({ name }) => visible(name)).join(", ")}
        </p>
      )}
      {doubt !== null && <p className="quiet small">{doubt}</p>}
    </div>
  );
}

function Written({ draft, decision }: { draft: DraftView; decision: Decision }) {
  if (decision.mode === "editing") return <Editor draft={draft} decision={decision} />;
  return (
    <div className="stack-tight">
      <p className="host-side-head">
        <strong>{TEXTS[draft.kind].text}</strong>
        {draft.isEdited && <Badge tone="info">Changed by you</Badge>}
        <Button kind="ghost" size="small" onClick={() => decision.setMode("editing")} label="Edit the draft">
          Edit <Key of="E" />
        </Button>
      </p>
      <div className="host-quote host-quote-draft host-untrusted host-lines">{visible(draft.text)}</div>
    </div>
  );
}

/** What is typed stays if draft or question change meanwhile; the draft is then shown as it is. */
function Editor({ draft, decision: { setMode, change, save } }: { draft: DraftView; decision: Decision }) {
  const [begun] = useState(draft.text);
  const [text, setText] = useState(draft.text);
  const form = useFormFocus();
  const fault = fieldFault(change.error, ["body", "resolution", "assignee"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void save(text);
  };
  return (
    <form ref={form} className="stack-tight" onSubmit={submit} noValidate>
      {draft.text !== begun && (
        <div className="host-quote host-untrusted host-lines">
          <strong>Changed elsewhere meanwhile to:</strong> {visible(draft.text)}
        </div>
      )}
      <TextArea
        label={TEXTS[draft.kind].text}
        rows={8}
        value={text}
        onChange={setText}
        maxLength={10_000}
        error={fault?.remedy}
      />
      {change.error !== null && fault === null && <Trouble error={change.error} />}
      <div className="row">
        <Button type="submit" busy={change.busy}>
          Save the draft
        </Button>
        <Button kind="ghost" onClick={() => setMode("reading")}>
          Discard
        </Button>
      </div>
    </form>
  );
}

function Record({
  draft: { author, record, isEdited },
  showRules,
}: {
  draft: DraftView;
  showRules: () => void;
}) {
  return (
    <div className="host-record small">
      <p>
        By <Author author={author} />
      </p>
      <p>
        {record !== null &&
          `You approved ${record.approved} of its drafts and rejected ${record.rejected}. With ${record.needed} approvals more than rejections its replies go out by themselves.`}
        {record !== null && isEdited && " A draft that you changed does not count."}
      </p>
      <Button kind="ghost" size="small" onClick={showRules}>
        Rules
      </Button>
    </div>
  );
}

function Reject({ decision: { setMode, rejection, reject } }: { decision: Decision }) {
  const [reason, setReason] = useState("");
  const form = useFormFocus();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void reject(reason.trim());
  };
  return (
    <form ref={form} className="host-inline" onSubmit={submit} noValidate>
      <TextField
        label="Why not? (optional, for your history)"
        value={reason}
        onChange={setReason}
        maxLength={500}
      />
      <Button kind="danger" type="submit" busy={rejection.busy}>
        Reject it
      </Button>
      <Button kind="ghost" onClick={() => setMode("reading")}>
        Back
      </Button>
      {rejection.error !== null && <Trouble error={rejection.error} />}
    </form>
  );
}
