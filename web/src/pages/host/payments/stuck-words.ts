// What a payment was for, and what came of a host's word on it, in words. Pure.
import type { OwnPayment } from "../../../api/types";
import { moneyText, visible } from "../../../parts";
import type { Words } from "../shared/outcome";

/** What somebody wanted to buy. */
export type Sold = {
  /** “a seat at …” */
  name: string;
  /** What follows if it was paid, and if it was not: “the seat is free again”. */
  whenPaid: string;
  whenNotPaid: string;
};

/** What the payment was for. */
export function soldInWords({ tool, eventId }: OwnPayment, title: string | undefined): Sold {
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

/** A transaction's hash, also out of its address in a block explorer; what is neither stays for the server to refuse. */
export function readTransaction(typed: string): string {
  return /0x[0-9a-f]{64}(?![0-9a-f])/i.exec(typed)?.[0] ?? typed.trim();
}

/**
 * What became of the payment. The chain is asked once more before the host's word counts, so it may be something else
 * than what the host said; `transaction` is what they named, null if they said that it was not paid.
 */
export function outcomeInWords(line: OwnPayment, sold: Sold, transaction: string | null): Words {
  const amount = `${moneyText(line.amount)} for ${sold.name}`;
  const because = line.reason === null ? "" : ` (${visible(line.reason)})`;
  switch (line.state) {
    case "delivered":
    case "settled": {
      const booked = `${amount}: the amount is booked, and ${sold.whenPaid}.`;
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
        ? { kind: "ok", text: `${amount}: ${sold.whenNotPaid}, and nothing is booked.` }
        : {
            kind: "warn",
            text: `${amount}: ${sold.whenNotPaid}. You said that it was paid, but the chain shows that it was not${because}.`,
          };
    default:
      return {
        kind: "warn",
        text: `${amount}: nothing was decided, because the chain has something to say again${because}. Look once more in a few minutes.`,
      };
  }
}
