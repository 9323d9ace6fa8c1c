// The tickets of the desk: the list, or one ticket.
import { useEffect, useRef } from "react";
import type { TicketView } from "../../../api/types";
import { Button, Time, visible } from "../../../parts";
import { Paged, Refresh } from "../shared/loaded";
import { usePagedList } from "../shared/use-paged-list";
import * as api from "./api";
import { TicketBadges } from "./badges";
import { Ticket } from "./ticket";

type Props = { shown: string | null; show: (id: string | null) => void };

export function Tickets({ shown, show }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  const wasShown = useRef(false);
  // After a ticket is closed, the focus is at the start of the list.
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
  const list = usePagedList(api.tickets);
  return (
    <>
      <div className="row">
        <Refresh of={list} />
      </div>
      <Paged
        list={list}
        loading="Loading the tickets…"
        empty={{ title: "No tickets yet", text: "Agents open them at your server with createTicket." }}
      >
        {(tickets) => (
          <ul className="host-list">
            {tickets.map((ticket) => (
              <Line key={ticket.ticketId} ticket={ticket} show={() => show(ticket.ticketId)} />
            ))}
          </ul>
        )}
      </Paged>
    </>
  );
}

function Line({ ticket, show }: { ticket: TicketView; show: () => void }) {
  return (
    <li className="card">
      <div className="card-head">
        <h4 className="host-untrusted">
          #{ticket.number} {visible(ticket.subject)}
        </h4>
        <Button onClick={show} label={`Open ticket #${ticket.number}`}>
          Open
        </Button>
      </div>
      <TicketBadges ticket={ticket} />
      <p className="quiet small host-untrusted">
        Last changed <Time at={ticket.updatedAt} />
        {ticket.assignee !== null && ` · assigned to ${visible(ticket.assignee)}`}
      </p>
    </li>
  );
}
