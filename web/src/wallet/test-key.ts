// A test key for the local chain, where money has no value. The browser keeps it unencrypted.
import { toHex } from "../base/hex";
import { isTypedData, type BrowserWallet } from "./wallet";

const KEY = "events-concierge.testKey";

/** Whether this browser has a test key. */
export function hasTestKey(): boolean {
  return storedKey() !== null;
}

/** The wallet of the test key, which is made if there is none. Only for deployments with `settings.local`. */
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
      // viem adds the type of the domain itself.
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
  const key = localStorage.getItem(KEY);
  return key !== null && isKey(key) ? key : null;
}

function isKey(text: string): text is `0x${string}` {
  return /^0x[0-9a-f]{64}$/.test(text);
}

// Throws if the browser forbids storage: a key that is not kept would lose its money with the next load.
function newKey(): `0x${string}` {
  const key: `0x${string}` = `0x${toHex(crypto.getRandomValues(new Uint8Array(32)))}`;
  localStorage.setItem(KEY, key);
  return key;
}
