// Small judgements of the doctor.

/** Below this a relayer's next settlement may fail: about a hundred transfers on a cheap network. */
export const LEAST_COIN_WEI = 100_000_000_000_000n;

/** Whether a facilitator's list holds `exact` on a network, in either version of x402. */
export function facilitatorKinds(kinds, { network, v1 }) {
  const isOf = (kind) => kind?.network === network || kind?.network === v1;
  return kinds.some((kind) => kind?.scheme === "exact" && isOf(kind));
}
