// What chains and facilitators say, asked from this machine.
import { domainSeparator, formatEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { UPTO_PROXY } from "../chain/accounts.mjs";
import { facilitatorKinds, LEAST_COIN_WEI } from "./facts.mjs";

const TIMEOUT_MILLIS = 10_000;
const ANSWER_BYTES_MAX = 1024 * 1024;
/** Beyond this a payment's time is judged wrongly. */
const SKEW_SECONDS_MAX = 30;
/** A chain whose newest block is older has stopped, or the endpoint has. */
const HEAD_SECONDS_MAX = 300;

/** JSON from an address, with limits on time and size. Errors never repeat the address: it may hold a key. */
export async function ask(url, body) {
  const init = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MILLIS) });
  } catch (error) {
    return { error: error.cause?.code ?? error.name, headers: new Headers() };
  }
  const text = (await answer.text().catch(() => "")).slice(0, ANSWER_BYTES_MAX);
  try {
    return { status: answer.status, headers: answer.headers, json: JSON.parse(text) };
  } catch {
    return { status: answer.status, headers: answer.headers, text };
  }
}

/** The selector of `DOMAIN_SEPARATOR()`. */
const DOMAIN_SEPARATOR = "0x3644e515";

/** Id, head, and the token's code and domain, asked together as the Worker does. */
export async function checkChain(network, url, report) {
  const name = network.name;
  const methods = [
    ["eth_chainId", []],
    ["eth_getBlockByNumber", ["latest", false]],
    ["eth_getCode", [network.usdc, "latest"]],
    ["eth_call", [{ to: network.usdc, data: DOMAIN_SEPARATOR }, "latest"]],
  ];
  const { error, status, json } = await ask(url, methods.map(([method, params], id) => ({ jsonrpc: "2.0", id, method, params })));
  if (error || status !== 200) return report.todo(`chain ${name}`, `its endpoint gives no answer (${error ?? status}); set another in RPC_URLS`);
  if (!Array.isArray(json)) return report.todo(`chain ${name}`, "its endpoint takes no batches (JSON-RPC 2.0, section 6); set one in RPC_URLS that does");
  const [id, head, code, domain] = methods.map((_, at) => json.find((one) => one.id === at)?.result);
  if (Number(id) !== network.chain.id) return report.todo(`chain ${name}`, `its endpoint is one of chain ${Number(id)}, and ${network.chain.id} is wanted; set another in RPC_URLS`);
  const age = Math.floor(Date.now() / 1000) - Number(head?.timestamp);
  if (!(age < HEAD_SECONDS_MAX)) report.todo(`chain ${name}`, `its newest block is ${age} seconds old: the endpoint lags, or this clock is wrong`);
  else report.ok(`chain ${name}`, `block ${Number(head.number)}, ${Math.max(age, 0)} s old`);
  checkToken(network, { code, domain }, report);
}

/** Payments are signed for the domain of our table (EIP-712); a token with another one refuses them all. */
function checkToken({ name, usdc, token, chain }, { code, domain }, report) {
  if (!code || code === "0x") return report.todo(`token ${name}`, `there is no code at ${usdc}: this endpoint is of another chain`);
  const expected = domainSeparator({ domain: { name: token, version: "2", chainId: chain.id, verifyingContract: usdc } });
  if (domain === expected) return report.ok(`token ${name}`, `USDC has code at ${usdc}, and the domain that payments are signed for`);
  report.todo(`token ${name}`, `${usdc} has another signing domain than "${token}", version 2, so no payment would settle: take the network out of NETWORKS, and report it`);
}

/** Who settles: what a facilitator lists, or the coin of our own relayer. */
export async function checkFacilitator(settings, networks, report) {
  if (settings.value("SOLANA_FACILITATOR_URL")) await checkSolana(settings.value("SOLANA_FACILITATOR_URL"), report);
  if (settings.value("FACILITATOR_URL") === "self") return checkRelayer(settings, networks, report);
  await checkSupported(settings.value("FACILITATOR_URL"), networks.map(({ network }) => network), report);
}

/** What another facilitator lists for each network. */
export async function checkSupported(address, networks, report) {
  if (!URL.canParse(address)) return;
  const { error, status, json, headers } = await ask(`${address.replace(/\/$/, "")}/supported`);
  if (error || status !== 200 || !Array.isArray(json?.kinds)) {
    return report.todo("facilitator", `gives no list of networks at /supported (${error ?? status}); check FACILITATOR_URL`);
  }
  for (const network of networks) {
    const settles = facilitatorKinds(json.kinds, network);
    if (settles) report.ok(`facilitator ${network.name}`, "settles there");
    else report.todo(`facilitator ${network.name}`, "does not settle there: set another FACILITATOR_URL, or take the network out of NETWORKS");
  }
  checkClock("clock", headers, report);
}

/** Whether the facilitator of Solana settles on one of its networks, and who pays the fee there. */
async function checkSolana(address, report) {
  if (!URL.canParse(address)) return;
  const { error, status, json } = await ask(`${address.replace(/\/$/, "")}/supported`);
  const isSolana = ({ scheme, network, extra }) => scheme === "exact" && network?.startsWith("solana:") && extra?.feePayer;
  const kinds = Array.isArray(json?.kinds) ? json.kinds.filter(isSolana) : [];
  for (const { network, extra } of kinds) report.ok(`facilitator ${network}`, `settles there, and ${extra.feePayer} pays the fee`);
  if (kinds.length === 0) {
    report.todo("facilitator Solana", `lists no network of Solana with a fee payer (${error ?? status}); check SOLANA_FACILITATOR_URL`);
  }
}

async function checkRelayer(settings, networks, report) {
  const key = settings.value("RELAYER_PRIVATE_KEY").replace(/^0x/i, "");
  if (!/^[0-9a-f]{64}$/i.test(key)) return;
  const { address } = privateKeyToAccount(`0x${key}`);
  for (const { network, url } of networks) {
    const { json } = await ask(url, { jsonrpc: "2.0", id: 1, method: "eth_getBalance", params: [address, "latest"] });
    if (json?.result !== undefined) coin(report, network.name, address, BigInt(json.result));
    const { json: proxy } = await ask(url, { jsonrpc: "2.0", id: 1, method: "eth_getCode", params: [UPTO_PROXY, "latest"] });
    if (typeof proxy?.result !== "string") continue;
    // Without it everything is paid by exact; that is no fault.
    const settles = proxy.result === "0x" ? "has no proxy there; payers pay by exact" : "has its proxy there";
    report.ok(`upto ${network.name}`, settles);
  }
}

/** Whether a relayer can pay for gas. */
export function coin(report, name, address, wei) {
  const held = `${address} holds ${formatEther(wei)} of the network's coin`;
  if (wei >= LEAST_COIN_WEI) report.ok(`relayer ${name}`, held);
  else report.todo(`relayer ${name}`, `${held}: send it a little, it pays for gas`);
}

/** The clock here beside that of an answer. */
export function checkClock(check, headers, report) {
  const theirs = Date.parse(headers.get("date") ?? "");
  if (Number.isNaN(theirs)) return;
  const skew = Math.round((Date.now() - theirs) / 1000);
  if (Math.abs(skew) <= SKEW_SECONDS_MAX) report.ok(check, `${Math.abs(skew)} s apart`);
  else report.todo(check, `this clock and theirs are ${Math.abs(skew)} s apart: set this machine's clock, payments hold for two minutes only`);
}
