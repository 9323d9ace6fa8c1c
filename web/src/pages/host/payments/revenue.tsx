// What the door has earned, over time and by what; 402 answers stand apart from sales.
import { useMemo, useState, type ReactNode } from "react";
import type { Count, OwnEvent, Revenue as Earned, Sum } from "../../../api/types";
import { Button, Card, Empty, Money, moneyText } from "../../../parts";
import { readAtomic, toDollars } from "../../../base/amounts";
import * as api from "../api";
import { DayChart, Share } from "./chart";
import { daysUntil, largest } from "./series";
import { useHost } from "../access/session";
import { Loading, Trouble } from "../shared/trouble";
import { useLoad } from "../shared/use-load";

const RANGES = [7, 30, 90] as const;

/** The section. */
export function Revenue({ events }: { events: readonly OwnEvent[] }) {
  const { run } = useHost();
  const ask = useMemo(() => async () => ({ earned: await run(api.revenue), today: todayInUtc() }), [run]);
  const { value, error, busy, reload } = useLoad(ask);
  const [range, setRange] = useState<number>(30);
  return (
    <>
      <div className="row">
        <Ranges range={range} choose={setRange} />
        <Button onClick={reload} busy={busy}>
          Refresh
        </Button>
      </div>
      {error !== null && <Trouble error={error} retry={reload} />}
      {value === null && error === null && <Loading what="Adding up…" />}
      {value !== null && <Sums {...value} range={range} events={events} />}
    </>
  );
}

function Ranges({ range, choose }: { range: number; choose: (days: number) => void }) {
  return (
    <fieldset className="mm-ranges">
      <legend className="visually-hidden">Time shown</legend>
      {RANGES.map((days) => (
        <label key={days}>
          <input type="radio" name="mm-range" checked={range === days} onChange={() => choose(days)} />
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
      <dl className="mm-totals">
        <Total name="Revenue, all time">
          <Money dollars={earned.total} />
        </Total>
        <Total name="Paid calls">{sold}</Total>
        {/* A back end of before may not count these yet. */}
        {earned.rsvpsByDay && <Total name="RSVPs">{count(earned.rsvpsByDay)}</Total>}
        {earned.unpaidByDay && <Total name="Asked to pay (402)">{count(earned.unpaidByDay)}</Total>}
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

function Total({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Plots({ earned, today, range }: { earned: Earned; today: string; range: number }) {
  const money = new Map(earned.byDay.map(({ key, revenueAtomic }) => [key, readAtomic(revenueAtomic)]));
  const paid = new Map(earned.byDay.map(({ key, payments }) => [key, BigInt(payments)]));
  const days = (known: ReadonlyMap<string, bigint>) => daysUntil(today, range, known);
  return (
    <div className="mm-charts">
      <DayChart title="Revenue per day" tone="money" days={days(money)} inWords={inDollars} />
      {earned.rsvpsByDay && (
        <DayChart
          title="RSVPs per day"
          tone="count"
          days={days(counts(earned.rsvpsByDay))}
          inWords={String}
        />
      )}
      <DayChart title="Paid calls per day" tone="count" days={days(paid)} inWords={String} />
      {earned.unpaidByDay && (
        <DayChart
          title="Asked to pay per day (402 answers)"
          tone="asked"
          days={days(counts(earned.unpaidByDay))}
          inWords={String}
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
        <Empty title="Nothing yet">Nobody has called a paid tool of this door so far.</Empty>
      ) : (
        <div className="mm-scroll" role="region" aria-label={`${title}, table`} tabIndex={0}>
          <table className="mm-table">
            <thead>
              <tr>
                <th scope="col">{heading}</th>
                <th scope="col">Revenue</th>
                <th scope="col" className="mm-number">
                  Paid calls
                </th>
                <th scope="col">Asked to pay (402)</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.key}>
                  <th scope="row" className="mm-stranger mm-name">
                    {name(row.key)}
                  </th>
                  <td>
                    {inDollars(row.revenue)}
                    <Share value={row.revenue} max={maxRevenue} tone="money" />
                  </td>
                  <td className="mm-number">{row.payments}</td>
                  <td>
                    {row.asked}
                    <Share value={BigInt(row.asked)} max={maxAsked} tone="asked" />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}

type Row = { key: string; revenue: bigint; payments: number; asked: number };

/** Sales and 402 answers under the same headings, the best first. */
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

function inDollars(atomic: bigint): string {
  return moneyText(toDollars(atomic));
}
