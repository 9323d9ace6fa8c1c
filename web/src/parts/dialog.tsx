import {
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
} from "react";

import { Button } from "./button";

export type DialogProps = {
  title: ReactNode;
  children: ReactNode;
  /** Called on Esc. */
  onCancel: () => void;
  /** The buttons. */
  actions?: ReactNode;
  /** Gets the focus first; the title by default. */
  initialFocus?: RefObject<HTMLElement | null>;
  wide?: boolean;
  /** A sheet: on a phone it comes from below. It has a button that closes it, and what is beside its title. */
  sheet?: { lead: ReactNode; under: ReactNode };
  /** Not shown while another dialog is answered first; what was typed stays. */
  waits?: boolean;
};

/** A modal dialog, open while it is rendered. The focus stays inside, and returns when the dialog closes. */
export function Dialog(props: DialogProps) {
  const { title, children, onCancel, actions, initialFocus, wide = false, sheet, waits = false } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  useModal({ dialog, heading, onCancel, initialFocus, waits });
  return (
    <dialog
      ref={dialog}
      className={`dialog${wide ? " dialog-wide" : ""}${sheet === undefined ? "" : " sheet"}`}
      aria-labelledby={id}
      aria-modal="true"
      onKeyDown={keepFocusInside}
    >
      <div className="dialog-body">
        {sheet === undefined ? (
          <h2 id={id} ref={heading} tabIndex={-1}>
            {title}
          </h2>
        ) : (
          <div className="sheet-head">
            {sheet.lead}
            <div className="sheet-title">
              <h2 id={id} ref={heading} tabIndex={-1}>
                {title}
              </h2>
              {sheet.under}
            </div>
            <Button kind="ghost" icon="cross" label="Close" onClick={onCancel} />
          </div>
        )}
        {children}
      </div>
      {actions !== undefined && <div className="dialog-actions">{actions}</div>}
    </dialog>
  );
}

type Modal = Pick<DialogProps, "onCancel"> & {
  initialFocus: DialogProps["initialFocus"] | undefined;
  dialog: RefObject<HTMLDialogElement | null>;
  heading: RefObject<HTMLHeadingElement | null>;
  waits: boolean;
};

/** Opens the dialog, keeps it open until it is cancelled, and gives the focus back. */
function useModal({ dialog, heading, onCancel, initialFocus, waits }: Modal) {
  const cancelled = useRef(onCancel);
  useEffect(() => {
    cancelled.current = onCancel;
  });
  // A layout effect: its cleanup runs before the element is removed, so that the browser restores the focus.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element === null || waits) return;
    element.showModal();
    (initialFocus?.current ?? heading.current)?.focus();
    const onEscape = (event: Event) => {
      event.preventDefault();
      cancelled.current();
    };
    // Browsers close a dialog on the second Esc even if the first was prevented, so it is opened again.
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
  }, [dialog, heading, initialFocus, waits]);
  // What had the focus may be gone: after "Pay", for example.
  useEffect(() => {
    const isLost = dialog.current?.open === true && document.activeElement === document.body;
    if (isLost) heading.current?.focus({ preventScroll: true });
  });
}

const FOCUSABLE =
  'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, [tabindex="0"]';

// Without this, Tab would leave the dialog for the toolbars of the browser.
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
