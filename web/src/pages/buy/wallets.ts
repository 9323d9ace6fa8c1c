// The wallets that a guest can pay with, and what they hold.
import { useCallback, useEffect, useRef, useState } from "react";
import { messageOf } from "../../api/http";
import { useSettings } from "../../api/settings";
import type { Kind } from "../../api/types";
import { toAtomic } from "../../base/amounts";
import { isSameAddress } from "../../base/address";
import { inTime } from "../../purchase/offers";
import { currentSession, payWith, readBalance, setSigner, useSession } from "../../session";
import {
  connectProvider,
  hasTestKey,
  reconnectProvider,
  testWallet,
  useFoundWallets,
  type BrowserWallet,
} from "../../wallet";

/** A wallet to choose. */
export type WalletOption = {
  key: string;
  kind: Kind;
  name: string;
  icon: string | undefined;
  /** Who keeps it. */
  about: string;
  /** Null before it was connected. */
  address: string | null;
  /** Opens a wallet of the browser, which may ask its user. */
  open: (() => Promise<BrowserWallet>) | null;
};

export type Wallets = {
  options: readonly WalletOption[];
  chosen: WalletOption | null;
  /** Dollars; null before they are read, or if the chain gives no answer in time. */
  balance: string | null;
  isReading: boolean;
  error: string | null;
  /** `mayAsk`: a wallet that this page may not use yet is asked now; otherwise when it is needed. */
  choose: (option: WalletOption, mayAsk: boolean) => void;
  isConnecting: boolean;
  /** Connects the chosen wallet if it is not, reads its balance, and acts if it can pay `price` now. */
  whenReady: (price: bigint, act: () => Promise<void>) => Promise<void>;
  /** Reads the balance again. */
  look: () => void;
};

/** A wallet may ask its user, who may look elsewhere. */
const CONNECT_MILLIS = 60_000;
const BALANCE_MILLIS = 12_000;

export function useWallets(): Wallets {
  const options = useOptions();
  const isOpen = useSession((state) => state.link === "open");
  const wallet = useSession((state) => state.wallet);
  const [key, setKey] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [busyKey, setBusyKey] = useState<string | null>(null);
  const [isConnecting, setIsConnecting] = useState(false);
  const asked = useRef<string | null>(null);
  const chosen = options.find((option) => option.key === key) ?? initial(options, wallet?.guestAddress);
  const activate = useCallback(async (option: WalletOption): Promise<boolean> => {
    setBusyKey(option.key);
    setError(null);
    try {
      await use(option);
      return true;
    } catch (reason) {
      setError(messageOf(reason));
      return false;
    } finally {
      setBusyKey(null);
    }
  }, []);
  const choose = (option: WalletOption, mayAsk: boolean) => {
    setKey(option.key);
    setError(null);
    if (option.kind === "browser" && option.key !== TEST_KEY && option.address === null && !mayAsk) return;
    asked.current = option.key;
    void activate(option);
  };
  // A wallet that this page may use already is read before anybody asks for it.
  const known = isOpen && chosen !== null && chosen.address !== null ? chosen : null;
  useEffect(() => {
    if (known === null || asked.current === known.key) return;
    asked.current = known.key;
    void activate(known);
  }, [known, activate]);
  const address = chosen?.address ?? (isOf(wallet, chosen) ? (wallet?.guestAddress ?? null) : null);
  const balance = useSession((state) =>
    address === null ? null : (state.balances[address.toLowerCase()] ?? null),
  );
  const ready = async (price: bigint): Promise<boolean> => {
    if (chosen === null) return false;
    setKey(chosen.key);
    asked.current = chosen.key;
    const isKnown = () => isOf(currentSession().wallet, chosen) && currentSession().wallet?.balance !== null;
    if (!isKnown() && !(await activate(chosen))) return false;
    const held = toAtomic(currentSession().wallet?.balance ?? "");
    // A balance that the chain does not tell is judged before the signature.
    return held === null || held >= price;
  };
  return {
    options,
    chosen,
    balance,
    isReading: busyKey !== null && busyKey === chosen?.key,
    error,
    choose,
    isConnecting,
    whenReady: async (price, act) => {
      if (isConnecting) return;
      setIsConnecting(true);
      const isReady = await ready(price);
      setIsConnecting(false);
      if (isReady) await act();
    },
    look: readBalance,
  };
}

type Chosen = { kind: Kind; guestAddress: string } | null;

function isOf(wallet: Chosen, option: WalletOption | null): boolean {
  if (wallet === null || option === null || wallet.kind !== option.kind) return false;
  return option.address === null
    ? option.kind !== "browser"
    : isSameAddress(wallet.guestAddress, option.address);
}

// The wallet of the session, else one that this page may use already, else the only one that there is.
function initial(options: readonly WalletOption[], address: string | undefined): WalletOption | null {
  const known = options.filter((option) => option.address !== null);
  const ofSession = known.find(
    (option) => address !== undefined && isSameAddress(option.address ?? "", address),
  );
  const browser = options.filter((option) => option.open !== null);
  return (
    ofSession ?? known[0] ?? (browser.length === 1 && options.length === 1 ? (browser[0] ?? null) : null)
  );
}

/** Pays with this wallet from now on, and waits until its balance is read. */
async function use(option: WalletOption): Promise<void> {
  let address: string | undefined;
  if (option.open !== null) {
    const late = `${option.name} has not answered. Open it, then try again.`;
    const wallet = await inTime(option.open(), CONNECT_MILLIS, late);
    setSigner(wallet);
    address = wallet.address;
  }
  if (!payWith(option.kind, address)) throw new Error("The connection was lost. Try again in a moment.");
  await seen(
    (wallet) =>
      wallet.kind === option.kind && (address === undefined || isSameAddress(wallet.guestAddress, address)),
  );
}

// The Guest tells of the wallet when the chain has answered, or has not in time.
async function seen(isIt: (wallet: NonNullable<ReturnType<typeof currentSession>["wallet"]>) => boolean) {
  const before = currentSession().wallet;
  const end = Date.now() + BALANCE_MILLIS;
  while (Date.now() < end) {
    const { wallet } = currentSession();
    if (wallet !== null && wallet !== before && isIt(wallet)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { wallet } = currentSession();
  if (wallet === null || !isIt(wallet)) throw new Error("The wallet could not be read. Try again.");
}

const TEST_KEY = "test key";

function useOptions(): readonly WalletOption[] {
  const { settings } = useSettings();
  const found = useFoundWallets();
  const isSignedIn = useSession((state) => state.userId !== null);
  const wallet = useSession((state) => state.wallet);
  const addresses = useAddresses();
  if (settings === null) return [];
  const browser = found.map((one): WalletOption => ({
    key: one.id,
    kind: "browser",
    name: one.name,
    icon: one.icon,
    about: "In this browser",
    address: addresses[one.id] ?? null,
    open: () => connectProvider(one),
  }));
  const test: WalletOption = {
    key: TEST_KEY,
    kind: "browser",
    name: "Test key",
    icon: undefined,
    about: "A key in this browser, for test money",
    address: addresses[TEST_KEY] ?? null,
    open: testWallet,
  };
  const managed = (kind: Kind, name: string): WalletOption => ({
    key: kind,
    kind,
    name: wallet?.kind === kind ? name : `Make one for me`,
    icon: undefined,
    about: wallet?.kind === kind ? "Kept for you by this site" : `${name}, kept for you by this site`,
    address: wallet?.kind === kind ? wallet.guestAddress : null,
    open: null,
  });
  const mayBeManaged = settings.local || isSignedIn;
  return [
    ...browser,
    ...(settings.local ? [test] : []),
    ...(settings.smartWallets && mayBeManaged ? [managed("smart", "Smart wallet")] : []),
    ...(settings.crossmint && mayBeManaged ? [managed("crossmint", "Crossmint wallet")] : []),
  ];
}

/** The addresses that this page may know without asking anybody, by the key of the wallet. */
function useAddresses(): Readonly<Record<string, string>> {
  const { settings } = useSettings();
  const found = useFoundWallets();
  const wallet = useSession((state) => state.wallet);
  const [addresses, setAddresses] = useState<Readonly<Record<string, string>>>({});
  const mayTest = settings?.local === true && hasTestKey();
  useEffect(() => {
    let isGone = false;
    const note = (key: string) => (one: BrowserWallet | null) => {
      if (one !== null && !isGone) setAddresses((before) => ({ ...before, [key]: one.address }));
    };
    for (const one of found) void reconnectProvider(one).then(note(one.id));
    if (mayTest) void testWallet().then(note(TEST_KEY));
    return () => void (isGone = true);
    // A wallet that was just connected may be known now.
  }, [found, mayTest, wallet?.guestAddress]);
  return addresses;
}
