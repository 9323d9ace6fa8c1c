import { useLayoutEffect, useRef, type ReactNode } from "react";

type Heading = string | { text: string; isNumber: true };

type Props = {
  /** Names the scrolling region, and the table if `hasCaption`. */
  label: string;
  hasCaption?: boolean;
  headings: readonly Heading[];
  /** The rows. */
  children: ReactNode;
};

/** A table in a box that scrolls sideways. On a phone its rows are blocks, and each cell says what it is. */
export function Table({ label, hasCaption = false, headings, children }: Props) {
  const body = useRef<HTMLTableSectionElement>(null);
  useLayoutEffect(() => {
    for (const cell of body.current?.querySelectorAll("td") ?? []) {
      const heading = headings[cell.cellIndex];
      const text = typeof heading === "string" ? heading : heading?.text;
      if (text !== undefined && text !== "" && cell.colSpan === 1) cell.dataset["label"] = text;
    }
  });
  return (
    <div className="host-scroll" role="region" aria-label={label} tabIndex={0}>
      <table className="host-table">
        {hasCaption && <caption className="visually-hidden">{label}</caption>}
        <thead>
          <tr>
            {headings.map((heading) => {
              const text = typeof heading === "string" ? heading : heading.text;
              return (
                <th
                  key={text}
                  scope="col"
                  className={typeof heading === "string" ? undefined : "host-number"}
                >
                  {text}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody ref={body}>{children}</tbody>
      </table>
    </div>
  );
}
