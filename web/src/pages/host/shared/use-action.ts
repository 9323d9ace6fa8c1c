import { useState } from "react";
import { messageOf } from "../../../api/http";
import { sentence } from "../../../parts";

export type Action = {
  busy: boolean;
  error: unknown;
  /** Whether the action succeeded; otherwise `error` is set. */
  run: (action: () => Promise<void>) => Promise<boolean>;
};

/** Runs the action of a button, one at a time: a second click while it runs does nothing. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const run = async (action: () => Promise<void>) => {
    if (busy) return false;
    setBusy(true);
    setError(null);
    try {
      await action();
      return true;
    } catch (reason) {
      setError(reason);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run };
}

/** The field that an error of the API names, as in `price: must be …`. */
export function fieldFault<Name extends string>(
  error: unknown,
  names: readonly Name[],
): { name: Name; remedy: string } | null {
  const found = /^(\w+): ([\s\S]+)$/.exec(error === null ? "" : messageOf(error));
  const name = names.find((known) => known === found?.[1]);
  return name !== undefined && found?.[2] ? { name, remedy: sentence(found[2]) } : null;
}
