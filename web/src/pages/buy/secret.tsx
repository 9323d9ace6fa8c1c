// The checkout of one secret: the same sheet as for a seat, and at its end the value.
import { useCallback, useEffect, useState } from "react";
import { hasCode } from "../../api/http";
import type { SecretView } from "../../api/types";
import { Button, Empty, Icon } from "../../parts";
import { hostPage, readHost, readSecret, serverUrl, type Host } from "../../purchase/offers";
import { SecretSheet } from "./secret-sheet";

type Offer =
  | { state: "loading" }
  | { state: "missing" }
  | { state: "failed" }
  | { state: "there"; secret: SecretView; host: Host };

/** The secret of the address `/buy/{scope}/{secret}`; null if the address is another one. */
export function wantedSecret(): { scope: string; id: string } | null {
  const found = /^\/buy\/([^/]{1,100})\/(sec_[0-9a-f]{24})\/?$/.exec(location.pathname);
  const [scope, id] = [found?.[1], found?.[2]];
  return scope === undefined || id === undefined ? null : { scope, id };
}

export function SecretCheckout({ scope, id }: { scope: string; id: string }) {
  const { offer, retry } = useSecret(scope, id);
  switch (offer.state) {
    case "missing":
      return (
        <Empty title="There is no such secret" isPage>
          <p>
            The link may be cut off, or the host sells it no longer. What you have bought is under Tickets.
          </p>
          <a className="button button-primary" href={hostPage(scope)}>
            See what the host sells
          </a>
        </Empty>
      );
    case "failed":
      return (
        <Empty title="The secret could not be read" isPage>
          <p>Check your connection. Nothing was charged.</p>
          <Button kind="primary" onClick={retry}>
            Try again
          </Button>
        </Empty>
      );
    case "loading":
    case "there":
      return <There offer={offer} scope={scope} />;
  }
}

function There({ offer, scope }: { offer: Extract<Offer, { state: "loading" | "there" }>; scope: string }) {
  const secret = offer.state === "there" ? offer.secret : null;
  return (
    <>
      <section className="buy-summary" aria-label="Secret">
        <div className="buy-cover buy-secret">
          <Icon name="lock" />
        </div>
        <div className="stack-tight">
          <h1>{secret === null ? <span className="skeleton buy-line" /> : secret.name}</h1>
          {secret !== null && <p className="quiet">{secret.description}</p>}
        </div>
      </section>
      {offer.state === "there" && (
        <SecretSheet
          secret={offer.secret}
          host={offer.host}
          mcpUrl={serverUrl(scope)}
          onClose={() => location.replace(hostPage(scope))}
        />
      )}
    </>
  );
}

function useSecret(scope: string, id: string): { offer: Offer; retry: () => void } {
  const [offer, setOffer] = useState<Offer>({ state: "loading" });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isGone = false;
    Promise.all([readSecret(scope, id), readHost(scope)]).then(
      ([secret, host]) =>
        isGone || setOffer(secret === undefined ? { state: "missing" } : { state: "there", secret, host }),
      (error: unknown) => {
        const isMissing = ["no_such_host", "not_found"].some((code) => hasCode(error, code));
        return isGone || setOffer({ state: isMissing ? "missing" : "failed" });
      },
    );
    return () => void (isGone = true);
  }, [scope, id, attempt]);
  const retry = useCallback(() => {
    setOffer({ state: "loading" });
    setAttempt((before) => before + 1);
  }, []);
  return { offer, retry };
}
