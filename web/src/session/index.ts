export { hold, isSame, useHeldWallet, walletFor } from "./keys";
export { isObject, numberOf, textOf } from "./read";
export { holdsOne } from "./secrets";
export * from "./state";
export * from "./store";
