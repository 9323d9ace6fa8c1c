// How many seats are bought at once, and the names of the guests who come along.
import { useState } from "react";
import type { EventView } from "../../api/types";
import { Icon, TextField } from "../../parts";
import type { Asks } from "../../purchase/offers";
import { seatsText } from "../../purchase/seats";

/** What the server sells at once. */
const MOST = 10;
/** What a wallet that is new to the host gets of a free event. */
const MOST_FREE = 2;

export type Seats = {
  count: number;
  most: number;
  /** The names of the other guests, in order; empty if it was not said. */
  names: readonly string[];
  set: (count: number) => void;
  setName: (index: number, name: string) => void;
  /** What goes to the host. One seat is not said, because that is what everybody sells. */
  read: (buyer: string | undefined) => Record<string, unknown>;
};

export function useSeats(event: EventView): Seats {
  const atOnce = event.priceAtomic === "0" ? MOST_FREE : MOST;
  const most = Math.min(atOnce, event.seatsLeft ?? atOnce);
  const [chosen, set] = useState(1);
  const [names, setNames] = useState<readonly string[]>([]);
  const count = Math.max(1, Math.min(chosen, most));
  return {
    count,
    most,
    names,
    set,
    setName: (index, name) =>
      setNames(Array.from({ length: MOST }, (_, at) => (at === index ? name : (names[at] ?? "")))),
    read: (buyer) => {
      if (count === 1) return {};
      const others = names.slice(0, count - 1).map((name) => name.trim());
      const isNamed = others.some((name) => name !== "");
      return isNamed ? { seats: count, names: [buyer ?? "", ...others] } : { seats: count };
    },
  };
}

export function SeatStepper({ seats, disabled }: { seats: Seats; disabled: boolean }) {
  const { count, most, set } = seats;
  if (most < 2) return null;
  return (
    <div className="seat-stepper" role="group" aria-label="Number of seats">
      <strong>Seats</strong>
      <span className="seat-steps">
        <button
          type="button"
          className="seat-step"
          aria-label="One seat less"
          disabled={disabled || count <= 1}
          onClick={() => set(count - 1)}
        >
          <span aria-hidden="true">−</span>
        </button>
        <output className="seat-count" aria-live="polite" aria-label={seatsText(count)}>
          {count}
        </output>
        <button
          type="button"
          className="seat-step"
          aria-label="One seat more"
          disabled={disabled || count >= most}
          onClick={() => set(count + 1)}
        >
          <Icon name="plus" />
        </button>
      </span>
    </div>
  );
}

/** A field for the name of each guest who comes along. */
export function CompanionFields({ seats, asks, disabled }: { seats: Seats; asks: Asks; disabled: boolean }) {
  if (seats.count === 1 || asks === "notAsked") return null;
  const others = Array.from({ length: seats.count - 1 }, (_, index) => index);
  return (
    <fieldset className="stack-tight">
      <legend className="visually-hidden">Who comes with you?</legend>
      <div className="sheet-label" aria-hidden="true">
        <strong>Who comes with you?</strong>
        <span className="second">Optional</span>
      </div>
      <div className="guest-fields">
        {others.map((index) => (
          <TextField
            key={index}
            label={`Name of guest ${index + 2} (optional)`}
            hideLabel
            placeholder={`Guest ${index + 2}`}
            maxLength={200}
            value={seats.names[index] ?? ""}
            onChange={(name) => seats.setName(index, name)}
            disabled={disabled}
          />
        ))}
      </div>
    </fieldset>
  );
}
