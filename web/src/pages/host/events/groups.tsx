// The groups of the event form: what is needed is open, and the rest is folded with a line that says what is set.
import { useId, useLayoutEffect, useRef, type ReactNode } from "react";
import { Badge, Icon } from "../../../parts";
import type { Errors } from "./fields";

type GroupProps = { title: string; hint: string; children: ReactNode };

export function Group({ title, hint, children }: GroupProps) {
  const id = useId();
  return (
    <div className="host-group" role="group" aria-labelledby={id}>
      <div>
        <h4 id={id}>{title}</h4>
        <p className="quiet small">{hint}</p>
      </div>
      {children}
    </div>
  );
}

type FoldProps = {
  title: string;
  /** What is set, in a line. */
  summary: string;
  errors: Errors;
  /** The fields and lists inside: one that is refused opens the group. */
  has: readonly (keyof Errors)[];
  children: ReactNode;
};

/** A part that is folded at first. What is typed inside stays. */
export function Fold({ title, summary, errors, has, children }: FoldProps) {
  const details = useRef<HTMLDetailsElement>(null);
  const isRefused = has.some((name) => errors[name] !== undefined);
  // Before the form gives the focus to what is refused: what is folded cannot have it. Each try to send opens it again.
  useLayoutEffect(() => {
    if (isRefused && details.current !== null) details.current.open = true;
  }, [errors, isRefused]);
  return (
    <details ref={details} className="host-fold">
      <summary>
        <span className="host-fold-title">{title}</span>
        {isRefused ? (
          <Badge tone="bad">Needs a change</Badge>
        ) : (
          <span className="host-fold-set quiet small">{summary}</span>
        )}
        <Icon name="down" />
      </summary>
      <div className="host-fold-body">{children}</div>
    </details>
  );
}
