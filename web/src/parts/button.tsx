import type { ReactNode, Ref } from "react";
import { Icon, type IconName } from "./icon";
import { Spinner } from "./spinner";

export type ButtonProps = {
  /** Left out where the icon is all; then `label` names the button. */
  children?: ReactNode;
  /**
   * `primary`: the main action, once a view; `quiet`: its label carries it; `tint`: one of many on a page;
   * `ghost`: beside others; `danger`: an action that cannot be undone.
   */
  kind?: "primary" | "plain" | "quiet" | "tint" | "ghost" | "danger";
  /** 48, 40 and 32 pixels. */
  size?: "small" | "normal" | "large";
  /** As wide as its place. */
  wide?: boolean;
  icon?: IconName | undefined;
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
      className={`button button-${kind} button-${size}${props.wide ? " button-wide" : ""}`}
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
      {busy ? <Spinner /> : props.icon !== undefined && <Icon name={props.icon} />}
      {props.children !== undefined && <span>{props.children}</span>}
    </button>
  );
}
