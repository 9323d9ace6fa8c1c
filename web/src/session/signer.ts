// The browser wallet that signs for the session, if this tab can reach it.
import { isSameAddress } from "../base/address";
import { foundWallets, hasTestKey, reconnectProvider, testWallet, type BrowserWallet } from "../wallet";

let signer: BrowserWallet | null = null;

/** This wallet signs for the session from now on. */
export function setSigner(wallet: BrowserWallet | null): void {
  signer = wallet;
}

/** The wallet with this address, if its user has allowed this page before. Asks no wallet for permission. */
export async function signerFor(address: string): Promise<BrowserWallet | null> {
  if (signer !== null && isSameAddress(signer.address, address)) return signer;
  if (hasTestKey()) {
    const wallet = await testWallet();
    if (isSameAddress(wallet.address, address)) return (signer = wallet);
  }
  for (const found of foundWallets()) {
    const wallet = await reconnectProvider(found);
    if (wallet !== null && isSameAddress(wallet.address, address)) return (signer = wallet);
  }
  return null;
}
