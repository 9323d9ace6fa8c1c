// Signing in with a wallet (EIP-4361). The cookie that the server answers with is all that is kept.
import type { SessionAnswer } from "../../../api/types";
import { shortHash } from "../../../parts";
import * as api from "../api";

/** What signing in needs of a wallet. */
export type Signer = { address: string; signMessage: (message: string) => Promise<string> };

/** Signs in; `step` hears what is going on. */
export async function signInWith(
  wallet: Signer,
  chainId: number,
  step: (words: string) => void,
): Promise<SessionAnswer> {
  step("Asking the server for a nonce…");
  const [{ createSiweMessage }, { nonce }] = await Promise.all([import("viem/siwe"), api.nonce()]);
  const { address } = wallet;
  if (!isAddress(address)) throw new Error("The wallet gave no address. Unlock it and try again.");
  const message = createSiweMessage({
    address,
    chainId,
    domain: location.host,
    nonce,
    statement: "Sign in to Events Concierge",
    uri: location.origin,
    version: "1",
  });
  step(`Waiting for ${shortHash(address)} to sign. Look at your wallet…`);
  const signature = await wallet.signMessage(message);
  step("Checking the signature…");
  return api.signIn(message, signature);
}

function isAddress(text: string): text is `0x${string}` {
  return /^0x[0-9a-fA-F]{40}$/.test(text);
}
