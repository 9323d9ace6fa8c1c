export { hold, isSame, useHeldWallet, walletFor } from "./keys";
export { isObject, numberOf, textOf } from "./read";
export * from "./state";
export * from "./store";
