// Who comes to an event, and letting guests in.
import { useEffect, useMemo, useRef, useState, type FormEvent } from "react";
import { wordsOf } from "../../../api/http";
import type { OwnEvent, RsvpLine } from "../../../api/types";
import {
  Badge,
  Button,
  Empty,
  Hash,
  Money,
  Notice,
  SelectField,
  TextField,
  Time,
  shortHash,
  timeText,
} from "../../../parts";
import { readAtomic, toDollars } from "../../../base/amounts";
import * as api from "../api";
import { sentence } from "./fields";
import { LocalHint, useExplorer } from "../../../api/explorer";
import { useHost } from "../access/session";
import { Loading, Trouble } from "../shared/trouble";
import { useLoad, type Pages } from "../shared/use-load";

type Props = { list: Pages<OwnEvent>; chosen: string | null; choose: (id: string) => void };

/** The section. */
export function Guests({ list, chosen, choose }: Props) {
  const event = list.items.find((item) => item.id === chosen) ?? list.items[0];
  if (!list.isLoaded && list.error === null) return <Loading what="Fetching your events…" />;
  if (list.error !== null && !event) return <Trouble error={list.error} retry={list.reload} />;
  if (!event)
    return <Empty title="No events yet">Guests are listed here once you have created an event.</Empty>;
  return (
    <>
      <div className="mm-inline">
        <SelectField
          label="Event"
          value={event.id}
          onChange={choose}
          options={list.items.map((item) => ({ value: item.id, label: nameOf(item) }))}
        />
        {list.hasMore && (
          <Button onClick={list.more} busy={list.busy}>
            Load more events
          </Button>
        )}
      </div>
      <OfEvent key={event.id} event={event} />
    </>
  );
}

function nameOf({ title, startsAt, rsvpCount }: OwnEvent): string {
  return `${title} · ${startsAt.slice(0, 10)} · ${rsvpCount} sold`;
}

function OfEvent({ event }: { event: OwnEvent }) {
  const { run } = useHost();
  const ask = useMemo(() => () => run(() => api.rsvps(event.id)), [run, event.id]);
  const { value, error, busy, reload } = useLoad(ask);
  const [outcome, setOutcome] = useState<(Outcome & { from: "code" | "row" }) | null>(null);
  const checkIn = async (code: string, from: "code" | "row") => {
    setOutcome(null);
    const next = await tryCheckIn(() => run(() => api.checkIn(event.id, code)));
    setOutcome({ ...next, from });
    reload();
    return next.kind !== "bad";
  };
  const isCancelled = event.status === "cancelled";
  return (
    <>
      {!isCancelled && <CodeForm checkIn={(code) => checkIn(code, "code")} />}
      {outcome?.from === "code" && <Notice kind={NOTICE[outcome.kind]}>{outcome.words}</Notice>}
      <div className="row">
        <Button onClick={reload} busy={busy && value !== null}>
          Refresh
        </Button>
        <a href={api.rsvpsCsv(event.id)} download>
          Download as CSV
        </a>
      </div>
      {error !== null && <Trouble error={error} retry={reload} />}
      {value === null && error === null && <Loading what="Fetching the guests…" />}
      {value?.rsvps.length === 0 && (
        <Empty title="Nobody yet">Guests are listed here as soon as they have paid.</Empty>
      )}
      {value !== null && value.rsvps.length > 0 && (
        <>
          <GuestTable
            event={event}
            rsvps={value.rsvps}
            checkIn={isCancelled ? null : (code) => checkIn(code, "row")}
          />
          {outcome?.from === "row" && <RowOutcome outcome={outcome} />}
          <LocalHint />
        </>
      )}
    </>
  );
}

/** Stays in view however long the list is; the button that asked for it is gone, so it takes the focus. */
function RowOutcome({ outcome }: { outcome: Outcome }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus({ preventScroll: true }), []);
  return (
    <div ref={box} tabIndex={-1} className="mm-outcome">
      <Notice kind={NOTICE[outcome.kind]}>{outcome.words}</Notice>
    </div>
  );
}

type Outcome = { kind: "welcome" | "used" | "bad"; words: string };
const NOTICE = { welcome: "ok", used: "warn", bad: "error" } as const;

async function tryCheckIn(ask: () => ReturnType<typeof api.checkIn>): Promise<Outcome> {
  try {
    const { success, rsvp, firstUsedAt } = await ask();
    const who = rsvp.name ?? shortHash(rsvp.wallet);
    if (success) return { kind: "welcome", words: `Welcome, ${who}! The ticket is good, and is used now.` };
    const first = timeText(new Date(firstUsedAt));
    return {
      kind: "used",
      words: `This ticket of ${who} was used before, first at ${first}. Do not let them in twice.`,
    };
  } catch (error) {
    const [, remedy] = /^code: (.+)$/i.exec(wordsOf(error)) ?? [];
    return { kind: "bad", words: remedy ? `Not a good code. ${sentence(remedy)}` : sentence(wordsOf(error)) };
  }
}

function CodeForm({ checkIn }: { checkIn: (code: string) => Promise<boolean> }) {
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const typed = code.trim();
    if (busy || typed === "") return;
    setBusy(true);
    // A refused code stays, so that a typing error can be mended.
    if (await checkIn(typed)) setCode("");
    setBusy(false);
  };
  return (
    <form className="mm-inline" onSubmit={(event) => void submit(event)}>
      <TextField
        label="Ticket code, or the ticket’s whole address"
        name="code"
        value={code}
        onChange={setCode}
      />
      <Button kind="primary" type="submit" busy={busy} disabled={code.trim() === ""}>
        Check in
      </Button>
    </form>
  );
}

type TableProps = {
  event: OwnEvent;
  rsvps: readonly RsvpLine[];
  checkIn: ((code: string) => Promise<boolean>) | null;
};

function GuestTable({ event, rsvps, checkIn }: TableProps) {
  const label = `Guests of ${event.title}`;
  return (
    <div className="mm-scroll" role="region" aria-label={label} tabIndex={0}>
      <table className="mm-table">
        <caption className="visually-hidden">{label}</caption>
        <thead>
          <tr>
            {["Guest", "Checked in", "E-mail", "Wallet", "Paid", "Transaction", "When"].map((heading) => (
              <th key={heading} scope="col">
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rsvps.map((rsvp) => (
            <GuestRow key={rsvp.id} rsvp={rsvp} checkIn={checkIn} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function GuestRow({ rsvp, checkIn }: { rsvp: RsvpLine; checkIn: TableProps["checkIn"] }) {
  const explorer = useExplorer();
  const [busy, setBusy] = useState(false);
  const letIn = async () => {
    if (!checkIn) return;
    setBusy(true);
    await checkIn(rsvp.code);
    setBusy(false);
  };
  return (
    <tr>
      {/* Being let in comes next: on a phone at the entrance that is what is in view. */}
      <th scope="row" className="mm-stranger">
        {rsvp.name ?? <span className="quiet">no name</span>}
      </th>
      <td>
        {rsvp.checkedInAt ? (
          <>
            <Badge tone="ok">In</Badge> <Time at={rsvp.checkedInAt} />
          </>
        ) : (
          checkIn && (
            <Button onClick={() => void letIn()} busy={busy} label={`Check in ${rsvp.name ?? rsvp.wallet}`}>
              Check in
            </Button>
          )
        )}
      </td>
      <td className="mm-stranger">{rsvp.email ?? "–"}</td>
      <td>
        <Hash value={rsvp.wallet} what="wallet" href={explorer.address(rsvp.network, rsvp.wallet)} />
      </td>
      <td>
        <Money dollars={toDollars(readAtomic(rsvp.paidAtomic))} />
      </td>
      <td>
        <Hash
          value={rsvp.txHash}
          what="transaction hash"
          href={explorer.transaction(rsvp.network, rsvp.txHash)}
        />
      </td>
      <td>
        <Time at={rsvp.timestamp} />
      </td>
    </tr>
  );
}
