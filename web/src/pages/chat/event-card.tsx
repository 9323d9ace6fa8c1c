import { numberOf, textOf } from "../../base/object";
import { Badge, Money, Time, EventCover, eventTime, visible } from "../../parts";
import { PaidButton } from "./paid-button";

type Props = { event: Record<string, unknown>; mcpUrl: string | null };

/** An event as its server describes it. Untrusted: every part is checked, and shown as text. */
export function EventCard({ event, mcpUrl }: Props) {
  const id = textOf(event, "id");
  const title = visible(textOf(event, "title") ?? "Event without a title");
  const price = textOf(event, "price");
  const seats = numberOf(event, "seatsLeft");
  const status = textOf(event, "status") ?? "scheduled";
  const place = textOf(event, "location");
  const description = textOf(event, "description");
  const isOnSale = status === "scheduled" && seats !== 0 && id !== undefined;
  return (
    <article className="card event-card" aria-label={title}>
      <div className="event-cover">
        <EventCover id={id ?? title} path={textOf(event, "coverPath")} cut="wide" />
        {price !== undefined && (
          <span className="event-price">
            <Money dollars={price} />
          </span>
        )}
      </div>
      <div className="event-text-parts">
        <When event={event} />
        <h2 className="card-title">{title}</h2>
        {place !== undefined && <p className="second">{visible(place)}</p>}
        {description !== undefined && <p className="second event-text">{visible(description)}</p>}
        <div className="event-foot">
          {status === "scheduled" ? (
            <Seats left={event["seatsLeft"] === null ? null : seats} />
          ) : (
            <Badge tone={status === "cancelled" ? "bad" : "plain"}>{STATUS[status] ?? visible(status)}</Badge>
          )}
          {isOnSale && (
            <PaidButton
              tool="rsvpToEvent"
              args={{ eventId: id }}
              mcpUrl={mcpUrl}
              action="Get a seat"
              price={price}
              title={title}
            />
          )}
        </div>
      </div>
    </article>
  );
}

const STATUS: Record<string, string> = { cancelled: "Cancelled", past: "Over" };

function When({ event }: { event: Record<string, unknown> }) {
  const startsAt = textOf(event, "startsAt");
  if (startsAt === undefined) return null;
  const words = eventTime(startsAt, textOf(event, "timeZone"));
  return <p className="event-when">{words ?? <Time at={visible(startsAt)} />}</p>;
}

// `null`: the number of seats is not limited; undefined: the server does not say.
function Seats({ left }: { left: number | null | undefined }) {
  if (left === undefined) return <span />;
  if (left === null) return <span className="seats seats-ok">Seats for everybody</span>;
  if (left === 0) return <span className="seats">Full</span>;
  const words = left === 1 ? "1 seat left" : `${left} seats left`;
  return <span className={left <= 5 ? "seats seats-few" : "seats seats-ok"}>{words}</span>;
}
