import { useEffect, useRef, type RefObject } from "react";

/** Single keys that act while the focus is in `area`, and nobody types (WCAG 2.1.4). `isOn`: whether they count now. */
export function useKeys(
  area: RefObject<HTMLElement | null>,
  isOn: boolean,
  keys: Record<string, () => void>,
) {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    if (!isOn) return;
    const listen = (event: KeyboardEvent) => {
      const { target } = event;
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !(target instanceof HTMLElement))
        return;
      if (target.closest("input, textarea, select, [contenteditable]") !== null) return;
      if (area.current?.contains(target) !== true) return;
      const act = latest.current[event.key.toLowerCase()];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [area, isOn]);
}
