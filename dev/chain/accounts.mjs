// Who lives on the local chain. The keys are those of the well-known test mnemonic, worthless
// everywhere else.
import { mnemonicToAccount } from "viem/accounts";

const MNEMONIC = "test test test test test test test test test test test junk";

export const USDC = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
export const CHAIN_ID = 84532;
export const NETWORK = "eip155:84532";
export const FACTORY = "0x00000000000000000000000000000000fac70001";
// The selector of its `create(address owner, bytes32 salt)`.
export const FACTORY_CREATE = "0xa3def923";
// Anvil's gas is a thousand times dearer than that of the chain it stands for, so that the coin is cheaper here.
export const COIN_USD = JSON.stringify({ [NETWORK]: "0.1" });
export const MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11";
// What x402's `upto` scheme moves money with: payers approve the first, and sign for the second.
export const PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3";
export const UPTO_PROXY = "0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002";

function account(index) {
  const { address, getHdKey } = mnemonicToAccount(MNEMONIC, { addressIndex: index });
  const privateKey = `0x${Buffer.from(getHdKey().privateKey).toString("hex")}`;
  return { address, privateKey };
}

// Sends the facilitator's transactions; the only one that needs ETH.
export const relayer = account(0);
export const guest = account(1);
export const host = account(2);
export const otherHost = account(3);
// The second of two facilitators on one chain, and who puts wallets of tests there: anvil gives them ETH.
export const otherRelayer = account(4);
export const deployer = account(9);
// Enough payers for a rush.
export const payers = Array.from({ length: 30 }, (_, index) => account(10 + index));
