// Something that is asked of the server when it is first shown, and again on demand.
import { useCallback, useEffect, useRef, useState } from "react";

export type Load<T> = {
  /** What the server answered last; null before the first answer. */
  value: T | null;
  error: unknown;
  busy: boolean;
  reload: () => void;
};

/** Calls `ask` once, and again with every `reload` or when `ask` changes; late answers of earlier calls are dropped. */
export function useLoad<T>(ask: () => Promise<T>): Load<T> {
  const [value, setValue] = useState<T | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(true);
  const newest = useRef(0);
  const start = useCallback(() => {
    newest.current += 1;
    const mine = newest.current;
    const isNewest = () => newest.current === mine;
    ask()
      .then(
        (answer) => {
          if (!isNewest()) return;
          setValue(answer);
          setError(null);
        },
        (reason: unknown) => isNewest() && setError(reason),
      )
      .finally(() => isNewest() && setBusy(false));
  }, [ask]);
  const reload = useCallback(() => {
    setBusy(true);
    start();
  }, [start]);
  useEffect(() => {
    start();
    // Whatever is still under way belongs to a view that is gone.
    return () => void (newest.current += 1);
  }, [start]);
  return { value, error, busy, reload };
}

export type Pages<T> = {
  items: T[];
  isLoaded: boolean;
  error: unknown;
  busy: boolean;
  hasMore: boolean;
  more: () => void;
  reload: () => void;
};

/** A list that comes in pages; `ask` gets the cursor of the next one. */
export function usePages<T>(
  ask: (cursor?: string) => Promise<{ items: T[]; nextCursor?: string | undefined }>,
): Pages<T> {
  const [state, setState] = useState<{ items: T[]; next: string | undefined; isLoaded: boolean }>({
    items: [],
    next: undefined,
    isLoaded: false,
  });
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(true);
  const newest = useRef(0);
  const fetchPage = useCallback(
    (cursor: string | undefined) => {
      newest.current += 1;
      const mine = newest.current;
      const isNewest = () => newest.current === mine;
      ask(cursor)
        .then(
          ({ items, nextCursor }) => {
            if (!isNewest()) return;
            setState((was) => ({
              items: cursor ? [...was.items, ...items] : items,
              next: nextCursor,
              isLoaded: true,
            }));
            setError(null);
          },
          (reason: unknown) => isNewest() && setError(reason),
        )
        .finally(() => isNewest() && setBusy(false));
    },
    [ask],
  );
  const again = (cursor: string | undefined) => {
    setBusy(true);
    fetchPage(cursor);
  };
  useEffect(() => {
    fetchPage(undefined);
    return () => void (newest.current += 1);
  }, [fetchPage]);
  return {
    items: state.items,
    isLoaded: state.isLoaded,
    error,
    busy,
    hasMore: state.next !== undefined,
    more: () => again(state.next),
    reload: () => again(undefined),
  };
}
