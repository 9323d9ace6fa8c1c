// Texts about a stuck payment: what it was for, and the outcome of the host's decision. Pure.
import type { OwnPayment } from "../../../api/types";
import { moneyText, visible } from "../../../parts";
import type { Message } from "../shared/outcome";

/** What a payment is for, as text. */
export type SaleText = {
  /** “a seat at …” */
  name: string;
  /** “the seat is handed over” */
  whenPaid: string;
  /** “the seat is free again” */
  whenNotPaid: string;
};

export function saleOf({ tool, eventId }: OwnPayment, title: string | undefined): SaleText {
  if (tool === "rsvpToEvent" || eventId !== null) {
    const name = title === undefined ? "a seat at an event" : `a seat at “${visible(title)}”`;
    return { name, whenPaid: "the seat is handed over", whenNotPaid: "the seat is free again" };
  }
  if (tool === "retrieveSecret") {
    const whenNotPaid = "the secret is not handed over";
    return { name: "a secret", whenPaid: "the secret is handed over", whenNotPaid };
  }
  const whenNotPaid = "what it asked for is not handed over";
  return { name: `a call of ${tool}`, whenPaid: "what it asked for is handed over", whenNotPaid };
}

const HASH = /0x[0-9a-f]{64}(?![0-9a-f])/i;
/** Of a transaction on Solana: 64 bytes in base58, which are hardly ever fewer letters than these. */
const SIGNATURE = /(?<![0-9A-Za-z])[1-9A-HJ-NP-Za-km-z]{80,88}(?![0-9A-Za-z])/;

/** The hash or signature in a typed one or in a link of a block explorer. Other text stays, for the API to refuse. */
export function readTransaction(typed: string): string {
  return (HASH.exec(typed) ?? SIGNATURE.exec(typed))?.[0] ?? typed.trim();
}

/**
 * The outcome of the host's decision. The chain is asked first, so the outcome may differ from the decision;
 * `transaction` is what the host has named, null for "not paid".
 */
export function outcomeOf(line: OwnPayment, sale: SaleText, transaction: string | null): Message {
  const amount = `${moneyText(line.amount)} for ${sale.name}`;
  const because = line.reason === null ? "" : ` (${visible(line.reason)})`;
  switch (line.state) {
    case "delivered":
    case "settled": {
      const booked = `${amount}: the amount is booked, and ${sale.whenPaid}.`;
      if (transaction === null) {
        return {
          kind: "warn",
          text: `${booked} You said that it was not paid, but the chain shows that it was.`,
        };
      }
      if (line.txHash?.toLowerCase() === transaction.toLowerCase()) return { kind: "ok", text: booked };
      return {
        kind: "warn",
        text: `${booked} The chain shows that it was paid in another transaction: ${line.txHash ?? "unknown"}.`,
      };
    }
    case "failed":
    case "refused":
      return transaction === null
        ? { kind: "ok", text: `${amount}: ${sale.whenNotPaid}, and nothing is booked.` }
        : {
            kind: "warn",
            text: `${amount}: ${sale.whenNotPaid}. You said that it was paid, but the chain shows that it was not${because}.`,
          };
    default:
      return {
        kind: "warn",
        text: `${amount}: nothing was decided, because the chain can answer again${because}. Look again in a few minutes.`,
      };
  }
}
