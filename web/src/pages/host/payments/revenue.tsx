// What the server has earned in the last days, by day, tool and event, from the price that was asked for to the money kept.
import { useState } from "react";
import type { OwnEvent, Revenue as Earned } from "../../../api/types";
import { readAtomic, toDollars } from "../../../base/amounts";
import { Money, moneyText } from "../../../parts";
import { Fact } from "../shared/fact";
import { useLive } from "../shared/live";
import { Loaded } from "../shared/loaded";
import { useLoad } from "../shared/use-load";
import * as api from "./api";
import { DayChart } from "./chart";
import { Funnel, Kept, StageRows, DayRows } from "./funnel";
import { daysUntil } from "./series";

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
  const titles = new Map(events.map(({ id, title }) => [id, title]));
  const period = earned.periods.find(({ days }) => days === range);
  if (period === undefined) return null;
  const kept = new Map(period.byDay.map(({ key, revenueAtomic }) => [key, readAtomic(revenueAtomic)]));
  return (
    <>
      <Kept period={period} />
      <DayChart title="Kept per day" days={daysUntil(today, range, kept)} format={dollarText} />
      <Funnel period={period} />
      <StageRows
        title="By event"
        heading="Event"
        rows={period.byEvent}
        name={(key) => titles.get(key) ?? key}
      />
      <StageRows title="By tool" heading="Tool" rows={period.byTool} name={(key) => key} />
      {period.byDay.length > 0 && <DayRows rows={period.byDay} />}
      <dl className="host-totals">
        <Fact name="Revenue, all time">
          <Money dollars={earned.total} />
        </Fact>
        <Fact name="Of that owed to guests">
          <Money dollars={earned.owed} />
        </Fact>
        <Fact name="Paid back, all time">
          <Money dollars={earned.refunded} />
        </Fact>
      </dl>
    </>
  );
}

function todayInUtc(): string {
  return new Date().toISOString().slice(0, 10);
}

function dollarText(atomic: bigint): string {
  return moneyText(toDollars(atomic));
}
