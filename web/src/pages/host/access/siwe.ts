// Sign-In with Ethereum (EIP-4361). The session is an HttpOnly cookie; the page keeps nothing.
import type { SessionAnswer } from "../../../api/types";
import { isAddress } from "../../../base/address";
import { shortHash } from "../../../parts";
import * as api from "./api";

/** The part of a wallet that signs messages. */
export type Signer = { address: string; signMessage: (message: string) => Promise<string> };

/** Signs in; `step` is called with a text for each step. */
export async function signInWith(
  wallet: Signer,
  chainId: number,
  step: (text: string) => void,
): Promise<SessionAnswer> {
  step("Requesting a nonce…");
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
