// One interface for whatever signs in this browser.
import type { Provider } from "./discover";

/** EIP-712, as `eth_signTypedData_v4` takes it. */
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
  /** Signs a text (EIP-191); the signature in hex. */
  signMessage: (text: string) => Promise<string>;
  /** Signs typed data (EIP-712); the signature in hex. */
  signTypedData: (data: TypedData) => Promise<string>;
};

/** The person said no in the wallet. */
export class Rejected extends Error {
  constructor() {
    super("You declined in the wallet.");
    this.name = "Rejected";
  }
}

/** Asks a wallet of the browser for its address; it may ask the person. Throws `Rejected`. */
export function connectProvider(wallet: {
  name: string;
  icon?: string | undefined;
  provider: Provider;
}): Promise<BrowserWallet> {
  return open(wallet, "eth_requestAccounts");
}

/** The same without asking: null unless the person has allowed it before. */
export async function reconnectProvider(wallet: {
  name: string;
  icon?: string | undefined;
  provider: Provider;
}): Promise<BrowserWallet | null> {
  return open(wallet, "eth_accounts").catch(() => null);
}

/** What was said is typed data; a shape that no wallet could sign is told so before it is shown. */
export function isTypedData(value: unknown): value is TypedData {
  if (typeof value !== "object" || value === null) return false;
  return (
    "domain" in value &&
    isObject(value.domain) &&
    "types" in value &&
    isObject(value.types) &&
    "message" in value &&
    isObject(value.message) &&
    "primaryType" in value &&
    typeof value.primaryType === "string"
  );
}

async function open(
  { name, icon, provider }: { name: string; icon?: string | undefined; provider: Provider },
  method: "eth_requestAccounts" | "eth_accounts",
): Promise<BrowserWallet> {
  const accounts = await ask(provider, method);
  const address: unknown = Array.isArray(accounts) ? accounts[0] : undefined;
  if (typeof address !== "string" || !/^0x[0-9a-fA-F]{40}$/.test(address)) {
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
    signMessage: (text) => signed("personal_sign", [hexOf(text), address]),
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
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
    // 4001 is EIP-1193's "the person said no".
    if (code === 4001) throw new Rejected();
    const said = typeof error === "object" && error !== null && "message" in error ? error.message : error;
    throw new Error(typeof said === "string" && said !== "" ? said : "The wallet failed. Try again.", {
      cause: error,
    });
  }
}

// Many wallets sign typed data only for the chain that they are on. Those that cannot switch may still sign.
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

function hexOf(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return `0x${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function isObject(part: unknown): boolean {
  return typeof part === "object" && part !== null;
}
