export { useBalance } from "./balance";
export { containsSecret } from "./secrets";
export { setSigner, signerFor } from "./signer";
export * from "./state";
export * from "./store";
export { forgetTicket, hasArrived, knownTickets, type KnownTicket } from "./tickets";
export { withoutSecrets } from "./wire";
