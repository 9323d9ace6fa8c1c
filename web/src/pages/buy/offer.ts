// What is bought: the event and its host, read before anything else is known.
import { useCallback, useEffect, useState } from "react";
import { hasCode } from "../../api/http";
import { readEvent, readHost, type EventOffer, type Host } from "../../purchase/offers";

export type Offer =
  | { state: "loading" }
  | { state: "failed"; isMissing: boolean; retry: () => void }
  | { state: "there"; offer: EventOffer; host: Host };

/** The event of the address `/buy/{scope}/{event}`; null if the address is another one. */
export function wantedEvent(): { scope: string; eventId: string } | null {
  const found = /^\/buy\/([^/]{1,100})\/([^/]{1,100})\/?$/.exec(location.pathname);
  const [scope, eventId] = [found?.[1], found?.[2]];
  return scope === undefined || eventId === undefined ? null : { scope, eventId };
}

export function useOffer(scope: string, eventId: string): Offer {
  const [offer, setOffer] = useState<Offer>({ state: "loading" });
  const [attempt, setAttempt] = useState(0);
  const retry = useCallback(() => {
    setOffer({ state: "loading" });
    setAttempt((before) => before + 1);
  }, []);
  useEffect(() => {
    let isGone = false;
    Promise.all([readEvent(scope, eventId), readHost(scope)]).then(
      ([event, host]) => isGone || setOffer({ state: "there", offer: event, host }),
      (error: unknown) => {
        const isMissing = ["event_not_found", "no_such_host", "not_found"].some((code) =>
          hasCode(error, code),
        );
        return isGone || setOffer({ state: "failed", isMissing, retry });
      },
    );
    return () => void (isGone = true);
  }, [scope, eventId, attempt, retry]);
  return offer;
}
