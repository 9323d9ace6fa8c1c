export { containsSecret } from "./secrets";
export { setSigner } from "./signer";
export * from "./state";
export * from "./store";
