// The section of events: the list, and one form at a time.
import { useEffect, useRef, useState } from "react";
import type { OwnEvent } from "../../../api/types";
import { Button, Empty, Notice } from "../../../parts";
import { EventForm, type Purpose } from "./form";
import { EventCard, type EventActions } from "./card";
import { Loading, Trouble } from "../shared/trouble";
import type { Pages } from "../shared/use-load";

type Props = { scope: string; list: Pages<OwnEvent>; showGuests: (event: OwnEvent) => void };

/** The section. */
export function Events({ scope, list, showGuests }: Props) {
  const [purpose, setPurpose] = useState<Purpose | null>(null);
  const [message, setMessage] = useState("");
  const newButton = useRef<HTMLDivElement>(null);
  const open = (next: Purpose) => {
    setMessage("");
    setPurpose(next);
  };
  const close = () => setPurpose(null);
  // The form is gone, and the focus with it: it goes to what came of it, or back to where forms are opened.
  const said = useRef<HTMLDivElement>(null);
  const wasOpen = useRef(false);
  useEffect(() => {
    if (message) said.current?.focus();
    else if (wasOpen.current && purpose === null) newButton.current?.querySelector("button")?.focus();
    wasOpen.current = purpose !== null;
  }, [message, purpose]);
  const finished = (words: string) => {
    close();
    setMessage(words);
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
      <div className="row" ref={newButton}>
        {purpose === null && (
          <Button kind="primary" onClick={() => open({ kind: "new" })}>
            New event
          </Button>
        )}
        <Button onClick={list.reload} busy={list.busy && list.isLoaded}>
          Refresh
        </Button>
      </div>
      {message && (
        <div ref={said} tabIndex={-1} className="mm-stranger">
          <Notice kind="ok">{message}</Notice>
        </div>
      )}
      {purpose !== null && <EventForm key={keyOf(purpose)} purpose={purpose} done={finished} close={close} />}
      {list.error !== null && <Trouble error={list.error} retry={list.reload} />}
      {!list.isLoaded && list.error === null && <Loading what="Fetching your events…" />}
      {list.isLoaded && list.items.length === 0 && (
        <Empty title="No events yet">
          Create the first one: agents can buy seats as soon as it is saved.
        </Empty>
      )}
      <ul className="mm-list">
        {list.items.map((event) => (
          <EventCard key={event.id} event={event} scope={scope} actions={actions} />
        ))}
      </ul>
      {list.hasMore && (
        <Button onClick={list.more} busy={list.busy}>
          Load more
        </Button>
      )}
    </>
  );
}

function keyOf(purpose: Purpose): string {
  return purpose.kind === "new" ? "new" : `${purpose.kind} ${purpose.of.id}`;
}
