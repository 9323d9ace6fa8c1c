// A wallet in the browser that announces itself as EIP-6963 says, with its key on this side of the wall.
// It takes what a real one would take and refuses the rest.
import { fromHex, getAddress, isHex, numberToHex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";

const ICON =
  "data:image/svg+xml;base64," +
  Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="#747"/></svg>').toString("base64");

/**
 * A wallet for `install`. A test may set `refuses` (its person says no), `thinks` (a promise: until when its
 * person thinks about it), `chainId` and `knows` (the chains that it can switch to), and read `signatures` (how
 * often it has signed) and `asked` (the methods).
 */
export function fakeWallet({ privateKey = generatePrivateKey(), name = "Test Wallet", chainId = baseSepolia.id } = {}) {
  const account = privateKeyToAccount(privateKey);
  const state = { chainId, knows: [1, baseSepolia.id], isConnected: false, refuses: false, thinks: undefined };
  return { name, account, address: account.address, ...state, signatures: 0, asked: [] };
}

/** Puts the wallet into every page of a browser context. */
export async function install(context, wallet) {
  const loads = new Map();
  context.on("page", (page) => page.on("framenavigated", () => loads.set(page, (loads.get(page) ?? 0) + 1)));
  await context.exposeBinding("testWalletAsks", ({ page }, method, params) => {
    const asking = loads.get(page);
    return answer({ wallet, isGone: () => loads.get(page) !== asking }, method, params);
  });
  const uuid = crypto.randomUUID();
  const info = { uuid, name: wallet.name, icon: ICON, rdns: "example.test-wallet" };
  await context.addInitScript(announce, info);
}

// Runs in the page.
function announce(info) {
  const listeners = {};
  const provider = {
    async request({ method, params }) {
      const { result, code, message } = await window.testWalletAsks(method, params ?? []);
      if (code === undefined) return result;
      throw Object.assign(new Error(message), { code });
    },
    on: (event, listener) => (listeners[event] ??= new Set()).add(listener),
    removeListener: (event, listener) => listeners[event]?.delete(listener),
  };
  const detail = Object.freeze({ info: Object.freeze(info), provider });
  const say = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", say);
  say();
}

class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

async function answer(asked, method, params) {
  asked.wallet.asked.push(method);
  try {
    if (!Object.hasOwn(METHODS, method)) throw new Refusal(4200, `the method ${method} is not supported`);
    return { result: await METHODS[method](asked, ...params) };
  } catch (error) {
    return { code: error.code ?? -32602, message: error.message };
  }
}

const METHODS = {
  eth_chainId: ({ wallet }) => numberToHex(wallet.chainId),
  eth_accounts: ({ wallet }) => (wallet.isConnected ? [wallet.address] : []),
  async eth_requestAccounts(asked) {
    await personAgrees(asked);
    asked.wallet.isConnected = true;
    return [asked.wallet.address];
  },
  async wallet_switchEthereumChain(asked, { chainId }) {
    const wanted = fromHex(chainId, "number");
    if (!asked.wallet.knows.includes(wanted)) throw new Refusal(4902, `the chain ${chainId} is not known; add it first`);
    await personAgrees(asked);
    asked.wallet.chainId = wanted;
    return null;
  },
  async personal_sign(asked, message, address) {
    isMine(asked, address);
    if (!isHex(message)) throw new Refusal(-32602, "the message must be hexadecimal");
    await personAgrees(asked);
    asked.wallet.signatures += 1;
    return asked.wallet.account.signMessage({ message: { raw: message } });
  },
  async eth_signTypedData_v4(asked, address, text) {
    const { wallet } = asked;
    isMine(asked, address);
    if (typeof text !== "string") throw new Refusal(-32602, "the typed data must be text");
    const { domain, types, primaryType, message } = JSON.parse(text);
    if (!types?.EIP712Domain || !types[primaryType]) throw new Refusal(-32602, "the typed data lacks a type");
    if (Number(domain.chainId) !== wallet.chainId) throw new Refusal(-32603, `the chain ${domain.chainId} is not the active one`);
    await personAgrees(asked);
    wallet.signatures += 1;
    const { EIP712Domain: _, ...rest } = types;
    return wallet.account.signTypedData({ domain, types: rest, primaryType, message });
  },
};

function isMine({ wallet }, address) {
  if (!wallet.isConnected || getAddress(address) !== wallet.address) throw new Refusal(4100, "this account has not been allowed to the page");
}

// A page that is left while the wallet asks takes its question along.
async function personAgrees({ wallet, isGone }) {
  await wallet.thinks;
  if (wallet.refuses || isGone()) throw new Refusal(4001, "the user rejected the request");
}
