import { isObject, numberOf, textOf } from "../../base/object";
import { Badge, Time, EventCover, eventTime, fromText, pricesText, visible } from "../../parts";
import { scopeOf } from "../../purchase/offers";
import { PaidButton, useIsOffered } from "./paid-button";

type Props = {
  event: Record<string, unknown>;
  mcpUrl: string | null;
  /** One of several: without its description. */
  isShort?: boolean;
};

/** An event as its server describes it. Untrusted: every part is checked, and shown as text. */
export function EventCard({ event, mcpUrl, isShort = false }: Props) {
  const id = textOf(event, "id");
  const title = visible(textOf(event, "title") ?? "Event without a title");
  const price = textOf(event, "price");
  const prices = pricesOf(event);
  const label = `Get a seat · ${fromText(prices)}`;
  const seats = numberOf(event, "seatsLeft");
  const status = textOf(event, "status") ?? "scheduled";
  const place = textOf(event, "location");
  const description = textOf(event, "description");
  const isOnSale = status === "scheduled" && seats !== 0 && id !== undefined;
  const hasButton = useIsOffered("rsvpToEvent", mcpUrl) && isOnSale;
  const scope = mcpUrl === null ? null : scopeOf(mcpUrl);
  const sheet = hasButton && scope !== null && isChosenInSheet(event) ? `/buy/${scope}/${id}` : null;
  return (
    <article className="card event-card" aria-label={title}>
      <div className="event-cover">
        <EventCover id={id ?? title} path={textOf(event, "coverPath")} cut="wide" />
        {price !== undefined && !hasButton && (
          <span className="event-price">
            <span className="money">{pricesText(prices)}</span>
          </span>
        )}
      </div>
      <div className="event-text-parts">
        <When event={event} />
        <h2 className="card-title">{title}</h2>
        {place !== undefined && <p className="second">{visible(place)}</p>}
        {description !== undefined && !isShort && (
          <p className="second event-text">{visible(withoutMarks(description))}</p>
        )}
        <div className="event-foot">
          {status === "scheduled" ? (
            <Seats left={event["seatsLeft"] === null ? null : seats} />
          ) : (
            <Badge tone={status === "cancelled" ? "bad" : "plain"}>{STATUS[status] ?? visible(status)}</Badge>
          )}
          {sheet !== null && (
            <a className="button button-tint" href={sheet} aria-label={`${label} for ${title}`}>
              {label}
            </a>
          )}
          {isOnSale && sheet === null && (
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

/** Whether a guest has to choose or to answer something, which the sheet of the event asks. */
function isChosenInSheet(event: Record<string, unknown>): boolean {
  const isRequired = listOf(event, "questions").some((question) => question["required"] === true);
  const asks = [textOf(event, "askName"), textOf(event, "askEmail")];
  return listOf(event, "types").length > 1 || isRequired || asks.includes("required");
}

/** What seats cost, as far as the server says. */
function pricesOf(event: Record<string, unknown>): string[] {
  const types = listOf(event, "types");
  return (types.length > 0 ? types : [event]).flatMap((one) => textOf(one, "price") ?? []);
}

function listOf(event: Record<string, unknown>, key: string): Record<string, unknown>[] {
  const list = event[key];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

const STATUS: Record<string, string> = { cancelled: "Cancelled", past: "Over" };

/** Markdown without the marks that a description may have. */
function withoutMarks(text: string): string {
  return text
    .replaceAll(/(\*\*|__)(.+?)\1/g, "$2")
    .replaceAll(/\[([^\]]+)\]\([^)\s]+\)/g, "$1")
    .replaceAll(/^\s*[*-] /gm, "· ");
}

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
  return (
    <span className={left <= 5 ? "seats seats-few" : "seats seats-ok"}>
      {left} <span className="visually-hidden">{left === 1 ? "seat" : "seats"} </span>left
    </span>
  );
}
