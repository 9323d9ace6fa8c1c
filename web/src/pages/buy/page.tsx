// The checkout of one thing: a sheet over a quiet summary of the event.
import { Button, Empty, EventCover, eventTime } from "../../parts";
import { eventPage, serverUrl } from "../../purchase/offers";
import "../../style/buy.css";
import { useOffer, wantedEvent } from "./offer";
import { SecretCheckout, wantedSecret } from "./secret";
import { CheckoutSheet } from "./sheet";

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
  const offer = useOffer(scope, eventId);
  if (offer.state === "failed") return offer.isMissing ? <Missing /> : <Failed retry={offer.retry} />;
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

function Failed({ retry }: { retry: () => void }) {
  return (
    <Empty title="The event could not be read" isPage>
      <p>Check your connection. Nothing was charged.</p>
      <Button kind="primary" onClick={retry}>
        Try again
      </Button>
    </Empty>
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
