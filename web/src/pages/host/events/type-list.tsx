// The ticket types of an event, as its host writes them.
import type { ReactNode } from "react";
import type { TicketTypeView } from "../../../api/types";
import { toAtomic } from "../../../base/amounts";
import { readMoney } from "../../../base/money-text";
import { TextField } from "../../../parts";
import { MomentField } from "../shared/moment-field";
import { toMoment, toWall } from "../shared/zones";
import { DraftList } from "./draft-list";

/** What is typed; `earlyUntil` is a wall-clock time of the event's zone. */
export type TypeDraft = {
  key: number;
  id: string | null;
  name: string;
  description: string;
  price: string;
  seats: string;
  earlyPrice: string;
  earlyUntil: string;
};

/** A type as it is sent. */
export type SentType = {
  id?: string;
  name: string;
  description: string;
  price: string;
  seats: number;
  earlyPrice?: string;
  earlyUntil?: string;
};

/** `isCopy`: of another event, so that the ids mean nothing. */
export function typeDraftsOf(
  types: readonly TicketTypeView[],
  timeZone: string,
  isCopy: boolean,
): TypeDraft[] {
  return types.map((type, key) => ({
    key,
    id: isCopy ? null : type.id,
    name: type.name,
    description: type.description,
    price: type.regularPrice,
    seats: type.seats === 0 ? "" : String(type.seats),
    earlyPrice: type.earlyPrice ?? "",
    earlyUntil: type.earlyUntil === undefined ? "" : toWall(type.earlyUntil, timeZone),
  }));
}

/** The types as they are sent, or what is wrong with one. */
export function readTypes(
  drafts: readonly TypeDraft[],
  timeZone: string,
): { value: SentType[] } | { fault: string } {
  const value: SentType[] = [];
  for (const draft of drafts) {
    const name = draft.name.trim();
    if (name === "") return { fault: "Give each ticket a name, or remove it" };
    const [price, early] = [readMoney(draft.price), readMoney(draft.earlyPrice)];
    if (price === null || toAtomic(price) === null)
      return { fault: `“${name}” needs a price such as 5 or 0.05` };
    if (!/^\d{0,7}$/.test(draft.seats.trim())) return { fault: `“${name}”: seats must be a whole number` };
    const type: SentType = {
      ...(draft.id === null ? {} : { id: draft.id }),
      name,
      description: draft.description.trim(),
      price,
      seats: Number(draft.seats.trim()),
    };
    if (draft.earlyPrice.trim() !== "" || draft.earlyUntil !== "") {
      const until = toMoment(draft.earlyUntil, timeZone);
      const isMoment = until.kind === "once" || until.kind === "twice";
      if (early === null || !isMoment) return { fault: `“${name}” needs both an early price and until when` };
      if ((toAtomic(early) ?? 0n) >= (toAtomic(price) ?? 0n))
        return { fault: `The early price of “${name}” must be lower than its price` };
      type.earlyPrice = early;
      type.earlyUntil = until.utc;
    }
    value.push(type);
  }
  return { value };
}

/** What the tickets cost at `now` (milliseconds since 1970), as it is typed. */
export function typedPrices(drafts: readonly TypeDraft[], timeZone: string, now: number): string[] {
  return drafts.map(({ price, earlyPrice, earlyUntil }) => {
    const until = toMoment(earlyUntil, timeZone);
    const isEarly = "utc" in until && now < Date.parse(until.utc);
    return isEarly && earlyPrice.trim() !== "" ? earlyPrice : price;
  });
}

type Props = {
  drafts: readonly TypeDraft[];
  change: (drafts: TypeDraft[]) => void;
  error: string | undefined;
  /** That of the times. */
  timeZone: string;
};

const EMPTY = { id: null, name: "", description: "", price: "", seats: "", earlyPrice: "", earlyUntil: "" };

export function TypeList(props: Props) {
  return (
    <DraftList
      {...props}
      legend="Tickets at other prices"
      hideLegend
      hint={
        props.drafts.length === 0
          ? "Without any, every seat has the price above. Add one for an early price, too."
          : "Each ticket has its own price. To have one price for all, remove them."
      }
      name="Ticket"
      empty={(key) => ({ key, ...EMPTY })}
    >
      {(draft, set, remove) => (
        <TypeFields draft={draft} set={set} remove={remove} timeZone={props.timeZone} />
      )}
    </DraftList>
  );
}

type TypeProps = {
  draft: TypeDraft;
  set: (more: Partial<TypeDraft>) => void;
  remove: ReactNode;
  timeZone: string;
};

function TypeFields({ draft, set, remove, timeZone }: TypeProps) {
  return (
    <>
      <div className="host-pair">
        <TextField
          label="Name of the ticket"
          maxLength={60}
          placeholder="Student"
          value={draft.name}
          onChange={(name) => set({ name })}
        />
        <TextField
          label="Its price in dollars"
          inputMode="decimal"
          hint="0 for free"
          value={draft.price}
          onChange={(price) => set({ price })}
        />
      </div>
      <div className="host-pair">
        <TextField
          label="What it is (optional)"
          maxLength={200}
          value={draft.description}
          onChange={(description) => set({ description })}
        />
        <TextField
          label="How many (optional)"
          inputMode="numeric"
          hint="Empty: as many as the event has seats"
          value={draft.seats}
          onChange={(seats) => set({ seats })}
        />
      </div>
      <div className="host-pair">
        <TextField
          label="Early price (optional)"
          inputMode="decimal"
          value={draft.earlyPrice}
          onChange={(earlyPrice) => set({ earlyPrice })}
        />
        <MomentField
          label="Early until (optional)"
          timeZone={timeZone}
          value={draft.earlyUntil}
          onChange={(earlyUntil) => set({ earlyUntil })}
        />
      </div>
      <div className="row">{remove}</div>
    </>
  );
}
