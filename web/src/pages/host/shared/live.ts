// What is shown is read again by itself while the page is visible.
import { useEffect, useRef } from "react";
import type { Loadable } from "./use-load";
import type { PagedList } from "./use-paged-list";

/** Between two readings, milliseconds. */
const READ_MILLIS = 15_000;
/** Entries of a page of the API's lists. */
const PAGE = 100;

/** Reads again and again. */
export function useLive({ reload }: Loadable, isLive = true): void {
  const latest = useRef(reload);
  useEffect(() => {
    latest.current = reload;
  });
  useEffect(() => {
    if (!isLive) return;
    const read = () => {
      if (document.visibilityState === "visible") latest.current();
    };
    const timer = setInterval(read, READ_MILLIS);
    // What was hidden may be old.
    document.addEventListener("visibilitychange", read);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", read);
    };
  }, [isLive]);
}

/** Whether a list is read again by itself: a longer one would lose its place. */
export function isLiveList({ hasMore, items }: PagedList<unknown>): boolean {
  return !hasMore && items.length <= PAGE;
}

/** Reads a list of one page again and again. */
export function useLiveList(list: PagedList<unknown>): void {
  useLive(list, isLiveList(list));
}
