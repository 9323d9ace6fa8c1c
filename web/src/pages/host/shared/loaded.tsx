// The states of what is loaded: the first load, errors, nothing, the next page.
import type { ReactNode } from "react";
import { Button, Empty, Spinner } from "../../../parts";
import { Trouble } from "./trouble";
import type { Load, Loadable } from "./use-load";
import type { PagedList } from "./use-paged-list";

/** A spinner until the first answer, and the error of the latest load. */
export function LoadState({ of: { error, isLoaded, reload }, loading }: { of: Loadable; loading: string }) {
  return (
    <>
      {error !== null && <Trouble error={error} retry={reload} />}
      {!isLoaded && error === null && <Spinner label={loading} />}
    </>
  );
}

/** A loaded value, or the state of its load. */
export function Loaded<T>({
  load,
  loading,
  children,
}: {
  load: Load<T>;
  loading: string;
  children: (value: T) => ReactNode;
}) {
  return (
    <>
      <LoadState of={load} loading={loading} />
      {load.value !== null && children(load.value)}
    </>
  );
}

type PagedProps<T> = {
  list: PagedList<T>;
  loading: string;
  /** Shown instead of an empty list. */
  empty: { title: string; text: string };
  children: (items: readonly T[]) => ReactNode;
};

/** A paged list: the items that are loaded, and the button for the next page. */
export function Paged<T>({ list, loading, empty, children }: PagedProps<T>) {
  return (
    <>
      <LoadState of={list} loading={loading} />
      {list.isLoaded && list.items.length === 0 && <Empty title={empty.title}>{empty.text}</Empty>}
      {list.items.length > 0 && children(list.items)}
      <More of={list} />
    </>
  );
}

/** The button for the next page, if there is one. */
export function More({
  of: { hasMore, busy, more },
  label = "Load more",
}: {
  of: PagedList<unknown>;
  label?: string;
}) {
  if (!hasMore) return null;
  return (
    <Button onClick={more} busy={busy}>
      {label}
    </Button>
  );
}

/** Loads again. */
export function Refresh({ of: { busy, isLoaded, reload }, label }: { of: Loadable; label?: string }) {
  return (
    <Button onClick={reload} busy={busy && isLoaded} label={label}>
      Refresh
    </Button>
  );
}
