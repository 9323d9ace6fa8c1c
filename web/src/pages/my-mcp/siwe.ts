// Signing in with a wallet (EIP-4361). The cookie that the server answers with is all that is kept.
import type { SessionAnswer } from "../../api/types";
import * as api from "./api";

/** What signing in needs of a wallet. */
export type Signer = { address: string; signMessage: (message: string) => Promise<string> };

/** Signs in; `step` hears what is going on. */
export async function signInWith(
  wallet: Signer,
  chainId: number,
  step: (words: string) => void,
): Promise<SessionAnswer> {
  step("Asking the server for a nonce…");
  const [{ createSiweMessage }, { getAddress }, { nonce }] = await Promise.all([
    import("viem/siwe"),
    import("viem"),
    api.nonce(),
  ]);
  const message = createSiweMessage({
    address: getAddress(wallet.address),
    chainId,
    domain: location.host,
    nonce,
    statement: "Sign in to Events Concierge",
    uri: location.origin,
    version: "1",
  });
  step(`Waiting for ${short(wallet.address)} to sign. Look at your wallet…`);
  const signature = await wallet.signMessage(message);
  step("Checking the signature…");
  return api.signIn(message, signature);
}

function short(address: string): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`;
}
