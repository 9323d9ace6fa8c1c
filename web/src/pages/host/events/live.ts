// What happens at an event while its guests are shown: sales, and check-ins of the phones at the entrance.
import { useEffect, useRef, useState } from "react";
import type { EntranceSummary } from "../../../api/types";
import { useHost } from "../access/session";
import * as api from "./api";

/** Between two questions, milliseconds. After each error it is twice as long. */
const POLL_MILLIS = 5_000;
const POLL_MILLIS_MAX = 80_000;

/** The event as the entrance sees it; null before the first answer. `changed` is called when a guest came or bought. */
export function useLiveEvent(event: string, changed: () => void): EntranceSummary | null {
  const { run } = useHost();
  const [summary, setSummary] = useState<EntranceSummary | null>(null);
  const latest = useRef(changed);
  useEffect(() => {
    latest.current = changed;
  });
  useEffect(() => {
    const learn = (before: EntranceSummary | null, now: EntranceSummary) => {
      setSummary(now);
      const isNew = before !== null && (before.inside !== now.inside || before.sold !== now.sold);
      if (isNew) latest.current();
    };
    return repeat(() => run(() => api.entranceSummary(event)), learn);
  }, [event, run]);
  return summary;
}

/** Asks again and again while the page is visible, one request at a time, until the returned function is called. */
function repeat<T>(request: () => Promise<T>, learn: (before: T | null, now: T) => void): () => void {
  let [isOver, isAsking, pause] = [false, false, POLL_MILLIS];
  let before: T | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ask = async () => {
    if (isOver || isAsking || document.visibilityState !== "visible") return;
    isAsking = true;
    try {
      const now = await request();
      if (!isOver) learn(before, now);
      [before, pause] = [now, POLL_MILLIS];
    } catch {
      // The section shows its own errors.
      pause = Math.min(pause * 2, POLL_MILLIS_MAX);
    }
    isAsking = false;
    clearTimeout(timer);
    if (!isOver) timer = setTimeout(onTime, pause);
  };
  const onTime = () => void ask();
  onTime();
  document.addEventListener("visibilitychange", onTime);
  return () => {
    isOver = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onTime);
  };
}
