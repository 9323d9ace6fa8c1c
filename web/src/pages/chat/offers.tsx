import type { ReactNode } from "react";
import { Empty, useIsPhone } from "../../parts";
import { isObject } from "../../base/object";

const OFFERS_MAX = 100;

type Props = {
  /** Untrusted: items that are no objects are left out. */
  items: readonly unknown[];
  /** "event". */
  noun: string;
  empty: string;
  children: (item: Record<string, unknown>, place: number) => ReactNode;
};

/** The offers of a server, each as a card. */
export function Offers({ items, noun, empty, children }: Props) {
  const isPhone = useIsPhone();
  const shown = items.filter(isObject).slice(0, OFFERS_MAX);
  if (shown.length === 0) return <Empty title={empty} />;
  const label = shown.length === 1 ? `1 ${noun}` : `${shown.length} ${noun}s`;
  return (
    // On a phone the cards scroll, also by keyboard where none of them has a button.
    <div
      className="events"
      role="group"
      aria-label={label}
      tabIndex={isPhone && shown.length > 1 ? 0 : undefined}
    >
      {shown.map(children)}
    </div>
  );
}
