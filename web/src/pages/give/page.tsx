// A ticket is given to somebody else: a sheet over a quiet summary of the event.
import { Empty } from "../../parts";
import { readEvent, serverUrl } from "../../purchase/offers";
import "../../style/buy.css";
import { EventSummary } from "../buy/event-summary";
import { useOffer } from "../buy/offer";
import { Unread } from "../buy/unread";
import { GiveSheet } from "./sheet";

export default function GivePage() {
  const wanted = wantedTicket();
  return <div className="buy">{wanted === null ? <Missing /> : <Give {...wanted} />}</div>;
}

type Wanted = { scope: string; eventId: string; code: string };

/** The ticket of the address `/give/{event}/{code}`. A code begins with the scope of its host. */
function wantedTicket(): Wanted | null {
  const found = /^\/give\/([^/]{1,100})\/([0-9a-f]{32})-([0-9a-f]{24})\/?$/.exec(location.pathname);
  const [eventId, scope, secret] = [found?.[1], found?.[2], found?.[3]];
  if (eventId === undefined || scope === undefined || secret === undefined) return null;
  return { scope, eventId, code: `${scope}-${secret}` };
}

function Give({ scope, eventId, code }: Wanted) {
  const offer = useOffer(readEvent, scope, eventId);
  if (offer.state === "failed")
    return offer.isMissing ? <Missing /> : <Unread what="event" retry={offer.retry} />;
  return (
    <>
      <EventSummary eventId={eventId} event={offer.state === "there" ? offer.offer.event : null} />
      {offer.state === "there" && (
        <GiveSheet
          offer={offer.offer}
          mcpUrl={serverUrl(scope)}
          code={code}
          onClose={() => location.replace(`/t/${code}`)}
        />
      )}
    </>
  );
}

function Missing() {
  return (
    <Empty title="There is no such ticket" isPage>
      <p>The link may be cut off. Open the ticket again, and press “Give to somebody”.</p>
      <a className="button button-primary" href="/tickets">
        Find my tickets
      </a>
    </Empty>
  );
}
