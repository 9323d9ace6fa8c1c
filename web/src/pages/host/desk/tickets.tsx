// The tickets of the desk, and one of them in full.
import { useEffect, useMemo, useRef } from "react";
import type { TicketView } from "../../../api/types";
import { Button, Empty, Time, visible } from "../../../parts";
import * as api from "../api";
import { Ticket } from "./ticket";
import { useHost } from "../access/session";
import { TicketBadges } from "./badges";
import { Loading, Trouble } from "../shared/trouble";
import { usePages } from "../shared/use-load";

type Props = { shown: string | null; show: (id: string | null) => void };

/** The list, or the ticket that is shown. */
export function DeskTickets({ shown, show }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  const wasShown = useRef(false);
  // Back from a ticket the focus is where the list begins.
  useEffect(() => {
    if (shown === null && wasShown.current) heading.current?.focus();
    wasShown.current = shown !== null;
  }, [shown]);
  return (
    <>
      <h3 ref={heading} tabIndex={-1}>
        Tickets
      </h3>
      {shown === null ? <List show={show} /> : <Ticket key={shown} id={shown} close={() => show(null)} />}
    </>
  );
}

function List({ show }: { show: (id: string) => void }) {
  const { run } = useHost();
  const ask = useMemo(
    () => async (cursor?: string) => {
      const { tickets, nextCursor } = await run(() => api.tickets(cursor));
      return { items: tickets, nextCursor };
    },
    [run],
  );
  const list = usePages(ask);
  return (
    <>
      <div className="row">
        <Button onClick={list.reload} busy={list.busy && list.isLoaded}>
          Refresh
        </Button>
      </div>
      {list.error !== null && <Trouble error={list.error} retry={list.reload} />}
      {!list.isLoaded && list.error === null && <Loading what="Fetching the tickets…" />}
      {list.isLoaded && list.items.length === 0 && (
        <Empty title="No tickets yet">Agents open them at your door with createTicket.</Empty>
      )}
      <ul className="mm-list">
        {list.items.map((ticket) => (
          <Line key={ticket.ticketId} ticket={ticket} show={() => show(ticket.ticketId)} />
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

function Line({ ticket, show }: { ticket: TicketView; show: () => void }) {
  return (
    <li className="card">
      <div className="card-head">
        <h4 className="mm-stranger">
          #{ticket.number} {visible(ticket.subject)}
        </h4>
        <Button onClick={show} label={`Open ticket #${ticket.number}`}>
          Open
        </Button>
      </div>
      <TicketBadges ticket={ticket} />
      <p className="quiet small mm-stranger">
        Last changed <Time at={ticket.updatedAt} />
        {ticket.assignee !== null && ` · ${visible(ticket.assignee)} looks after it`}
      </p>
    </li>
  );
}
