// The section of guests: who has bought a seat, and who is checked in.
import { useMemo, useState } from "react";
import type { EntranceProblem, OwnEvent, RsvpLine } from "../../../api/types";
import { readAtomic, toDollars } from "../../../base/amounts";
import { Badge, Button, Card, Empty, Money, SelectField, Spinner, Time, timeText } from "../../../parts";
import { Problems } from "../../entrance/problems";
import { useHost } from "../access/session";
import { Address, LocalHint, Transaction } from "../shared/explorer";
import { More, Paged } from "../shared/loaded";
import { Outcome, type Message } from "../shared/outcome";
import { Table } from "../shared/table";
import { Trouble } from "../shared/trouble";
import { usePagedList, type PagedList } from "../shared/use-paged-list";
import * as api from "./api";
import {
  CheckInButton,
  CodeForm,
  CodeOutcome,
  RowOutcome,
  checkedIn,
  type CheckIn,
  type CheckedIn,
} from "./check-in";
import { EVERYBODY, GuestSearch, LINES, WhoIsIn, found, type Search } from "./guest-search";
import { useLiveEvent } from "./live";
import { MessageButton } from "./message";
import { Told } from "./told";
import { Waitlist } from "./waitlist";

type Props = { list: PagedList<OwnEvent>; chosen: string | null; choose: (id: string) => void };

export function Guests({ list, chosen, choose }: Props) {
  const event = list.items.find((item) => item.id === chosen) ?? list.items[0];
  if (!list.isLoaded && list.error === null) return <Spinner label="Loading your events…" />;
  if (list.error !== null && !event) return <Trouble error={list.error} retry={list.reload} />;
  if (!event)
    return <Empty title="No events yet">Guests are listed here once you have created an event.</Empty>;
  return (
    <>
      <div className="host-inline">
        <SelectField
          label="Event"
          value={event.id}
          onChange={choose}
          options={list.items.map((item) => ({ value: item.id, label: labelOf(item) }))}
        />
        <More of={list} label="Load more events" />
      </div>
      <GuestsOf key={event.id} event={event} />
    </>
  );
}

function labelOf({ title, startsAt, timeZone, rsvpCount }: OwnEvent): string {
  return `${title} · ${timeText(new Date(startsAt), "date", timeZone)} · ${rsvpCount} sold`;
}

function GuestsOf({ event }: { event: OwnEvent }) {
  const { run } = useHost();
  const list = usePagedList(useMemo(() => api.rsvps(event.id), [event.id]));
  const summary = useLiveEvent(event.id, list.reload);
  const [search, setSearch] = useState(EVERYBODY);
  const [sent, setSent] = useState<{ message: Message | null; round: number }>({ message: null, round: 0 });
  const [outcome, setOutcome] = useState<(CheckedIn & { from: "form" | "row" }) | null>(null);
  const checkIn = async (code: string, from: "form" | "row") => {
    setOutcome(null);
    const next = await checkedIn(() => run(() => api.checkIn(event.id, code)));
    setOutcome({ ...next, from });
    list.reload();
    return next.kind !== "bad";
  };
  const isCancelled = event.status === "cancelled";
  // The list of events may be older than the last sale.
  const hasGuests = event.rsvpCount > 0 || (summary?.sold ?? 0) > 0;
  return (
    <>
      {summary && summary.sold > 0 && <WhoIsIn summary={summary} />}
      <EntranceProblems problems={summary?.problems ?? []} />
      <div className="row">
        {!isCancelled && (
          // A load, not a step within this page: only that page may use the camera.
          <a className="button button-primary" href={`/check-in?event=${event.id}`}>
            Check in by camera
          </a>
        )}
        {hasGuests && (
          <MessageButton
            event={event}
            chosen={{ to: search.which, words: search.words, found: found(list.items, search) }}
            done={(text) => setSent(({ round }) => ({ message: { kind: "ok", text }, round: round + 1 }))}
          />
        )}
        <a href={api.rsvpsCsv(event.id)} download>
          Download as CSV
        </a>
      </div>
      {!isCancelled && <CodeForm checkIn={(code) => checkIn(code, "form")} />}
      {outcome?.from === "form" && <CodeOutcome outcome={outcome} />}
      <Waitlist event={event} />
      <Outcome message={sent.message} />
      {list.items.length > 0 && <GuestSearch summary={summary} search={search} change={setSearch} />}
      <Paged
        list={list}
        loading="Loading the guests…"
        empty={{ title: "No guests yet", text: "Guests are listed here as soon as they have paid." }}
      >
        {(rsvps) => (
          <>
            <FoundGuests
              event={event}
              rsvps={rsvps}
              search={search}
              change={setSearch}
              checkIn={isCancelled ? null : (code) => checkIn(code, "row")}
            />
            {outcome?.from === "row" && <RowOutcome outcome={outcome} />}
            <LocalHint />
          </>
        )}
      </Paged>
      <Told event={event.id} round={sent.round} />
    </>
  );
}

/** Who came in that should not have, while a phone at the entrance had no connection. */
function EntranceProblems({ problems }: { problems: readonly EntranceProblem[] }) {
  if (problems.length === 0) return null;
  return (
    <Card title="Tickets to look at">
      <Problems problems={problems} />
    </Card>
  );
}

type FoundProps = TableProps & { search: Search; change: (search: Search) => void };

function FoundGuests({ event, rsvps, search, change, checkIn }: FoundProps) {
  const guests = found(rsvps, search);
  if (guests.length === 0) return <p className="quiet">No guest is found with these words.</p>;
  const rest = guests.length - search.lines;
  return (
    <>
      <GuestTable event={event} rsvps={guests.slice(0, search.lines)} checkIn={checkIn} />
      {rest > 0 && (
        <Button onClick={() => change({ ...search, lines: search.lines + LINES })}>
          Show {Math.min(rest, LINES)} more of {rest}
        </Button>
      )}
    </>
  );
}

// The check-in comes second, so that it is in view on a phone.
const HEADINGS = ["Guest", "Checked in", "E-mail", "Wallet", "Paid", "Transaction", "When"];

type TableProps = { event: OwnEvent; rsvps: readonly RsvpLine[]; checkIn: CheckIn | null };

function GuestTable({ event, rsvps, checkIn }: TableProps) {
  return (
    <Table label={`Guests of ${event.title}`} hasCaption headings={HEADINGS}>
      {rsvps.map((rsvp) => (
        <GuestRow key={rsvp.id} rsvp={rsvp} checkIn={checkIn} />
      ))}
    </Table>
  );
}

function GuestRow({ rsvp, checkIn }: { rsvp: RsvpLine; checkIn: CheckIn | null }) {
  return (
    <tr>
      <th scope="row" className="host-untrusted">
        {rsvp.name ?? <span className="quiet">no name</span>}
        {rsvp.ticketType !== null && <span className="second host-answer">{rsvp.ticketType}</span>}
        {rsvp.promoCode !== null && <span className="second host-answer">Code {rsvp.promoCode}</span>}
        {rsvp.answers.map(({ question, answer }) => (
          <span key={question} className="second host-answer">
            {question} {answer}
          </span>
        ))}
      </th>
      <td>
        {rsvp.checkedInAt ? (
          <>
            <Badge tone="ok">In</Badge> <Time at={rsvp.checkedInAt} />
          </>
        ) : (
          checkIn && <CheckInButton checkIn={checkIn} code={rsvp.code} guest={rsvp.name ?? rsvp.wallet} />
        )}
      </td>
      <td className="host-untrusted">{rsvp.email ?? "–"}</td>
      <td>
        <Address value={rsvp.wallet} what="wallet" network={rsvp.network} />
      </td>
      <td>{rsvp.txHash === "" ? "Free" : <Money dollars={toDollars(readAtomic(rsvp.paidAtomic))} />}</td>
      <td>{rsvp.txHash !== "" && <Transaction hash={rsvp.txHash} network={rsvp.network} />}</td>
      <td>
        <Time at={rsvp.timestamp} />
      </td>
    </tr>
  );
}
