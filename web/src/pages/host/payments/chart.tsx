// A bar chart over days, with the same numbers as a table.
import { useId } from "react";
import { Table } from "../shared/table";
import { dayText, largest, permille, total, type Day } from "./series";

type Props = {
  title: string;
  days: readonly Day[];
  /** A value as text: "$0.05", "3". */
  format: (value: bigint) => string;
};

export function DayChart({ title, days, format }: Props) {
  const titleId = useId();
  const max = largest(days.map(({ value }) => value));
  const first = days[0];
  const last = days.at(-1);
  const best = days.find(({ value }) => value === max);
  const summary =
    max === 0n
      ? `${title}: nothing in ${days.length} days`
      : `${title}: ${format(total(days))} in ${days.length} days, most on ${dayText(best?.day ?? "")} with ${format(max)}`;
  return (
    <figure className="host-chart" aria-labelledby={titleId}>
      <figcaption>
        <span id={titleId} className="host-chart-title">
          {title}
        </span>
        <strong className="host-chart-total">{format(total(days))}</strong>
      </figcaption>
      <div className="host-chart-scale" aria-hidden="true">
        {max === 0n ? "Nothing in this time" : `at most ${format(max)} a day`}
      </div>
      <Bars days={days} max={max} summary={summary} format={format} />
      <div className="host-chart-axis" aria-hidden="true">
        <span>{dayText(first?.day ?? "")}</span>
        <span>{dayText(last?.day ?? "")}</span>
      </div>
      <Numbers title={title} days={days} format={format} />
    </figure>
  );
}

const STEP = 10;
const HEIGHT = 1000;

type BarsProps = Omit<Props, "title"> & { max: bigint; summary: string };

function Bars({ days, max, summary, format }: BarsProps) {
  return (
    <svg
      className="host-bars"
      role="img"
      aria-label={summary}
      viewBox={`0 0 ${days.length * STEP} ${HEIGHT}`}
      preserveAspectRatio="none"
    >
      {days.map(({ day, value }, index) => {
        const height = permille(value, max);
        return (
          <g key={day}>
            <title>{`${dayText(day)}: ${format(value)}`}</title>
            {/* The pointer may be anywhere in the column, not only on the bar. */}
            <rect className="host-column" x={index * STEP} y={0} width={STEP} height={HEIGHT} />
            <rect
              className="host-bar"
              x={index * STEP + 1}
              y={HEIGHT - height}
              width={STEP - 2}
              height={height}
            />
          </g>
        );
      })}
    </svg>
  );
}

function Numbers({ title, days, format }: Pick<Props, "title" | "days" | "format">) {
  return (
    <details className="host-numbers">
      <summary>Numbers</summary>
      <Table label={`${title}, newest day first`} headings={["Day (UTC)", { text: "Value", isNumber: true }]}>
        {days.toReversed().map(({ day, value }) => (
          <tr key={day}>
            <th scope="row">{dayText(day)}</th>
            <td className="host-number">{format(value)}</td>
          </tr>
        ))}
      </Table>
    </details>
  );
}

/** A bar beside a number: decoration, the number says the same. */
export function Share({ value, max }: { value: number; max: number }) {
  return (
    <svg className="host-share" aria-hidden="true" viewBox="0 0 1000 10" preserveAspectRatio="none">
      <rect className="host-column" x={0} y={0} width={1000} height={10} />
      <rect className="host-bar" x={0} y={0} width={permille(BigInt(value), BigInt(max))} height={10} />
    </svg>
  );
}
