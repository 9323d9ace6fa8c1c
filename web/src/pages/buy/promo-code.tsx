// A promo code, for who has one. The server names the price that it makes before anything is signed.
import { useState, type FormEvent } from "react";
import { ApiError, messageOf } from "../../api/http";
import type { EventView } from "../../api/types";
import { toDollars } from "../../base/amounts";
import { isObject, parseJson, textOf } from "../../base/object";
import { readStored, removeStored, writeStored } from "../../base/storage";
import { Button, Icon, TextField, priceText } from "../../parts";
import { readSeatPrice, type EventOffer } from "../../purchase/offers";
import { refusalInWords } from "../../purchase/words";

/** A code, and what a seat costs with it, in the smallest unit. */
type Used = { eventId: string; code: string; ticketType: string | null; price: string };

export type Promo = {
  used: Used | null;
  typed: string | null;
  isAsking: boolean;
  error: string | null;
  type: (code: string | null) => void;
  apply: () => void;
  remove: () => void;
  /** What goes to the host. */
  read: () => { promoCode?: string };
};

/** What was used stays for a reload of this tab, in which the purchase goes on. */
const KEY = "events-concierge.promo";

/** `ticketType`: the chosen one; a code makes another price for each. `wallet`: a seat may be held for it. */
export function usePromo(
  offer: EventOffer,
  scope: string,
  ticketType: string | null,
  wallet: string | null,
): Promo {
  const eventId = offer.event.id;
  const [kept, setKept] = useState(stored);
  const [typed, type] = useState<string | null>(null);
  const [isAsking, setIsAsking] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const used = kept?.eventId === eventId && kept.ticketType === ticketType ? kept : null;
  const ask = async () => {
    const code = (typed ?? "").trim();
    if (isAsking || code === "") return;
    setIsAsking(true);
    setError(null);
    try {
      const wanted = { promoCode: code, ...(ticketType === null ? {} : { ticketType }) };
      const price = await readSeatPrice(scope, offer, {
        ...wanted,
        ...(wallet === null ? {} : { walletAddress: wallet }),
      });
      const next = { eventId, code, ticketType, price: price.toString() };
      writeStored(KEY, JSON.stringify(next), "sessionStorage");
      setKept(next);
    } catch (reason) {
      const isRefused = reason instanceof ApiError && reason.status > 0;
      setError(isRefused ? refusedInWords(reason) : messageOf(reason));
    } finally {
      setIsAsking(false);
    }
  };
  return {
    used,
    typed: typed ?? (kept?.eventId === eventId ? kept.code : null),
    isAsking,
    error,
    type,
    apply: () => void ask(),
    remove: () => {
      removeStored(KEY, "sessionStorage");
      setKept(null);
      type(null);
    },
    read: () => (used === null ? {} : { promoCode: used.code }),
  };
}

/** The server's words, without whether money moved in its way of saying it. */
function refusedInWords({ code, detail }: ApiError): string {
  return refusalInWords(code, detail.replace(/ No money was moved\.$/, ""), "no");
}

/** The event as it is with the code: its price. */
export function withCode(event: EventView, { used }: Promo): EventView {
  return used === null ? event : { ...event, price: toDollars(BigInt(used.price)), priceAtomic: used.price };
}

export function PromoCode({ promo, disabled }: { promo: Promo; disabled: boolean }) {
  const { used, typed, isAsking, error, type, apply, remove } = promo;
  if (used !== null) {
    const each = priceText(toDollars(BigInt(used.price)));
    return (
      <p className="row" role="status">
        <span className="with-icon">
          <Icon name="check" /> Code {used.code.toUpperCase()}:{" "}
          {used.price === "0" ? "a free seat" : `${each} a seat`}
        </span>
        <button type="button" className="text-button" disabled={disabled} onClick={remove}>
          Remove the code
        </button>
      </p>
    );
  }
  if (typed === null) {
    return (
      <p>
        <button type="button" className="text-button" disabled={disabled} onClick={() => type("")}>
          Have a code?
        </button>
      </p>
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    apply();
  };
  return (
    <form className="promo-code" onSubmit={submit}>
      <TextField
        label="Promo code"
        hideLabel
        placeholder="Promo code"
        maxLength={30}
        value={typed}
        onChange={type}
        error={error}
        disabled={disabled}
      />
      <Button type="submit" busy={isAsking} disabled={disabled}>
        Use the code
      </Button>
    </form>
  );
}

function stored(): Used | null {
  const value = parseJson(readStored(KEY, "sessionStorage"));
  const [eventId, code, price] = ["eventId", "code", "price"].map((name) => textOf(value, name));
  if (!isObject(value) || eventId === undefined || code === undefined) return null;
  if (price === undefined || !/^\d{1,20}$/.test(price)) return null;
  return { eventId, code, ticketType: textOf(value, "ticketType") ?? null, price };
}
