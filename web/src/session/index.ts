export { containsSecret } from "./secrets";
export { setSigner, signerFor } from "./signer";
export * from "./state";
export * from "./store";
export { knownTickets, type KnownTicket } from "./tickets";
export { withoutSecrets } from "./wire";
