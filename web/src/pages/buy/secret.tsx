// The checkout of one secret: the same sheet as for a seat, and at its end the value.
import { Empty, Icon } from "../../parts";
import { hostPage, readSecret, serverUrl } from "../../purchase/offers";
import { useOffer } from "./offer";
import { SecretSheet } from "./secret-sheet";
import { Unread } from "./unread";

/** The secret of the address `/buy/{scope}/{secret}`; null if the address is another one. */
export function wantedSecret(): { scope: string; id: string } | null {
  const found = /^\/buy\/([^/]{1,100})\/(sec_[0-9a-f]{24})\/?$/.exec(location.pathname);
  const [scope, id] = [found?.[1], found?.[2]];
  return scope === undefined || id === undefined ? null : { scope, id };
}

export function SecretCheckout({ scope, id }: { scope: string; id: string }) {
  const offer = useOffer(readSecret, scope, id);
  if (offer.state === "failed") {
    return offer.isMissing ? <Missing scope={scope} /> : <Unread what="secret" retry={offer.retry} />;
  }
  const secret = offer.state === "there" ? offer.offer : null;
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
          secret={offer.offer}
          host={offer.host}
          mcpUrl={serverUrl(scope)}
          onClose={() => location.replace(hostPage(scope))}
        />
      )}
    </>
  );
}

function Missing({ scope }: { scope: string }) {
  return (
    <Empty title="There is no such secret" isPage>
      <p>The link may be cut off, or the host sells it no longer. What you have bought is under Tickets.</p>
      <a className="button button-primary" href={hostPage(scope)}>
        See what the host sells
      </a>
    </Empty>
  );
}
