// Dollars as text, and USDC in its smallest unit as bigint. No float touches money.

const DECIMALS = 6;

/** A decimal text such as `0.05` in the smallest unit; null if it is not one. */
export function toAtomic(dollars: string): bigint | null {
  if (!/^\d{1,9}(\.\d{1,6})?$/.test(dollars)) return null;
  const [whole = "", fraction = ""] = dollars.split(".");
  return BigInt(whole + fraction.padEnd(DECIMALS, "0"));
}

/** The smallest unit as dollars with at least two digits after the point: `0.05`, `12.00`. */
export function toDollars(atomic: bigint): string {
  const sign = atomic < 0n ? "-" : "";
  const digits = (atomic < 0n ? -atomic : atomic).toString().padStart(DECIMALS + 1, "0");
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, "").padEnd(2, "0");
  return `${sign}${digits.slice(0, -DECIMALS)}.${fraction}`;
}

/** An amount in the smallest unit as the API sends it; 0 if it is not a number. */
export function readAtomic(text: string): bigint {
  return /^-?\d{1,30}$/.test(text) ? BigInt(text) : 0n;
}
