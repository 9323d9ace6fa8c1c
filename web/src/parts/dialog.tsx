import {
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
} from "react";

export type DialogProps = {
  title: ReactNode;
  children: ReactNode;
  /** Esc was pressed. */
  onCancel: () => void;
  /** The buttons at its end. */
  actions?: ReactNode;
  /** Where the focus is at first; the title, if it is left out. */
  initialFocus?: RefObject<HTMLElement | null>;
  wide?: boolean;
};

/** A modal dialog, shown as long as it is rendered. The focus stays inside, and goes back when it ends. */
export function Dialog({ title, children, onCancel, actions, initialFocus, wide = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  const cancelled = useRef(onCancel);
  useEffect(() => {
    cancelled.current = onCancel;
  });
  // A layout effect, because its end comes before the element goes, so that the browser gives the focus back.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element === null) return;
    element.showModal();
    (initialFocus?.current ?? heading.current)?.focus();
    const onEscape = (event: Event) => {
      event.preventDefault();
      cancelled.current();
    };
    // A browser closes a dialog that has prevented Esc before; it then has to be asked for again.
    let isEnding = false;
    const onClose = () => {
      if (isEnding || !element.isConnected) return;
      cancelled.current();
      if (element.isConnected && !element.open) element.showModal();
    };
    element.addEventListener("cancel", onEscape);
    element.addEventListener("close", onClose);
    return () => {
      isEnding = true;
      element.removeEventListener("cancel", onEscape);
      element.removeEventListener("close", onClose);
      element.close();
    };
  }, [initialFocus]);
  return (
    <dialog
      ref={dialog}
      className={wide ? "dialog dialog-wide" : "dialog"}
      aria-labelledby={id}
      aria-modal="true"
      onKeyDown={keepFocusInside}
    >
      <div className="dialog-body">
        <h2 id={id} ref={heading} tabIndex={-1}>
          {title}
        </h2>
        {children}
      </div>
      {actions !== undefined && <div className="dialog-actions">{actions}</div>}
    </dialog>
  );
}

const FOCUSABLE =
  'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, [tabindex="0"]';

// Without this, Tab would leave the page for the browser's own bars and come back only after them.
function keepFocusInside(event: KeyboardEvent<HTMLDialogElement>) {
  if (event.key !== "Tab") return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((element) =>
    element.checkVisibility(),
  );
  const first = all.at(0);
  const last = all.at(-1);
  const current = document.activeElement;
  const isAtStart = current === first || !all.some((element) => element === current);
  if (event.shiftKey && isAtStart) {
    event.preventDefault();
    last?.focus();
  } else if (!event.shiftKey && current === last) {
    event.preventDefault();
    first?.focus();
  }
}
