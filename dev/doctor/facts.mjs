// Small judgements of the doctor.

/** Below this a relayer's next settlement may fail: about a hundred transfers on a cheap network. */
export const LEAST_COIN_WEI = 100_000_000_000_000n;

const V1_NAMES = { 8453: "base", 84532: "base-sepolia", 137: "polygon", 80002: "polygon-amoy", 43114: "avalanche", 43113: "avalanche-fuji", 1329: "sei", 1328: "sei-testnet" };

/** Whether a facilitator's list holds `exact` on a network, in either version of x402. */
export function facilitatorKinds(kinds, { network, chain }) {
  const isOf = (kind) => kind?.network === network || kind?.network === V1_NAMES[chain.id];
  return kinds.some((kind) => kind?.scheme === "exact" && isOf(kind));
}
