// A stand-in for Crossmint's wallets API (2025-06-09): takes what `@crossmint/wallets-sdk` 1.1.0 sends
// on a server and nothing else. It keeps a key for each owner and signs with a wallet of the local
// chain's factory, so that its signatures hold there. What the real API says in its own words was not
// seen: statuses and the form of errors are those of the SDK's types, the messages are ours.
import { concat, encodeFunctionData, hashTypedData, isAddress, keccak256, parseAbi, serializeErc6492Signature, toHex, zeroHash } from "viem";
import { privateKeyToAccount, sign } from "viem/accounts";
import { FACTORY, USDC } from "../../dev/chain/accounts.mjs";
import { bodyOf } from "./body.mjs";
import { serve } from "./serve.mjs";

const API = "/api/2025-06-09/wallets";
const CHAINS = { "base-sepolia": 84532 };
const factoryAbi = parseAbi([
  "function addressOf(address owner, bytes32 salt) view returns (address)",
  "function create(address owner, bytes32 salt) returns (address)",
]);
const balanceAbi = parseAbi(["function balanceOf(address) view returns (uint256)"]);

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * Starts it. `chain.client` is a viem client. `polls`: how often a signature is still pending when it is
 * asked for; `ends`: what becomes of the next signatures ("success" if none is named).
 * Gives back `url`, `requests` with their answers, `stop()`.
 */
export async function startCrossmint(chain, { apiKey, polls = 1, ends = [] }) {
  const state = { chain, apiKey, polls, ends, wallets: new Map(), signatures: new Map(), requests: [] };
  const server = await serve((request, response) => void answer(state, request, response));
  return { url: server.origin, requests: state.requests, stop: server.stop };
}

async function answer(state, request, response) {
  const text = await bodyOf(request);
  let status, body;
  try {
    [status, body] = await route(state, request, text);
  } catch (error) {
    [status, body] = [error.status ?? 500, { error: true, message: error.message }];
  }
  state.requests.push({ method: request.method, path: request.url, body: parsed(text), answer: { status, body } });
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function route(state, request, text) {
  const { headers, method } = request;
  if (headers["x-api-key"] !== state.apiKey) throw new Refusal(403, "Malformed API key");
  if (headers["content-type"] !== "application/json") throw new Refusal(415, "content-type must be application/json");
  const url = new URL(request.url, "http://crossmint");
  if (!url.pathname.startsWith(API)) throw new Refusal(404, `Cannot ${method} ${url.pathname}`);
  const [locator, kind, id, ...rest] = url.pathname.slice(API.length).split("/").slice(1);
  if (rest.length || (url.search && kind !== "balances")) throw new Refusal(404, `Cannot ${method} ${request.url}`);
  if (method === "GET" && text) throw new Refusal(400, "a GET has no body");
  const body = method === "POST" ? parsed(text) : undefined;
  if (method === "POST" && locator === undefined) return createWallet(state, body);
  const wallet = state.wallets.get(locator?.toLowerCase());
  if (!wallet) throw new Refusal(404, "Wallet not found");
  if (method === "GET" && kind === undefined) return [200, wallet.shown];
  if (method === "GET" && kind === "signers" && id === "api-key") return [200, { ...wallet.shown.config.adminSigner }];
  if (method === "POST" && kind === "signatures" && id === undefined) return createSignature(state, wallet, body);
  if (method === "GET" && kind === "signatures" && id) return [200, getSignature(state, wallet, id)];
  if (method === "GET" && kind === "balances" && id === undefined) return [200, await balances(state, wallet, url.searchParams)];
  throw new Refusal(404, `Cannot ${method} ${url.pathname}`);
}

async function createWallet({ chain, wallets }, body) {
  members("body", body, { type: "smart", chainType: "evm", config: Object, owner: String });
  members("config", body.config, { adminSigner: Object, delegatedSigners: Array });
  members("adminSigner", body.config.adminSigner, { type: "api-key" });
  if (body.config.delegatedSigners.length) throw new Refusal(400, "delegatedSigners are not supported here");
  if (!/^userId:[\w.-]{1,128}$/.test(body.owner)) throw new Refusal(400, "owner is not a user locator");
  const made = [...wallets.values()].find((wallet) => wallet.shown.owner === body.owner);
  if (made) return [200, made.shown];
  const privateKey = keccak256(toHex(`crossmint ${body.owner}`));
  const owner = privateKeyToAccount(privateKey).address;
  const question = { address: FACTORY, abi: factoryAbi, args: [owner, zeroHash] };
  const address = await chain.client.readContract({ ...question, functionName: "addressOf" });
  const adminSigner = { type: "api-key", address: owner, locator: "api-key" };
  const shown = { chainType: "evm", type: "smart", config: { adminSigner, delegatedSigners: [] }, address, owner: body.owner, createdAt: "2026-11-21T12:00:00.000Z" };
  const data = encodeFunctionData({ abi: factoryAbi, functionName: "create", args: question.args });
  wallets.set(address.toLowerCase(), { shown, privateKey, data });
  return [201, shown];
}

async function createSignature({ chain, signatures, polls, ends }, wallet, body) {
  members("body", body, { type: "typed-data", params: Object });
  members("params", body.params, { typedData: Object, signer: "api-key", chain: String });
  const { typedData, chain: name } = body.params;
  members("typedData", typedData, { domain: Object, message: Object, primaryType: String, types: Object });
  members("domain", typedData.domain, { name: String, version: String, chainId: Number, verifyingContract: String });
  if (!CHAINS[name]) throw new Refusal(400, `chain ${name} is not available with this key`);
  if (CHAINS[name] !== typedData.domain.chainId) throw new Refusal(400, "chain and domain.chainId differ");
  if (!isAddress(typedData.domain.verifyingContract)) throw new Refusal(400, "verifyingContract is not an address");
  const { address } = wallet.shown;
  const bare = concat(["0x01", await sign({ hash: hashTypedData(typedData), privateKey: wallet.privateKey, to: "hex" })]);
  const isDeployed = await chain.client.getCode({ address });
  const signature = isDeployed ? bare : serializeErc6492Signature({ address: FACTORY, data: wallet.data, signature: bare });
  const end = ends.shift() ?? "success";
  const params = { ...body.params, signer: wallet.shown.config.adminSigner };
  const shown = { id: `00000000-0000-4000-8000-${String(signatures.size).padStart(12, "0")}`, type: "typed-data", chainType: "evm", walletType: "smart", status: "pending", params, createdAt: "2026-11-21T12:00:00.000Z", approvals: { pending: [], submitted: [] } };
  signatures.set(shown.id, { shown, address, end, signature, polls });
  return [201, shown];
}

function getSignature({ signatures }, wallet, id) {
  const made = signatures.get(id);
  if (made?.address !== wallet.shown.address) throw new Refusal(404, "Signature not found");
  if (made.polls-- > 0) return { ...made.shown };
  return { ...made.shown, status: made.end, ...(made.end === "success" ? { outputSignature: made.signature } : {}) };
}

async function balances({ chain }, wallet, query) {
  if ([...query.keys()].join() !== "tokens,chains" || query.get("tokens") !== "eth,usdc") throw new Refusal(400, "tokens and chains are required");
  const name = query.get("chains");
  if (!CHAINS[name]) throw new Refusal(400, `chain ${name} is not available with this key`);
  const { address } = wallet.shown;
  const held = await chain.client.readContract({ address: USDC, abi: balanceAbi, functionName: "balanceOf", args: [address] });
  const token = (symbol, title, decimals, raw, contract) => {
    const amount = (Number(raw) / 10 ** decimals).toString();
    const there = { locator: contract ? `${name}:${contract}` : `${name}:${symbol}`, amount, rawAmount: String(raw), ...(contract ? { contractAddress: contract } : {}) };
    return { symbol, name: title, decimals, amount, rawAmount: String(raw), chains: { [name]: there } };
  };
  return [token("eth", "Ether", 18, 0n), token("usdc", "USD Coin", 6, held, USDC)];
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** All of these members and no other; each of a kind, or exactly a text. */
function members(place, value, wanted) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Refusal(400, `${place} must be an object`);
  for (const name of Object.keys(value)) if (!(name in wanted)) throw new Refusal(400, `${place}.${name} is not known`);
  for (const [name, kind] of Object.entries(wanted)) {
    const found = value[name];
    const fits = typeof kind === "string" ? found === kind : found?.constructor === kind;
    if (!fits) throw new Refusal(400, `${place}.${name} must be ${kind.name ?? kind}`);
  }
}
