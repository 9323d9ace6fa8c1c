// The choice of a ticket type, if the event has several.
import { useState } from "react";
import type { EventView, TicketTypeView } from "../../api/types";
import { eventTime, moneyText, priceText } from "../../parts";

export type TypeChoice = {
  types: readonly TicketTypeView[];
  /** The chosen one; null if all seats have one price. */
  chosen: TicketTypeView | null;
  choose: (id: string) => void;
  /** What goes to the host. */
  read: () => { ticketType?: string };
};

/** `begun`: the arguments of a purchase that has begun, whose type is the chosen one also after a reload. */
export function useTicketType(
  { types }: EventView,
  begun: Readonly<Record<string, unknown>> | null,
): TypeChoice {
  const [id, choose] = useState<string | null>(null);
  const free = types.find((type) => type.seatsLeft !== 0);
  const named = types.find(({ name }) => name === begun?.["ticketType"]);
  const chosen = named ?? types.find((type) => type.id === id) ?? free ?? types[0] ?? null;
  return { types, chosen, choose, read: () => (chosen === null ? {} : { ticketType: chosen.name }) };
}

/** The event as it is for a type: its price, and the seats that are left. */
export function asOf(event: EventView, { chosen }: TypeChoice): EventView {
  if (chosen === null) return event;
  const { price, priceAtomic } = chosen;
  const left = [event.seatsLeft, chosen.seatsLeft].filter((seats) => seats !== null);
  return { ...event, price, priceAtomic, seatsLeft: left.length > 0 ? Math.min(...left) : null };
}

type Props = { choice: TypeChoice; timeZone: string; disabled: boolean };

export function TypeFields({ choice, timeZone, disabled }: Props) {
  const { types, chosen, choose } = choice;
  if (types.length < 2) return null;
  return (
    <fieldset className="stack-tight">
      <legend className="visually-hidden">Ticket</legend>
      <div className="sheet-label" aria-hidden="true">
        <strong>Ticket</strong>
      </div>
      <div className="type-rows">
        {types.map((type) => (
          <label key={type.id} className="type-row">
            <input
              type="radio"
              name="ticket-type"
              checked={type.id === chosen?.id}
              disabled={disabled || type.seatsLeft === 0}
              onChange={() => choose(type.id)}
            />
            <span className="type-text">
              <strong>{type.name}</strong>
              {type.description !== "" && <span className="second">{type.description}</span>}
              {noteOf(type, timeZone) !== null && <span className="second">{noteOf(type, timeZone)}</span>}
            </span>
            <span className="type-price">{priceText(type.price)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function noteOf(type: TicketTypeView, timeZone: string): string | null {
  if (type.seatsLeft === 0) return "Sold out";
  if (type.price !== type.regularPrice && type.earlyUntil !== undefined) {
    const until = eventTime(type.earlyUntil, timeZone);
    return `Until ${until ?? type.earlyUntil}, then ${moneyText(type.regularPrice)}`;
  }
  return type.seatsLeft === null ? null : `${type.seatsLeft} left`;
}
