// What is bought and its host, read before anything else is known.
import { useCallback, useEffect, useState } from "react";
import { hasCode } from "../../api/http";
import { readHost, type Host } from "../../purchase/offers";

/** `isMissing`: there is no such thing, so a second try finds nothing. */
export type Offer<T> =
  | { state: "loading" }
  | { state: "failed"; isMissing: boolean; retry: () => void }
  | { state: "there"; offer: T; host: Host };

/** The event of the address `/buy/{scope}/{event}`; null if the address is another one. */
export function wantedEvent(): { scope: string; eventId: string } | null {
  const found = /^\/buy\/([^/]{1,100})\/([^/]{1,100})\/?$/.exec(location.pathname);
  const [scope, eventId] = [found?.[1], found?.[2]];
  return scope === undefined || eventId === undefined ? null : { scope, eventId };
}

/** Reads what a host sells under an id. `read` gives undefined, or throws `event_not_found`, if there is none; it stays the same. */
export function useOffer<T>(
  read: (scope: string, id: string) => Promise<T | undefined>,
  scope: string,
  id: string,
): Offer<T> {
  const [offer, setOffer] = useState<Offer<T>>({ state: "loading" });
  const [attempt, setAttempt] = useState(0);
  const retry = useCallback(() => {
    setOffer({ state: "loading" });
    setAttempt((before) => before + 1);
  }, []);
  useEffect(() => {
    let isGone = false;
    const failed = (isMissing: boolean) => isGone || setOffer({ state: "failed", isMissing, retry });
    Promise.all([read(scope, id), readHost(scope)]).then(
      ([found, host]) =>
        found === undefined ? failed(true) : isGone || setOffer({ state: "there", offer: found, host }),
      (error: unknown) =>
        failed(["event_not_found", "no_such_host", "not_found"].some((code) => hasCode(error, code))),
    );
    return () => void (isGone = true);
  }, [read, scope, id, attempt, retry]);
  return offer;
}
