// Where the demo and the agent pay, with what, and what the chain says of it: what `npm start` runs here, or any
// deployment (`--server`) with a key of one's own (`--key-file`).
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createPublicClient, http, isAddressEqual, parseAbi, parseEventLogs } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { networkOf } from "./networks.mjs";
import { Failure, root } from "./process.mjs";
import { dollars } from "./terminal.mjs";

const FAUCET = "https://faucet.circle.com";
const ANSWER_MILLIS = 20_000;
const RECEIPT_MILLIS = 90_000;
const abi = parseAbi([
  "function balanceOf(address) view returns (uint256)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
]);

/** Where `npm start` keeps its state. */
export const folder = process.env.STATE_DIR ?? join(root, ".dev");

/** The options of `parseArgs` that the demo and the agent share. */
export const OPTIONS = {
  server: { type: "string" },
  "key-file": { type: "string" },
  "new-key": { type: "string" },
  rpc: { type: "string" },
  yes: { type: "boolean" },
};

/** What `npm start` has written down. */
export function localState() {
  const file = join(folder, "state.json");
  const what = "nothing is running: `npm start` in another terminal first, and wait for \"Ready\" (or name a deployment with --server)";
  if (!existsSync(file)) throw new Failure(what);
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw new Failure(`${file} cannot be read: end npm start and start it again`);
  }
}

/**
 * The deployment that is meant: `origin`, `mcpUrl` (undefined if only an origin was given), `settings` of its
 * page, `rpc`, and `host` with its token where it is ours.
 */
export async function findDeployment(values) {
  const place = values.server === undefined ? ours() : named(values.server);
  place.rpc = values.rpc ?? place.rpc;
  place.settings = await getJson(`${place.origin}/api/settings`, place.again);
  if (!Array.isArray(place.settings?.networks)) throw new Failure(`${place.origin} is no deployment of Events Concierge; check --server`);
  return place;
}

function ours() {
  const { url, rpc, host } = localState();
  return { origin: url, mcpUrl: host.mcpUrl, rpc, host, again: "`npm start` seems to have ended: start it again" };
}

function named(text) {
  const shape = "--server takes a host's server URL, such as https://events.example/mcp/users/…; its page and its settings show it";
  if (!URL.canParse(text)) throw new Failure(shape);
  const { origin, pathname, protocol, hostname } = new URL(text);
  const isHere = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  if (protocol !== "https:" && !(protocol === "http:" && isHere)) throw new Failure("--server has to begin with https://, since money is paid there");
  const scope = /^\/(?:mcp\/users|e)\/([0-9a-f]{32})(?:\/|$)/.exec(pathname)?.[1];
  if (scope === undefined && pathname !== "/") throw new Failure(shape);
  return { origin, mcpUrl: scope && `${origin}/mcp/users/${scope}`, again: "check --server, and try again" };
}

/** JSON from a deployment. `again` is the next step if it does not answer. */
export async function getJson(url, again = "try again", init = {}) {
  let answer;
  try {
    answer = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_MILLIS) });
  } catch (error) {
    throw new Failure(`${new URL(url).origin} does not answer (${error.cause?.code ?? error.name}); ${again}`);
  }
  const body = await answer.json().catch(() => undefined);
  if (answer.ok && body !== undefined) return body;
  throw new Failure(`${url} answers ${answer.status}: ${body?.detail ?? "nothing that can be read"}; ${again}`);
}

/** The account that pays, from --key-file or --new-key; undefined without either. `say` gets lines for people. */
export function readAccount(values, say) {
  const [file, fresh] = [values["key-file"], values["new-key"]];
  if (file && fresh) throw new Failure("--key-file reads a key and --new-key makes one: give one of them");
  if (fresh) return makeKey(resolve(fresh), say);
  return file && privateKeyToAccount(readKey(resolve(file), say));
}

function makeKey(file, say) {
  const key = generatePrivateKey();
  try {
    writeFileSync(file, `${key}\n`, { flag: "wx", mode: 0o600 });
    chmodSync(file, 0o600);
  } catch (error) {
    if (error.code === "EEXIST") throw new Failure(`${file} is there already and is kept: use it with --key-file, or name another file`);
    throw new Failure(`${file} cannot be written (${error.code}); name another file`);
  }
  say(`a new key is in ${file}: whoever has it has the money; next time use --key-file ${file}`);
  return privateKeyToAccount(key);
}

/** The key in a file. It is never shown, also if it is none. */
export function readKey(file, say) {
  let text;
  try {
    text = readFileSync(file, "utf8").trim();
    const isShared = process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0;
    if (isShared) say(`others on this machine can read ${file}: chmod 600 ${file}`);
  } catch (error) {
    throw new Failure(`${file} cannot be read (${error.code}); --new-key ${file} makes a new key there`);
  }
  const digits = text.replace(/^0x/i, "");
  if (!/^[0-9a-f]{64}$/i.test(digits)) throw new Failure(`${file} has to hold one private key of 64 hex digits, and nothing else`);
  try {
    privateKeyToAccount(`0x${digits}`);
  } catch {
    throw new Failure(`${file} holds no usable private key; --new-key FILE makes one`);
  }
  return `0x${digits.toLowerCase()}`;
}

/** The chain of a network, as far as the scripts ask it. */
export function openChain(place, caip2) {
  const network = networkOf(caip2);
  if (!network) throw new Failure(`the deployment is paid on ${caip2}, which these scripts do not know; use another`);
  if (place.settings.local && !place.rpc) throw new Failure("this deployment has a chain of its own: name its endpoint with --rpc URL");
  const client = createPublicClient({ chain: network.chain, transport: http(place.rpc), pollingInterval: 500 });
  const token = { address: network.usdc, abi };
  const asked = async (work) => {
    try {
      return await work;
    } catch (error) {
      throw new Failure(`the chain's endpoint gives no answer (${error.name}); try again, or name another with --rpc URL`);
    }
  };
  const explorer = place.settings.local ? place.settings.networks.find((one) => one.network === caip2)?.explorer : undefined;
  return {
    ...network,
    isLocal: place.settings.local,
    title: place.settings.local ? `${network.name}, on this machine` : network.name,
    balance: (address) => asked(client.readContract({ ...token, functionName: "balanceOf", args: [address] })),
    receipt: (hash) => asked(client.waitForTransactionReceipt({ hash, timeout: RECEIPT_MILLIS })),
    /** What a receipt says was moved to `to` in USDC. */
    paidTo: ({ logs }, to) =>
      parseEventLogs({ abi, logs, eventName: "Transfer" })
        .filter((log) => isAddressEqual(log.address, network.usdc) && isAddressEqual(log.args.to, to))
        .reduce((sum, log) => sum + log.args.value, 0n),
    link: (hash) => `${explorer ?? network.explorer}/tx/${hash}`,
  };
}

/** Brings test money, where there is a faucet of ours. */
export async function fill(place, chain, address) {
  if (!place.settings.faucet || (await chain.balance(address)) > 0n) return;
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ address }) };
  const { txHash } = await getJson(`${place.origin}/api/local/faucet`, place.again, init);
  await chain.receipt(txHash);
}

/** Ends with what to do, unless the wallet has enough. */
export function mustHave(balance, price, address, chain) {
  if (balance >= BigInt(price)) return;
  const lacks = `${address} holds ${dollars(balance)} of USDC on ${chain.title} and needs ${dollars(price)}`;
  const remedy = chain.isTestnet
    ? `get test USDC for it at ${FAUCET} (choose "${chain.name}"; gas is not needed), then run this again with --key-file`
    : "send it USDC on that network (gas is not needed), then run this again with --key-file";
  throw new Failure(`${lacks}: ${remedy}`);
}

/** Where money for `chain` comes from, for people. */
export const moneyHint = ({ isLocal, isTestnet }) =>
  isLocal ? "test money of this machine" : isTestnet ? `test USDC comes from ${FAUCET}; gas is not needed` : "real money; gas is not needed";
