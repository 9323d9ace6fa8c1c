import type { ReactNode, Ref } from "react";
import { Spinner } from "./spinner";

export type ButtonProps = {
  children: ReactNode;
  /** `primary`: the main action; `danger`: an action that cannot be undone. */
  kind?: "primary" | "plain" | "danger";
  size?: "small" | "normal";
  type?: "button" | "submit";
  /** Shows progress, ignores clicks, and keeps the focus. */
  busy?: boolean;
  disabled?: boolean;
  onClick?: (() => void) | undefined;
  /** The accessible name, where the text alone is not enough. */
  label?: string | undefined;
  title?: string | undefined;
  expanded?: boolean | undefined;
  pressed?: boolean | undefined;
  controls?: string | undefined;
  ref?: Ref<HTMLButtonElement>;
};

export function Button({ ref, ...props }: ButtonProps) {
  const { kind = "plain", size = "normal", type = "button", busy = false, disabled = false } = props;
  // A disabled button would lose the focus, so a busy button only ignores clicks.
  const click = (event: { preventDefault: () => void }) => {
    if (busy) return event.preventDefault();
    props.onClick?.();
  };
  return (
    <button
      ref={ref}
      type={type}
      className={`button button-${kind} button-${size}`}
      disabled={disabled}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      aria-label={props.label}
      aria-expanded={props.expanded}
      aria-pressed={props.pressed}
      aria-controls={props.controls}
      title={props.title}
      onClick={click}
    >
      {busy && <Spinner />}
      <span>{props.children}</span>
    </button>
  );
}
