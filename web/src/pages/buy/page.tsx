// The checkout of one thing: a sheet over a quiet summary of the event.
import { Empty, EventCover, eventTime } from "../../parts";
import { eventPage, readEvent, serverUrl } from "../../purchase/offers";
import "../../style/buy.css";
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
  const { event } = offer.state === "there" ? offer.offer : { event: null };
  return (
    <>
      <section className="buy-summary" aria-label="Event">
        <div className="buy-cover">
          <EventCover id={eventId} path={event?.coverPath} cut="wide" alt={event?.coverAlt} />
        </div>
        <div className="stack-tight">
          <h1>{event === null ? <span className="skeleton buy-line" /> : event.title}</h1>
          <p className="quiet">
            {event === null ? (
              <span className="skeleton buy-line" />
            ) : (
              [eventTime(event.startsAt, event.timeZone), event.location].filter(Boolean).join(" · ")
            )}
          </p>
        </div>
      </section>
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
