// The section of events: the list, and one form at a time.
import { useEffect, useRef, useState } from "react";
import type { OwnEvent } from "../../../api/types";
import { Button } from "../../../parts";
import { Paged } from "../shared/loaded";
import { Outcome, type Message } from "../shared/outcome";
import type { PagedList } from "../shared/use-paged-list";
import { EventCard, type EventActions } from "./card";
import { EventForm, type Purpose } from "./form";

type Props = {
  scope: string;
  list: PagedList<OwnEvent>;
  showGuests: (event: OwnEvent) => void;
  /** What the form is open for; null while the list is shown. */
  purpose: Purpose | null;
  setPurpose: (purpose: Purpose | null) => void;
};

export function Events({ scope, list, showGuests, purpose, setPurpose }: Props) {
  const [message, setMessage] = useState<Message | null>(null);
  const head = useRef<HTMLDivElement>(null);
  const wasOpen = useRef(false);
  // When a form closes without an outcome, the focus goes back to the button that opens forms.
  useEffect(() => {
    if (wasOpen.current && purpose === null && message === null)
      head.current?.querySelector("button")?.focus();
    wasOpen.current = purpose !== null;
  }, [message, purpose]);
  const open = (next: Purpose) => {
    setMessage(null);
    setPurpose(next);
  };
  const close = () => setPurpose(null);
  const finished = (text: string) => {
    close();
    setMessage({ kind: "ok", text });
    list.reload();
  };
  const actions: EventActions = {
    edit: (event) => open({ kind: "edit", of: event }),
    copy: (event) => open({ kind: "copy", of: event }),
    guests: showGuests,
    cancelled: finished,
  };
  return (
    <>
      {purpose === null && (
        <div className="row" ref={head}>
          <Button kind="primary" onClick={() => open({ kind: "new" })}>
            New event
          </Button>
        </div>
      )}
      <Outcome message={purpose === null ? message : null} />
      {purpose !== null && <EventForm key={keyOf(purpose)} purpose={purpose} done={finished} close={close} />}
      {purpose === null && (
        <Paged
          list={list}
          loading="Loading your events…"
          empty={{
            title: "No events yet",
            text: "Create the first one: agents can buy seats as soon as it is saved.",
          }}
        >
          {(events) => (
            <ul className="host-list">
              {events.map((event) => (
                <EventCard key={event.id} event={event} scope={scope} actions={actions} />
              ))}
            </ul>
          )}
        </Paged>
      )}
    </>
  );
}

function keyOf(purpose: Purpose): string {
  return purpose.kind === "new" ? "new" : `${purpose.kind} ${purpose.of.id}`;
}
