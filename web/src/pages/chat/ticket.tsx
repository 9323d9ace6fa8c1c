import { textOf } from "../../base/object";
import { Icon, QrCode, Time, EventCover, eventTime, safeLink, visible } from "../../parts";
import { useSession } from "../../session";

/** A seat that was bought. The content comes from a server, so every part is checked. */
export function Ticket({ content }: { content: Record<string, unknown> }) {
  const { rsvp, event } = content;
  const title = visible(textOf(event, "title") ?? "Your seat");
  const code = textOf(rsvp, "code") ?? "";
  const ticket = safeLink(content["ticketUrl"]);
  const calendar = safeLink(content["calendarUrl"]);
  const hash = textOf(content, "transactionHash");
  const paid = useSession((state) => state.payments.find(({ txHash }) => txHash === hash));
  const receipt = safeLink(paid?.explorerUrl);
  const startsAt = textOf(event, "startsAt");
  const when = startsAt === undefined ? null : eventTime(startsAt, textOf(event, "timeZone"));
  const place = textOf(event, "location");
  const count = Array.isArray(content["tickets"]) ? content["tickets"].length : 1;
  return (
    <article className="card ticket" aria-label={`Ticket: ${title}`}>
      <div className="ticket-cover">
        <EventCover id={textOf(event, "id") ?? code} path={textOf(event, "coverPath")} cut="square" />
      </div>
      <div className="stack-tight">
        <p className="with-icon receipt-paid">
          <Icon name="check" />
          {count > 1 ? `${count} tickets bought` : "Ticket bought"}
          {paid !== undefined && ` for $${paid.amountUsd}`}
        </p>
        <h2 className="card-title">{title}</h2>
        <p className="quiet">
          {when ?? (startsAt !== undefined && <Time at={visible(startsAt)} />)}
          {place !== undefined && ` · ${visible(place)}`}
        </p>
        <p className="second">
          Code {visible(code.slice(-8))}
          {count > 1 && `, and those of your guests on the same page`}
        </p>
        <p className="row">
          {ticket !== null && (
            <a className="button button-primary" href={ticket} target="_blank" rel="noreferrer noopener">
              {count > 1 ? "Show tickets" : "Show ticket"}
            </a>
          )}
          {calendar !== null && (
            <a className="button button-quiet" href={calendar} target="_blank" rel="noreferrer noopener">
              <Icon name="calendar" /> Calendar
            </a>
          )}
          {receipt !== null && (
            <a href={receipt} target="_blank" rel="noreferrer noopener">
              Receipt
            </a>
          )}
        </p>
      </div>
      {ticket !== null && <QrCode text={ticket} label={`Code of the ticket for ${title}`} />}
    </article>
  );
}
