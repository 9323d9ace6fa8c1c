// From asked to kept: how many of the calls that got a price were paid, and what was kept of that.
import type { Period, Stages } from "../../../api/types";
import { readAtomic } from "../../../base/amounts";
import { Card, Empty, moneyText } from "../../../parts";
import { Table } from "../shared/table";
import { Share } from "./chart";
import { changeText, dayText, percent } from "./series";

/** What was kept, and how much more or less that is than in the days before. */
export function Kept({ period }: { period: Period }) {
  const now = readAtomic(period.now.revenueAtomic);
  return (
    <div className="host-kept">
      <p className="second">Kept in {period.days} days</p>
      <p className="host-kept-sum">{moneyText(period.now.revenue)}</p>
      <p className="second">{changeText(now, readAtomic(period.before.revenueAtomic), period.days)}</p>
    </div>
  );
}

export function Funnel({ period }: { period: Period }) {
  const { asked, paid, kept } = period.now;
  return (
    <Card title="From asked to kept" level={3}>
      <ol className="host-stages">
        <Stage name="Asked for the price" count={asked} of={asked} note="calls that got a price" />
        <Stage name="Paid" count={paid} of={asked} note={`${percent(paid, asked)} of those asked`} />
        <Stage name="Kept" count={kept} of={asked} note={`${percent(kept, paid)} of those paid`} />
      </ol>
      <ul className="second">
        <li>{asked - paid} asked and did not pay.</li>
        <li>
          {paid - kept} paid and were not kept: the money went back, or the network dropped the payment.
        </li>
        {period.ownPayments > 0 && (
          <li>
            Your own wallet paid {moneyText(period.ownRevenue)} in {times(period.ownPayments)}. No other
            figure here has that.
          </li>
        )}
      </ul>
    </Card>
  );
}

const RATE = { text: "Rate", isNumber: true } as const;
const KEPT = { text: "Kept", isNumber: true } as const;

type StageProps = { name: string; count: number; of: number; note: string };

function Stage({ name, count, of, note }: StageProps) {
  return (
    <li>
      <span className="host-stage-name">{name}</span>
      <strong>{count}</strong>
      <Share value={count} max={of} />
      <span className="second">{note}</span>
    </li>
  );
}

type RowsProps = {
  title: string;
  heading: string;
  rows: readonly Stages[];
  name: (key: string) => string;
};

/** The stages by what was asked for, most kept first. */
export function StageRows({ title, heading, rows, name }: RowsProps) {
  return (
    <Card title={title} level={3}>
      {rows.length === 0 ? (
        <Empty title="Nothing yet">Nobody has asked for a price in this time.</Empty>
      ) : (
        <Rows label={`${title}, table`} heading={heading} rows={rows.toSorted(byRevenue)} name={name} />
      )}
    </Card>
  );
}

/** The stages by day, newest first. */
export function DayRows({ rows }: { rows: readonly Stages[] }) {
  return (
    <details className="host-numbers">
      <summary>Day by day</summary>
      <Rows label="By day, newest first" heading="Day (UTC)" rows={rows.toReversed()} name={dayText} />
    </details>
  );
}

function Rows({ label, heading, rows, name }: Omit<RowsProps, "title"> & { label: string }) {
  return (
    <Table label={label} headings={[heading, "Paid of asked", RATE, KEPT]}>
      {rows.map(({ key, asked, paid, revenue }) => (
        <tr key={key}>
          <th scope="row" className="host-untrusted host-name">
            {name(key)}
          </th>
          <td>
            {paid} of {asked}
            <Share value={paid} max={asked} />
          </td>
          <td className="host-number">{percent(paid, asked)}</td>
          <td className="host-number">{moneyText(revenue)}</td>
        </tr>
      ))}
    </Table>
  );
}

function byRevenue(one: Stages, other: Stages): number {
  const [a, b] = [readAtomic(one.revenueAtomic), readAtomic(other.revenueAtomic)];
  return a === b ? other.asked - one.asked : a < b ? 1 : -1;
}

function times(count: number): string {
  return count === 1 ? "1 payment" : `${count} payments`;
}
