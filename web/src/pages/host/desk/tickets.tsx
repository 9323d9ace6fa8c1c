// The tickets of the desk: the list, or one ticket.
import { useEffect, useMemo, useRef, useState, type FormEvent } from "react";
import type { TicketView } from "../../../api/types";
import { Button, Notice, SelectField, TextField, Time, visible } from "../../../parts";
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
      {shown === null ? (
        <List show={show} />
      ) : (
        <Ticket key={shown} id={shown} close={() => show(null)} openTicket={show} />
      )}
    </>
  );
}

const ALL: api.Search = { query: "", status: "" };

function List({ show }: { show: (id: string) => void }) {
  const [search, setSearch] = useState(ALL);
  const [isWhole, setIsWhole] = useState(true);
  const list = usePagedList(useMemo(() => api.tickets(search, setIsWhole), [search]));
  const isSearch = search !== ALL;
  return (
    <>
      <SearchForm search={setSearch} />
      <div className="row">
        <Refresh of={list} />
      </div>
      {!isWhole && <Notice>Not all tickets were looked through yet. Press Refresh to look further.</Notice>}
      <Paged
        list={list}
        loading="Loading the tickets…"
        empty={
          isSearch
            ? { title: "No ticket like this", text: "Try fewer words, or another status." }
            : { title: "No tickets yet", text: "Agents of your customers open them at your server." }
        }
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

const STATUSES = [
  { value: "", label: "All" },
  { value: "open", label: "Open" },
  { value: "snoozed", label: "Sleeping" },
  { value: "resolved", label: "Resolved" },
] as const;

function SearchForm({ search }: { search: (search: api.Search) => void }) {
  const [query, setQuery] = useState("");
  const [status, setStatus] = useState<api.Search["status"]>("");
  const look = (next: api.Search["status"]) =>
    search(query.trim() === "" && next === "" ? ALL : { query, status: next });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    look(status);
  };
  const choose = (value: string) => {
    const next = STATUSES.find((one) => one.value === value)?.value ?? "";
    setStatus(next);
    look(next);
  };
  return (
    <form className="host-inline" role="search" onSubmit={submit} noValidate>
      <TextField label="Words or number" type="search" value={query} onChange={setQuery} maxLength={200} />
      <SelectField label="Status" options={STATUSES} value={status} onChange={choose} />
      <Button type="submit">Search</Button>
    </form>
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
