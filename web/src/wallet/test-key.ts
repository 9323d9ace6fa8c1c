// A key for the local chain only, where money is worth nothing. It lies open in this browser.
import { isTypedData, type BrowserWallet } from "./wallet";

const PLACE = "events-concierge.testKey";

/** Whether this browser has made one before. */
export function hasTestKey(): boolean {
  return storedKey() !== null;
}

/** The wallet of the test key; makes the key if there is none. Offer it only where `settings.local`. */
export async function testWallet(): Promise<BrowserWallet> {
  const key = storedKey() ?? newKey();
  const { privateKeyToAccount } = await import("viem/accounts");
  const account = privateKeyToAccount(key);
  return {
    name: "Test key",
    address: account.address,
    signMessage: (message) => account.signMessage({ message }),
    signTypedData: (data) => {
      if (!isTypedData(data)) throw new Error("this is not typed data");
      // viem names the domain's type itself.
      const { EIP712Domain: _, ...types } = data.types;
      return account.signTypedData({
        domain: data.domain,
        types,
        primaryType: data.primaryType,
        message: data.message,
      });
    },
  };
}

function storedKey(): `0x${string}` | null {
  const key = localStorage.getItem(PLACE);
  return key !== null && isKey(key) ? key : null;
}

function isKey(text: string): text is `0x${string}` {
  return /^0x[0-9a-f]{64}$/.test(text);
}

function newKey(): `0x${string}` {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const key: `0x${string}` = `0x${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  localStorage.setItem(PLACE, key);
  return key;
}
