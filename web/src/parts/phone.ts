import { useSyncExternalStore } from "react";

const PHONE = "(width < 48rem)";

/** Whether the page has the layout of a phone. */
export function useIsPhone(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const query = matchMedia(PHONE);
      query.addEventListener("change", listener);
      return () => query.removeEventListener("change", listener);
    },
    () => matchMedia(PHONE).matches,
  );
}
