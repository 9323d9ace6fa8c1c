// Results of tools. They are untrusted: every part is checked before it is shown, and shown as text.
import { Fragment } from "react";
import { isObject, numberOf, textOf } from "../../base/object";
import { Badge, Card, Hash, Json, jsonText, Money, QrCode, safeLink, Time, visible } from "../../parts";
import { useSession } from "../../session";
import { DeskResult, isDeskAnswer } from "./desk-result";
import { Offers } from "./offers";
import { PaidButton } from "./paid-button";
import { SecretList } from "./secrets";

type ResultProps = { tool: string; result: unknown; mcpUrl: string | null };

export function Result({ tool, result, mcpUrl }: ResultProps) {
  const content = isObject(result) ? result["structuredContent"] : undefined;
  if (isObject(content)) {
    const { events, event, rsvp, secrets } = content;
    if (isObject(rsvp) && textOf(rsvp, "code") !== undefined) return <Ticket content={content} />;
    if (Array.isArray(events)) return <Events events={events} mcpUrl={mcpUrl} />;
    if (Array.isArray(secrets)) return <SecretList secrets={secrets} mcpUrl={mcpUrl} />;
    if (isDeskAnswer(content)) return <DeskResult tool={tool} content={content} />;
    if (isObject(event) && textOf(event, "title") !== undefined)
      return <EventCard event={event} mcpUrl={mcpUrl} />;
    if (textOf(content, "title") !== undefined && textOf(content, "startsAt") !== undefined) {
      return <EventCard event={content} mcpUrl={mcpUrl} />;
    }
  }
  return <Plain tool={tool} result={result} />;
}

/** Events of a server, each as a card. */
export function Events({ events, mcpUrl }: { events: unknown[]; mcpUrl: string | null }) {
  return (
    <Offers items={events} noun="event" empty="This server has no events now.">
      {(event, place) => (
        <EventCard key={`${textOf(event, "id") ?? ""}-${place}`} event={event} mcpUrl={mcpUrl} />
      )}
    </Offers>
  );
}

function EventCard({ event, mcpUrl }: { event: Record<string, unknown>; mcpUrl: string | null }) {
  const id = textOf(event, "id");
  const price = textOf(event, "price");
  const seats = numberOf(event, "seatsLeft");
  const status = textOf(event, "status") ?? "scheduled";
  const startsAt = textOf(event, "startsAt");
  const zone = textOf(event, "timeZone");
  const place = textOf(event, "location");
  const description = textOf(event, "description");
  const isOnSale = status === "scheduled" && seats !== 0 && id !== undefined;
  return (
    <Card
      title={textOf(event, "title") ?? "Event without a title"}
      level={3}
      many
      aside={price === undefined ? undefined : <Money dollars={price} />}
    >
      <ul className="event-facts">
        {startsAt !== undefined && (
          <li>
            <Time at={startsAt} timeZone={zone} />{" "}
            {zone !== undefined && <span className="quiet small">({zone})</span>}
          </li>
        )}
        {place !== undefined && <li>{place}</li>}
        <li>
          {status !== "scheduled" && <Badge tone={status === "cancelled" ? "bad" : "plain"}>{status}</Badge>}
          {status === "scheduled" && <Seats left={event["seatsLeft"] === null ? null : seats} />}
        </li>
      </ul>
      {description !== undefined && <p className="quiet event-text">{description}</p>}
      {isOnSale && (
        <PaidButton
          tool="rsvpToEvent"
          args={{ eventId: id }}
          mcpUrl={mcpUrl}
          action="RSVP"
          price={price}
          title={textOf(event, "title") ?? id}
        />
      )}
    </Card>
  );
}

// `null`: the number of seats is not limited; undefined: the server does not say.
function Seats({ left }: { left: number | null | undefined }) {
  if (left === undefined) return null;
  if (left === null) return <Badge>Seats are not limited</Badge>;
  if (left === 0) return <Badge tone="bad">Full</Badge>;
  return <Badge tone={left <= 5 ? "warn" : "ok"}>{left === 1 ? "1 seat left" : `${left} seats left`}</Badge>;
}

function Ticket({ content }: { content: Record<string, unknown> }) {
  const { rsvp, event } = content;
  const code = textOf(rsvp, "code") ?? "";
  const ticket = safeLink(content["ticketUrl"]);
  const calendar = safeLink(content["calendarUrl"]);
  const hash = textOf(content, "transactionHash");
  const link = useSession((state) => state.payments.find(({ txHash }) => txHash === hash)?.explorerUrl);
  const startsAt = textOf(event, "startsAt");
  const message = textOf(content, "message");
  return (
    <Card
      title={`Ticket: ${textOf(event, "title") ?? "your seat"}`}
      level={3}
      many
      tone="accent"
      aside={<Badge tone="ok">Seat bought</Badge>}
    >
      <div className="ticket">
        {ticket !== null && <QrCode text={ticket} label={`Code of the ticket ${code}`} />}
        <div className="stack-tight">
          {message !== undefined && <p>{message}</p>}
          {startsAt !== undefined && (
            <p>
              <Time at={startsAt} timeZone={textOf(event, "timeZone")} />
              {textOf(event, "location") !== undefined && ` · ${textOf(event, "location")}`}
            </p>
          )}
          <p>
            Code <Hash value={code} full what="ticket code" />
          </p>
          {hash !== undefined && (
            <p>
              Transaction <Hash value={hash} href={link} what="transaction hash" />
            </p>
          )}
          <p className="row">
            {ticket !== null && (
              <a href={ticket} target="_blank" rel="noreferrer noopener">
                Open the ticket
              </a>
            )}
            {calendar !== null && (
              <a href={calendar} target="_blank" rel="noreferrer noopener">
                Add to the calendar
              </a>
            )}
          </p>
        </div>
      </div>
    </Card>
  );
}

function Plain({ tool, result }: { tool: string; result: unknown }) {
  const content = isObject(result) ? (result["structuredContent"] ?? result) : result;
  const message = textOf(content, "message") ?? firstText(result);
  return (
    <Card title={`Answer of ${tool}`} level={3} many>
      {message !== undefined && <p className="event-text">{visible(message)}</p>}
      <Scalars content={content} />
      <details>
        <summary>The whole answer</summary>
        <Json value={content} label={`Answer of ${tool}`} />
      </details>
    </Card>
  );
}

const SCALARS_MAX = 12;

// The numbers and short texts of a result.
function Scalars({ content }: { content: unknown }) {
  if (!isObject(content)) return null;
  const shown = Object.entries(content)
    .filter(([name, value]) => name !== "message" && isShort(value))
    .slice(0, SCALARS_MAX);
  if (shown.length === 0) return null;
  return (
    <dl className="facts">
      {shown.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{visible(name)}</dt>
          <dd>{visible(String(value))}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

// The first text of the result, unless it repeats the JSON.
function firstText(result: unknown): string | undefined {
  const parts: unknown = isObject(result) ? result["content"] : undefined;
  const text = Array.isArray(parts)
    ? textOf(
        parts.find((part) => textOf(part, "type") === "text"),
        "text",
      )
    : undefined;
  if (text === undefined || /^\s*[[{]/.test(text)) return undefined;
  return jsonText(text.slice(0, 2000));
}

function isShort(value: unknown): boolean {
  return (
    typeof value === "number" ||
    typeof value === "boolean" ||
    (typeof value === "string" && value.length <= 200)
  );
}
