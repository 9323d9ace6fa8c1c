export { foundWallets, useFoundWallets, type FoundWallet, type Provider } from "./discover";
export { hasTestKey, testWallet } from "./test-key";
export {
  Rejected,
  connectProvider,
  isTypedData,
  reconnectProvider,
  type BrowserWallet,
  type TypedData,
} from "./wallet";
