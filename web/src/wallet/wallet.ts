// One interface for everything that signs in this browser.
import { isAddress } from "../base/address";
import { toHex } from "../base/hex";
import { isObject } from "../base/object";
import type { Provider } from "./discover";

/** EIP-712 data as `eth_signTypedData_v4` takes it. */
export type TypedData = {
  domain: Record<string, unknown>;
  types: Record<string, { name: string; type: string }[]>;
  primaryType: string;
  message: Record<string, unknown>;
};

export type BrowserWallet = {
  name: string;
  icon?: string | undefined;
  address: string;
  /** Signs a text (EIP-191). Returns the signature in hex. */
  signMessage: (text: string) => Promise<string>;
  /** Signs typed data (EIP-712). Returns the signature in hex. */
  signTypedData: (data: TypedData) => Promise<string>;
};

/** The user rejected the request in the wallet. */
export class Rejected extends Error {
  constructor() {
    super("You declined in the wallet.");
    this.name = "Rejected";
  }
}

/** Connects to a browser wallet, which may ask its user. Throws `Rejected`. */
export function connectProvider(wallet: {
  name: string;
  icon?: string | undefined;
  provider: Provider;
}): Promise<BrowserWallet> {
  return open(wallet, "eth_requestAccounts");
}

/** Connects without asking the user: null unless the user has allowed this page before. */
export async function reconnectProvider(wallet: {
  name: string;
  icon?: string | undefined;
  provider: Provider;
}): Promise<BrowserWallet | null> {
  return open(wallet, "eth_accounts").catch(() => null);
}

/** Whether the value has the shape of typed data. Other shapes are refused before a wallet shows them. */
export function isTypedData(value: unknown): value is TypedData {
  return (
    isObject(value) &&
    isObject(value["domain"]) &&
    isObject(value["types"]) &&
    isObject(value["message"]) &&
    typeof value["primaryType"] === "string"
  );
}

async function open(
  { name, icon, provider }: { name: string; icon?: string | undefined; provider: Provider },
  method: "eth_requestAccounts" | "eth_accounts",
): Promise<BrowserWallet> {
  const accounts = await ask(provider, method);
  const address: unknown = Array.isArray(accounts) ? accounts[0] : undefined;
  if (!isAddress(address)) {
    throw new Error(`${name} gave no address. Unlock it and try again.`);
  }
  const signed = async (call: string, params: unknown[]) => {
    const signature = await ask(provider, call, params);
    if (typeof signature !== "string") throw new Error(`${name} gave no signature. Try again.`);
    return signature;
  };
  return {
    name,
    icon,
    address,
    signMessage: (text) => signed("personal_sign", [`0x${toHex(new TextEncoder().encode(text))}`, address]),
    signTypedData: async (data) => {
      await switchChain(provider, data.domain["chainId"]);
      return signed("eth_signTypedData_v4", [address, JSON.stringify(data)]);
    },
  };
}

async function ask(provider: Provider, method: string, params: unknown[] = []): Promise<unknown> {
  try {
    return await provider.request({ method, params });
  } catch (error) {
    // EIP-1193: the user rejected the request.
    if (isObject(error) && error["code"] === 4001) throw new Rejected();
    const message = isObject(error) ? error["message"] : error;
    throw new Error(
      typeof message === "string" && message !== "" ? message : "The wallet failed. Try again.",
      {
        cause: error,
      },
    );
  }
}

// Many wallets sign typed data only for their current chain. A wallet that cannot switch may still sign.
async function switchChain(provider: Provider, chainId: unknown): Promise<void> {
  const id = Number(chainId);
  if (!Number.isSafeInteger(id) || id <= 0) return;
  const wanted = `0x${id.toString(16)}`;
  const current = await ask(provider, "eth_chainId").catch(() => wanted);
  if (current === wanted) return;
  await ask(provider, "wallet_switchEthereumChain", [{ chainId: wanted }]).catch((error: unknown) => {
    if (error instanceof Rejected) throw error;
  });
}
