// Who waits for a seat at a full event.
import { useMemo } from "react";
import type { OwnEvent, WaitlistLine } from "../../../api/types";
import { Badge, Card, Time } from "../../../parts";
import { Address } from "../shared/explorer";
import { Paged } from "../shared/loaded";
import { Table } from "../shared/table";
import { usePagedList } from "../shared/use-paged-list";
import * as api from "./api";

/** The waitlist of an event, if anybody is on it. */
export function Waitlist({ event }: { event: OwnEvent }) {
  if (event.waiting === 0) return null;
  return (
    <Card title={`Waitlist · ${event.waiting}`}>
      <p className="quiet">
        When a seat comes back, it is held for the first of them for up to two hours, and then goes to the
        next.
      </p>
      <Lines eventId={event.id} title={event.title} />
    </Card>
  );
}

function Lines({ eventId, title }: { eventId: string; title: string }) {
  const list = usePagedList(useMemo(() => api.waitlist(eventId), [eventId]));
  return (
    <Paged
      list={list}
      loading="Loading the waitlist…"
      empty={{ title: "Nobody waits", text: "Guests who wait for a seat are listed here." }}
    >
      {(lines) => (
        <Table
          label={`Waitlist of ${title}`}
          hasCaption
          headings={["Guest", "State", "E-mail", "Wallet", "Since"]}
        >
          {lines.map((line) => (
            <Line key={line.wallet} line={line} />
          ))}
        </Table>
      )}
    </Paged>
  );
}

function Line({ line }: { line: WaitlistLine }) {
  return (
    <tr>
      <th scope="row" className="host-untrusted">
        {line.name ?? <span className="quiet">no name</span>}
      </th>
      <td>
        <State line={line} />
      </td>
      <td className="host-untrusted">{line.email ?? "–"}</td>
      <td>
        <Address value={line.wallet} what="wallet" network={null} />
      </td>
      <td>
        <Time at={line.joinedAt} />
      </td>
    </tr>
  );
}

function State({ line: { state, offeredUntil } }: { line: WaitlistLine }) {
  if (state === "waiting") return <Badge>Waits</Badge>;
  return (
    <>
      <Badge tone={state === "offered" ? "ok" : "plain"}>
        {state === "offered" ? "Seat held" : "Ran out"}
      </Badge>{" "}
      {offeredUntil !== null && (
        <>
          until <Time at={offeredUntil} />
        </>
      )}
    </>
  );
}
