import { useCallback, useEffect, useState } from "react";
import { useHost } from "../access/session";
import { useLatest } from "./use-latest";

/** What is loaded when a section is shown, and again by `reload`. */
export type Loadable = { error: unknown; busy: boolean; isLoaded: boolean; reload: () => void };

export type Load<T> = Loadable & {
  /** The latest answer; null before the first. */
  value: T | null;
};

/** Loads with `request` at once, when `request` changes, and by `reload`. */
export function useLoad<T>(request: () => Promise<T>): Load<T> {
  const { run } = useHost();
  const { error, busy, start, restart } = useLatest();
  const [value, setValue] = useState<T | null>(null);
  const load = useCallback(() => run(request), [run, request]);
  useEffect(() => start(load, setValue), [start, load]);
  const reload = useCallback(() => restart(load, setValue), [restart, load]);
  return { value, error, busy, isLoaded: value !== null, reload };
}
