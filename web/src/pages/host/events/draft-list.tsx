// A list in the form of an event, whose entries have fields of their own: questions, ticket types, codes.
import type { ReactNode } from "react";
import { Button } from "../../../parts";

/** Entries at most, unless it is said. */
const MOST = 10;

type Props<Draft extends { key: number }> = {
  legend: string;
  /** Something above says the same. */
  hideLegend?: boolean;
  hint?: string;
  /** What one entry is called: "Ticket". */
  name: string;
  /** How many there may be. */
  most?: number;
  drafts: readonly Draft[];
  change: (drafts: Draft[]) => void;
  error: string | undefined;
  empty: (key: number) => Draft;
  /** The fields of an entry; `remove` is its button. */
  children: (
    draft: Draft,
    set: (more: Partial<Draft>) => void,
    remove: ReactNode,
    number: number,
  ) => ReactNode;
};

export function DraftList<Draft extends { key: number }>(props: Props<Draft>) {
  const {
    legend,
    hideLegend = false,
    hint,
    name,
    most = MOST,
    drafts,
    change,
    error,
    empty,
    children,
  } = props;
  const what = name.toLowerCase();
  const set = (key: number, more: Partial<Draft>) =>
    change(drafts.map((draft) => (draft.key === key ? { ...draft, ...more } : draft)));
  const add = () => change([...drafts, empty(Math.max(-1, ...drafts.map(({ key }) => key)) + 1)]);
  const remove = (removed: number, number: number) => (
    <Button
      kind="ghost"
      size="small"
      label={`Remove ${what} ${number}`}
      onClick={() => change(drafts.filter(({ key }) => key !== removed))}
    >
      Remove
    </Button>
  );
  return (
    <fieldset className="host-list">
      <legend className={hideLegend ? "visually-hidden" : "field-label"}>{legend}</legend>
      {hint !== undefined && <p className="field-hint">{hint}</p>}
      {drafts.map((draft, index) => (
        <div key={draft.key} className="host-list-item" role="group" aria-label={`${name} ${index + 1}`}>
          {children(draft, (more) => set(draft.key, more), remove(draft.key, index + 1), index + 1)}
        </div>
      ))}
      {error !== undefined && (
        <p className="field-error" role="alert" tabIndex={-1}>
          {error}
        </p>
      )}
      {drafts.length < most && (
        <Button kind="quiet" size="small" icon="plus" onClick={add}>
          Add a {what}
        </Button>
      )}
    </fieldset>
  );
}
