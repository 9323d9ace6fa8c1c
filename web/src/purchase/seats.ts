// Seats in words.
import { isObject } from "../base/object";

/** How many seats the arguments of a call ask for. */
export function seatsOf(call: unknown): number {
  const seats = isObject(call) ? call["seats"] : undefined;
  return typeof seats === "number" && Number.isInteger(seats) && seats > 1 ? seats : 1;
}

export function seatsText(count: number): string {
  return count === 1 ? "1 seat" : `${count} seats`;
}
