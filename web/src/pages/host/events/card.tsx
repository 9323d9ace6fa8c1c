// The host's events, and what can be done with each.
import { useState } from "react";
import type { EventStatus, OwnEvent } from "../../../api/types";
import { Badge, Button, CopyButton, Dialog, Money } from "../../../parts";
import * as api from "../api";
import { useHost } from "../access/session";
import { Trouble } from "../shared/trouble";
import { toWords } from "../shared/zones";

export type EventActions = {
  edit: (event: OwnEvent) => void;
  copy: (event: OwnEvent) => void;
  guests: (event: OwnEvent) => void;
  cancelled: (message: string) => void;
};

/** One event. */
export function EventCard({
  event,
  scope,
  actions,
}: {
  event: OwnEvent;
  scope: string;
  actions: EventActions;
}) {
  const [asks, setAsks] = useState(false);
  const status = statusOf(event);
  const path = `/e/${scope}/${event.id}`;
  return (
    <li className="card">
      <div className="card-head">
        <h3 id={`mm-title-${event.id}`} className="mm-stranger">
          {event.title}
        </h3>
        <Badge tone={status.tone}>{status.word}</Badge>
      </div>
      <Facts event={event} />
      <div className="row" role="group" aria-labelledby={`mm-title-${event.id}`}>
        {event.status !== "cancelled" && <Button onClick={() => actions.edit(event)}>Edit</Button>}
        <Button onClick={() => actions.copy(event)}>Duplicate</Button>
        <Button onClick={() => actions.guests(event)}>Guests</Button>
        <a href={path}>Public page</a>
        <CopyButton text={`${location.origin}${path}`} label="Copy link" what={`to ${event.title}`} />
        {event.status === "scheduled" && (
          <Button kind="danger" onClick={() => setAsks(true)}>
            Cancel event
          </Button>
        )}
      </div>
      {asks && <CancelDialog event={event} close={() => setAsks(false)} done={actions.cancelled} />}
    </li>
  );
}

type Status = { word: string; tone: "ok" | "plain" | "bad" | "warn" };

const STATUS: Record<EventStatus, Status> = {
  scheduled: { word: "On sale", tone: "ok" },
  past: { word: "Over", tone: "plain" },
  cancelled: { word: "Cancelled", tone: "bad" },
};

function statusOf({ status, seatsLeft }: OwnEvent): Status {
  return status === "scheduled" && seatsLeft === 0 ? { word: "No seats left", tone: "warn" } : STATUS[status];
}

function Facts({ event }: { event: OwnEvent }) {
  return (
    <dl className="mm-facts">
      <div className="mm-wide">
        <dt>When</dt>
        <dd>{toWords(event.startsAt, event.endsAt, event.timeZone)} </dd>
      </div>
      {event.location && (
        <div>
          <dt>Where</dt>
          <dd className="mm-stranger">{event.location}</dd>
        </div>
      )}
      <div>
        <dt>Seats</dt>
        <dd>{seatsInWords(event)}</dd>
      </div>
      <div>
        <dt>Price</dt>
        <dd>
          <Money dollars={event.price} />
        </dd>
      </div>
      <div>
        <dt>Revenue</dt>
        <dd>
          <Money dollars={event.revenue} />
        </dd>
      </div>
    </dl>
  );
}

function seatsInWords({ rsvpCount, seatsLeft, seatsHeld, capacity }: OwnEvent): string {
  const left = seatsLeft === null ? "unlimited" : `${seatsLeft} of ${capacity} left`;
  const held = seatsHeld > 0 ? `, ${seatsHeld} held for payments under way` : "";
  return `${rsvpCount} sold, ${left}${held}`;
}

type CancelProps = { event: OwnEvent; close: () => void; done: (message: string) => void };

function CancelDialog({ event, close, done }: CancelProps) {
  const { run } = useHost();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const cancel = async () => {
    setBusy(true);
    setError(null);
    try {
      const { message } = await run(() => api.cancelEvent(event.id));
      close();
      done(`“${event.title}”: ${message}`);
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  return (
    <Dialog
      title="Cancel this event?"
      onCancel={close}
      actions={
        <>
          <Button onClick={close}>Keep it</Button>
          <Button kind="danger" busy={busy} onClick={() => void cancel()}>
            Cancel the event
          </Button>
        </>
      }
    >
      <p className="mm-stranger">
        “{event.title}” is cancelled for good: no more seats are sold. This cannot be undone.
      </p>
      <p>
        {seatsInWords(event)}. What is yours to pay back is said as soon as it is cancelled; the wallets are
        in the list of guests.
      </p>
      {error !== null && <Trouble error={error} />}
    </Dialog>
  );
}
