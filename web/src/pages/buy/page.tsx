// The checkout of one thing: a sheet over a quiet summary of the event.
import { Empty } from "../../parts";
import { eventPage, readEvent, serverUrl } from "../../purchase/offers";
import "../../style/buy.css";
import { EventSummary } from "./event-summary";
import { useOffer, wantedEvent } from "./offer";
import { SecretCheckout, wantedSecret } from "./secret";
import { CheckoutSheet } from "./sheet";
import { Unread } from "./unread";

export default function BuyPage() {
  const secret = wantedSecret();
  if (secret !== null) {
    return (
      <div className="buy">
        <SecretCheckout key={secret.id} {...secret} />
      </div>
    );
  }
  const wanted = wantedEvent();
  return (
    <div className="buy">{wanted === null ? <Missing /> : <Checkout key={wanted.eventId} {...wanted} />}</div>
  );
}

function Checkout({ scope, eventId }: { scope: string; eventId: string }) {
  const offer = useOffer(readEvent, scope, eventId);
  if (offer.state === "failed")
    return offer.isMissing ? <Missing /> : <Unread what="event" retry={offer.retry} />;
  return (
    <>
      <EventSummary eventId={eventId} event={offer.state === "there" ? offer.offer.event : null} />
      {offer.state === "there" && (
        <CheckoutSheet
          offer={offer.offer}
          host={offer.host}
          mcpUrl={serverUrl(scope)}
          onClose={() => location.replace(eventPage(scope, eventId))}
        />
      )}
    </>
  );
}

function Missing() {
  return (
    <Empty title="There is no such event" isPage>
      <p>The link may be cut off, or the host has removed the event.</p>
      <a className="button button-primary" href="/">
        Find an event
      </a>
    </Empty>
  );
}
