// A small bar chart over days, with the same numbers as text for who does not see it.
import { useId } from "react";
import { dayInWords, largest, permille, total, type Day } from "./series";

type Props = {
  title: string;
  /** What the bars are drawn in: money and counts look different. */
  tone: "money" | "count" | "asked";
  days: readonly Day[];
  /** A value for people: "$0.05", "3". */
  inWords: (value: bigint) => string;
};

/** One value for each day. */
export function DayChart({ title, tone, days, inWords }: Props) {
  const titleId = useId();
  const max = largest(days.map(({ value }) => value));
  const first = days[0];
  const last = days.at(-1);
  const best = days.find(({ value }) => value === max);
  const summary =
    max === 0n
      ? `${title}: nothing in ${days.length} days`
      : `${title}: ${inWords(total(days))} in ${days.length} days, most on ${dayInWords(best?.day ?? "")} with ${inWords(max)}`;
  return (
    <figure className="mm-chart" aria-labelledby={titleId}>
      <figcaption>
        <span id={titleId} className="mm-chart-title">
          {title}
        </span>
        <strong className="mm-chart-total">{inWords(total(days))}</strong>
      </figcaption>
      <div className="mm-chart-scale" aria-hidden="true">
        {max === 0n ? "Nothing in this time" : `at most ${inWords(max)} a day`}
      </div>
      <Bars days={days} max={max} tone={tone} summary={summary} inWords={inWords} />
      <div className="mm-chart-axis" aria-hidden="true">
        <span>{dayInWords(first?.day ?? "")}</span>
        <span>{dayInWords(last?.day ?? "")}</span>
      </div>
      <Numbers title={title} days={days} inWords={inWords} />
    </figure>
  );
}

const STEP = 10;
const HEIGHT = 1000;

type BarsProps = Omit<Props, "title"> & { max: bigint; summary: string };

function Bars({ days, max, tone, summary, inWords }: BarsProps) {
  return (
    <svg
      className={`mm-bars mm-${tone}`}
      role="img"
      aria-label={summary}
      viewBox={`0 0 ${days.length * STEP} ${HEIGHT}`}
      preserveAspectRatio="none"
    >
      {days.map(({ day, value }, index) => {
        const height = permille(value, max);
        return (
          <g key={day}>
            <title>{`${dayInWords(day)}: ${inWords(value)}`}</title>
            {/* The whole column answers to the pointer, not only the bar. */}
            <rect className="mm-column" x={index * STEP} y={0} width={STEP} height={HEIGHT} />
            <rect
              className="mm-bar"
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

function Numbers({ title, days, inWords }: Pick<Props, "title" | "days" | "inWords">) {
  return (
    <details className="mm-numbers">
      <summary>Numbers</summary>
      <div className="mm-scroll" role="region" aria-label={`${title}, table`} tabIndex={0}>
        <table className="mm-table">
          <caption className="visually-hidden">{title}, newest day first</caption>
          <thead>
            <tr>
              <th scope="col">Day (UTC)</th>
              <th scope="col" className="mm-number">
                Value
              </th>
            </tr>
          </thead>
          <tbody>
            {days.toReversed().map(({ day, value }) => (
              <tr key={day}>
                <th scope="row">{dayInWords(day)}</th>
                <td className="mm-number">{inWords(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** A bar beside a number in a table; says nothing that the number does not say. */
export function Share({ value, max, tone }: { value: bigint; max: bigint; tone: "money" | "asked" }) {
  return (
    <svg
      className={`mm-share mm-${tone}`}
      aria-hidden="true"
      viewBox="0 0 1000 10"
      preserveAspectRatio="none"
    >
      <rect className="mm-column" x={0} y={0} width={1000} height={10} />
      <rect className="mm-bar" x={0} y={0} width={permille(value, max)} height={10} />
    </svg>
  );
}
