// Which section is shown. The fragment of the address has it, so that a reload, a link and the back button keep their place.
import { useEffect, useRef, useState } from "react";

export type Section<Id extends string> = {
  shown: Id;
  /** Shows a section as a step of its own in the history. */
  show: (id: Id) => void;
  /** The ref of the section that is shown: it gets the focus when somebody was led to it. */
  arrived: (element: HTMLElement | null) => void;
};

/** The first of `ids` is shown where the address names none. */
export function useSection<Id extends string>(ids: readonly [Id, ...Id[]]): Section<Id> {
  const [shown, setShown] = useState<Id>(() => fromAddress(ids) ?? ids[0]);
  const section = useRef<HTMLElement>(null);
  const isLed = useRef(false);
  useEffect(() => {
    const listen = () => setShown((was) => (location.hash === "" ? ids[0] : (fromAddress(ids) ?? was)));
    addEventListener("hashchange", listen);
    return () => removeEventListener("hashchange", listen);
  }, [ids]);
  useEffect(() => {
    const element = section.current;
    if (!isLed.current || element === null) return;
    isLed.current = false;
    element.scrollIntoView({ block: "start" });
    // A form that opens with the section has the focus already.
    if (!element.contains(document.activeElement)) element.focus({ preventScroll: true });
  }, [shown]);
  const show = (id: Id) => {
    if (id === shown) return;
    history.pushState(null, "", `#${id}`);
    isLed.current = true;
    setShown(id);
  };
  return { shown, show, arrived: (element) => void (section.current = element) };
}

function fromAddress<Id extends string>(ids: readonly Id[]): Id | undefined {
  return ids.find((id) => location.hash === `#${id}`);
}
