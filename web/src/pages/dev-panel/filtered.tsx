import { useState, type ReactNode } from "react";
import { Search } from "./search";

/** What of `all` fits the search and the chosen kind, newest first, and the search itself. The first kind is the one for all. */
export function useFiltered<T>(
  all: readonly T[],
  textOf: (one: T) => string,
  kinds: Readonly<Record<string, (one: T) => boolean>>,
): { shown: readonly T[]; search: ReactNode } {
  const names = Object.keys(kinds);
  const [text, setText] = useState("");
  const [kind, setKind] = useState(names[0] ?? "");
  const wanted = text.trim().toLowerCase();
  const found = all.filter((one) => wanted === "" || textOf(one).toLowerCase().includes(wanted));
  const isOf = (name: string) => found.filter((one) => kinds[name]?.(one) ?? true);
  const shown = isOf(kind).toReversed();
  const search = (
    <Search
      value={text}
      onChange={setText}
      shown={shown.length}
      all={all.length}
      kinds={names.map((name) => ({ name, count: isOf(name).length }))}
      kind={kind}
      onKind={setKind}
    />
  );
  return { shown, search };
}
