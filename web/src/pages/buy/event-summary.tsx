import type { EventView } from "../../api/types";
import { EventCover, eventTime } from "../../parts";

/** The event behind a sheet; its shape while it is read. */
export function EventSummary({ eventId, event }: { eventId: string; event: EventView | null }) {
  return (
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
  );
}
