// What the server has earned, by day, tool and event. 402 answers are counted apart from sales.
import { useState } from "react";
import type { Count, OwnEvent, Revenue as Earned, Sum } from "../../../api/types";
import { readAtomic, toDollars } from "../../../base/amounts";
import { Card, Empty, Money, moneyText } from "../../../parts";
import { Fact } from "../shared/fact";
import { useLive } from "../shared/live";
import { Loaded } from "../shared/loaded";
import { Table } from "../shared/table";
import { useLoad } from "../shared/use-load";
import * as api from "./api";
import { DayChart, Share } from "./chart";
import { daysUntil, largest } from "./series";

const RANGES = [7, 30, 90] as const;

export function Revenue({ events }: { events: readonly OwnEvent[] }) {
  const load = useLoad(loadRevenue);
  useLive(load);
  const [range, setRange] = useState<number>(30);
  return (
    <>
      <Ranges range={range} choose={setRange} />
      <Loaded load={load} loading="Loading the revenue…">
        {(value) => <Sums {...value} range={range} events={events} />}
      </Loaded>
    </>
  );
}

const loadRevenue = async () => ({ earned: await api.revenue(), today: todayInUtc() });

function Ranges({ range, choose }: { range: number; choose: (days: number) => void }) {
  return (
    <fieldset className="host-ranges">
      <legend className="visually-hidden">Time shown</legend>
      {RANGES.map((days) => (
        <label key={days}>
          <input type="radio" name="host-range" checked={range === days} onChange={() => choose(days)} />
          {days} days
        </label>
      ))}
    </fieldset>
  );
}

type SumsProps = { earned: Earned; today: string; range: number; events: readonly OwnEvent[] };

function Sums({ earned, today, range, events }: SumsProps) {
  const sold = earned.byTool.reduce((sum, { payments }) => sum + payments, 0);
  const titles = new Map(events.map(({ id, title }) => [id, title]));
  return (
    <>
      <dl className="host-totals">
        <Fact name="Revenue, all time">
          <Money dollars={earned.total} />
        </Fact>
        <Fact name="Paid calls">{sold}</Fact>
        {/* An earlier version of the Worker does not count these. */}
        {earned.rsvpsByDay && <Fact name="RSVPs">{count(earned.rsvpsByDay)}</Fact>}
        {earned.unpaidByDay && <Fact name="Asked to pay (402)">{count(earned.unpaidByDay)}</Fact>}
      </dl>
      <Plots earned={earned} today={today} range={range} />
      <ByKey
        title="By tool, all time"
        heading="Tool"
        sums={earned.byTool}
        asked={earned.unpaidByTool ?? []}
        name={(key) => key}
      />
      <ByKey
        title="By event, all time"
        heading="Event"
        sums={earned.byEvent}
        asked={earned.unpaidByEvent ?? []}
        name={(key) => titles.get(key) ?? key}
      />
    </>
  );
}

function Plots({ earned, today, range }: { earned: Earned; today: string; range: number }) {
  const money = new Map(earned.byDay.map(({ key, revenueAtomic }) => [key, readAtomic(revenueAtomic)]));
  const paid = new Map(earned.byDay.map(({ key, payments }) => [key, BigInt(payments)]));
  const days = (known: ReadonlyMap<string, bigint>) => daysUntil(today, range, known);
  return (
    <div className="host-charts">
      <DayChart title="Revenue per day" tone="money" days={days(money)} format={dollarText} />
      {earned.rsvpsByDay && (
        <DayChart title="RSVPs per day" tone="count" days={days(counts(earned.rsvpsByDay))} format={String} />
      )}
      <DayChart title="Paid calls per day" tone="count" days={days(paid)} format={String} />
      {earned.unpaidByDay && (
        <DayChart
          title="Asked to pay per day (402 answers)"
          tone="asked"
          days={days(counts(earned.unpaidByDay))}
          format={String}
        />
      )}
    </div>
  );
}

type ByKeyProps = {
  title: string;
  heading: string;
  sums: readonly Sum[];
  asked: readonly Count[];
  name: (key: string) => string;
};

function ByKey({ title, heading, sums, asked, name }: ByKeyProps) {
  const rows = joined(sums, asked);
  const maxRevenue = largest(rows.map(({ revenue }) => revenue));
  const maxAsked = largest(rows.map((row) => BigInt(row.asked)));
  return (
    <Card title={title} level={3}>
      {rows.length === 0 ? (
        <Empty title="Nothing yet">No paid tool of your server was called yet.</Empty>
      ) : (
        <Table
          label={`${title}, table`}
          headings={[heading, "Revenue", { text: "Paid calls", isNumber: true }, "Asked to pay (402)"]}
        >
          {rows.map((row) => (
            <tr key={row.key}>
              <th scope="row" className="host-untrusted host-name">
                {name(row.key)}
              </th>
              <td>
                {dollarText(row.revenue)}
                <Share value={row.revenue} max={maxRevenue} tone="money" />
              </td>
              <td className="host-number">{row.payments}</td>
              <td>
                {row.asked}
                <Share value={BigInt(row.asked)} max={maxAsked} tone="asked" />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}

type Row = { key: string; revenue: bigint; payments: number; asked: number };

/** Sales and 402 answers by the same key, highest revenue first. */
function joined(sums: readonly Sum[], asked: readonly Count[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { key, payments, revenueAtomic } of sums) {
    rows.set(key, { key, revenue: readAtomic(revenueAtomic), payments, asked: 0 });
  }
  for (const { key, count: times } of asked) {
    rows.set(key, { ...(rows.get(key) ?? { key, revenue: 0n, payments: 0 }), asked: times });
  }
  return [...rows.values()].toSorted((a, b) =>
    a.revenue === b.revenue ? b.asked - a.asked : a.revenue < b.revenue ? 1 : -1,
  );
}

function todayInUtc(): string {
  return new Date().toISOString().slice(0, 10);
}

function counts(list: readonly Count[]): Map<string, bigint> {
  return new Map(list.map(({ key, count: times }) => [key, BigInt(times)]));
}

function count(list: readonly Count[]): number {
  return list.reduce((sum, { count: times }) => sum + times, 0);
}

function dollarText(atomic: bigint): string {
  return moneyText(toDollars(atomic));
}
