// Lists that the REST API gives in pages.
import { useCallback, useEffect, useState } from "react";
import { request } from "../../../api/http";
import { useHost } from "../access/session";
import { useLatest } from "./use-latest";
import type { Loadable } from "./use-load";

export type Page<T> = { items: readonly T[]; nextCursor?: string | undefined };
export type FetchPage<T> = (cursor?: string) => Promise<Page<T>>;
export type PagedList<T> = Loadable & {
  items: readonly T[];
  hasMore: boolean;
  /** Loads the next page. */
  more: () => void;
};

/** The function that fetches pages of the list at `path`; `itemsOf` takes the items out of an answer. */
export function pagesOf<Answer extends { nextCursor?: string }, T>(
  itemsOf: (answer: Answer) => readonly T[],
  path: string,
): FetchPage<T> {
  return async (cursor) => {
    const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const answer = await request<Answer>("GET", path + query);
    return { items: itemsOf(answer), nextCursor: answer.nextCursor };
  };
}

/** Loads the first page at once, the others by `more`; `reload` starts again with the first page. */
export function usePagedList<T>(fetchPage: FetchPage<T>): PagedList<T> {
  const { run } = useHost();
  const { error, busy, start, restart } = useLatest();
  const [items, setItems] = useState<readonly T[]>([]);
  const [cursor, setCursor] = useState<string | undefined>();
  const [isLoaded, setIsLoaded] = useState(false);
  const first = useCallback(() => run(() => fetchPage()), [run, fetchPage]);
  const showFirst = useCallback((page: Page<T>) => {
    setItems(page.items);
    setCursor(page.nextCursor);
    setIsLoaded(true);
  }, []);
  useEffect(() => start(first, showFirst), [start, first, showFirst]);
  const reload = useCallback(() => restart(first, showFirst), [restart, first, showFirst]);
  const more = () =>
    restart(
      () => run(() => fetchPage(cursor)),
      (page) => {
        setItems((before) => [...before, ...page.items]);
        setCursor(page.nextCursor);
      },
    );
  return { items, isLoaded, error, busy, hasMore: cursor !== undefined, more, reload };
}
