// One event of the host, and its actions.
import { useState } from "react";
import type { EventStatus, OwnEvent } from "../../../api/types";
import { Badge, Button, CopyButton, EventCover, Money, eventPeriod, pricesText } from "../../../parts";
import { useHost } from "../access/session";
import { Confirm } from "../shared/confirm";
import { Fact } from "../shared/fact";
import { Trouble } from "../shared/trouble";
import { useAction } from "../shared/use-action";
import * as api from "./api";

export type EventActions = {
  edit: (event: OwnEvent) => void;
  copy: (event: OwnEvent) => void;
  guests: (event: OwnEvent) => void;
  cancelled: (message: string) => void;
};

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
        <span className="host-cover">
          <EventCover id={event.id} path={event.coverPath} cut="wide" />
        </span>
        <h3 id={`host-title-${event.id}`} className="host-untrusted">
          {event.title}
        </h3>
        <Badge tone={status.tone}>{status.word}</Badge>
      </div>
      <Facts event={event} />
      <div className="row" role="group" aria-labelledby={`host-title-${event.id}`}>
        {event.status !== "cancelled" && <Button onClick={() => actions.edit(event)}>Edit</Button>}
        <Button onClick={() => actions.copy(event)}>Duplicate</Button>
        {event.status === "draft" ? (
          <DraftActions event={event} path={path} done={actions.cancelled} />
        ) : (
          <>
            <Button onClick={() => actions.guests(event)}>Guests</Button>
            <a href={path}>Public page</a>
            <CopyButton text={`${location.origin}${path}`} label="Copy link" what={`to ${event.title}`} />
          </>
        )}
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

type DraftProps = { event: OwnEvent; path: string; done: (message: string) => void };

/** What a host does with an event that only it sees. */
function DraftActions({ event, path, done }: DraftProps) {
  const { run } = useHost();
  const { busy, error, run: act } = useAction();
  const [asks, setAsks] = useState(false);
  const publish = () =>
    act(async () => {
      await run(() => api.changeEvent(event.id, { draft: false }));
      done(`“${event.title}” is on sale.`);
    });
  const remove = async () => {
    const { message } = await run(() => api.cancelEvent(event.id));
    setAsks(false);
    done(`“${event.title}”: ${message}`);
  };
  return (
    <>
      <a href={path}>Preview</a>
      <Button kind="primary" busy={busy} onClick={() => void publish()}>
        Publish
      </Button>
      <Button kind="danger" onClick={() => setAsks(true)}>
        Delete draft
      </Button>
      {error !== null && <Trouble error={error} />}
      {asks && (
        <Confirm
          title="Delete this draft?"
          yes="Delete the draft"
          no="Keep it"
          action={remove}
          close={() => setAsks(false)}
        >
          <p className="host-untrusted">“{event.title}” was shown to nobody. This cannot be undone.</p>
        </Confirm>
      )}
    </>
  );
}

type Status = { word: string; tone: "ok" | "plain" | "bad" | "warn" };

const STATUS: Record<EventStatus, Status> = {
  draft: { word: "Draft", tone: "warn" },
  scheduled: { word: "On sale", tone: "ok" },
  past: { word: "Over", tone: "plain" },
  cancelled: { word: "Cancelled", tone: "bad" },
};

function statusOf({ status, seatsLeft }: OwnEvent): Status {
  return status === "scheduled" && seatsLeft === 0 ? { word: "No seats left", tone: "warn" } : STATUS[status];
}

function Facts({ event }: { event: OwnEvent }) {
  return (
    <dl className="host-facts">
      <Fact name="When" isWide>
        {eventPeriod(event.startsAt, event.endsAt, event.timeZone) ?? event.startsAt}
      </Fact>
      {event.location && (
        <Fact name="Where" isUntrusted>
          {event.location}
        </Fact>
      )}
      <Fact name="Seats">{seatsText(event)}</Fact>
      <Fact name="Price">
        <span className="money">{pricesText(pricesOf(event))}</span>
      </Fact>
      <Fact name="If a guest cancels" isWide>
        {event.refundPolicy}
      </Fact>
      <Fact name="Revenue">
        <Money dollars={event.revenue} />
      </Fact>
    </dl>
  );
}

function pricesOf({ price, types }: OwnEvent): string[] {
  return types.length === 0 ? [price] : types.map((type) => type.price);
}

function seatsText({ rsvpCount, seatsLeft, seatsHeld, capacity, waiting }: OwnEvent): string {
  const left = seatsLeft === null ? "unlimited" : `${seatsLeft} of ${capacity} left`;
  const held = seatsHeld > 0 ? `, ${seatsHeld} held for payments under way` : "";
  const line = waiting > 0 ? `, ${waiting} on the waitlist` : "";
  return `${rsvpCount} sold, ${left}${held}${line}`;
}

type CancelProps = { event: OwnEvent; close: () => void; done: (message: string) => void };

function CancelDialog({ event, close, done }: CancelProps) {
  const { run } = useHost();
  const cancel = async () => {
    const { message } = await run(() => api.cancelEvent(event.id));
    close();
    done(`“${event.title}”: ${message}`);
  };
  return (
    <Confirm title="Cancel this event?" yes="Cancel the event" no="Keep it" action={cancel} close={close}>
      <p className="host-untrusted">
        “{event.title}” is cancelled for good: no more seats are sold. This cannot be undone.
      </p>
      <p>
        {seatsText(event)}. Everybody who paid gets everything back: you send it with your wallet, in
        “Payments”.
      </p>
    </Confirm>
  );
}
