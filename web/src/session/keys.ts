// The wallet of this browser that signs for the session, if this tab can reach it.
import { useSyncExternalStore } from "react";
import { foundWallets, hasTestKey, reconnectProvider, testWallet, type BrowserWallet } from "../wallet";

/** The wallet that was connected in this tab last. */
export function useHeldWallet(): BrowserWallet | null {
  return useSyncExternalStore(subscribe, () => held);
}

/** Signs for the session from now on. */
export function hold(wallet: BrowserWallet | null): void {
  held = wallet;
  for (const listener of listeners) listener();
}

/** The wallet with this address, if the person has allowed this page to use it before. Asks nobody. */
export async function walletFor(address: string): Promise<BrowserWallet | null> {
  if (held !== null && isSame(held.address, address)) return held;
  if (hasTestKey()) {
    const wallet = await testWallet();
    if (isSame(wallet.address, address)) return take(wallet);
  }
  for (const found of foundWallets()) {
    const wallet = await reconnectProvider(found);
    if (wallet !== null && isSame(wallet.address, address)) return take(wallet);
  }
  return null;
}

/** Addresses differ in letter case only by their checksum. */
export function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

const listeners = new Set<() => void>();
let held: BrowserWallet | null = null;

function take(wallet: BrowserWallet): BrowserWallet {
  hold(wallet);
  return wallet;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
