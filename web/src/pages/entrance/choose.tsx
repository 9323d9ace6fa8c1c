// Which event is checked in to, when the address does not say.
import { useEffect, useState } from "react";
import { hasStatus, messageOf, request } from "../../api/http";
import type { OwnEvent, OwnEvents } from "../../api/types";
import { Empty, Notice, Spinner, eventTime } from "../../parts";

export function ChooseEvent() {
  const [events, setEvents] = useState<readonly OwnEvent[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    request<OwnEvents>("GET", "/api/users/events").then((answer) => setEvents(answer.events), setError);
  }, []);
  const open = events?.filter(({ status }) => status !== "cancelled").toReversed();
  return (
    <main className="entrance-choose page">
      <h1>Check in</h1>
      {error !== null && (
        <Notice kind="error" actions={<a href="/my-mcp">To your events</a>}>
          {hasStatus(error, 401) ? "Sign in as the host first." : messageOf(error)}
        </Notice>
      )}
      {events === null && error === null && <Spinner label="Loading your events…" />}
      {open?.length === 0 && (
        <Empty title="No events yet">Guests come in at events that you have made.</Empty>
      )}
      <ul className="entrance-events">
        {open?.map(({ id, title, startsAt, timeZone, rsvpCount }) => (
          <li key={id}>
            <a className="button" href={`/check-in?event=${id}`}>
              <span className="host-untrusted">{title}</span>
              <span className="quiet">
                {eventTime(startsAt, timeZone)} · {rsvpCount} sold
              </span>
            </a>
          </li>
        ))}
      </ul>
    </main>
  );
}
