// A deployment as strangers see it. It is asked a handful of cheap questions; chains are asked from here.
import { randomBytes } from "node:crypto";
import { NETWORK } from "../chain/accounts.mjs";
import { localState } from "../lib/deployment.mjs";
import { networkOf } from "../lib/networks.mjs";
import { ask, checkChain, checkClock, checkSupported, coin } from "./chain.mjs";

/** `origin` without a slash at the end; `settings` of this folder say more if they are of that deployment. */
export async function checkDeployment(origin, settings, report) {
  const { error, status, json, headers } = await ask(`${origin}/health`);
  if (error || (status !== 200 && !json?.detail)) {
    return report.todo("reachable", `${origin} gives no answer of ours (${error ?? status}); check the address, and \`npm run deploy\``);
  }
  report.ok("reachable", origin);
  if (status !== 200) return settingsOf(json.detail, report);
  report.ok("settings", `version ${json.version}, paid on ${json.networks.join(", ")}`);
  checkClock("clock", headers, report);
  await Promise.all([checkObjects(origin, report), checkPage(origin, report), checkMail(origin, report)]);
  checkKeys(json.keys, report);
  for (const relayer of json.relayers) checkRelayer(relayer, report);
  await checkMoney(origin, json, settings, report);
}

/** A faulty deployment names all faults in every answer. */
function settingsOf(detail, report) {
  const faults = detail.replace(/^settings need attention: /, "").split("; ");
  for (const fault of faults) report.todo("settings", fault);
}

/** An unknown host: the answer comes from a Host object, which has looked at its storage and at KV. */
async function checkObjects(origin, report) {
  const body = { jsonrpc: "2.0", id: 1, method: "tools/list" };
  const { error, status, json } = await ask(`${origin}/mcp/users/${randomBytes(16).toString("hex")}`, body);
  if (!error && status < 500 && json !== undefined) return report.ok("objects", "Durable Objects, their migrations and KV answer");
  report.todo("objects", `a Host object does not answer (${error ?? status}): look at \`npx wrangler tail\`, and at [[migrations]] in wrangler.toml`);
}

async function checkPage(origin, report) {
  const { status, text } = await ask(`${origin}/`);
  if (status === 200 && /<html/i.test(text ?? "")) report.ok("page");
  else report.todo("page", "/ shows no page: `npm run build`, then deploy again");
}

async function checkMail(origin, report) {
  const { json } = await ask(`${origin}/api/settings`);
  report.ok("mail", json?.emailSignIn ? "leaves, people can sign in by mail" : "off; MAIL_FROM and a way out switch it on");
}

/** A rotation of MASTER_KEY that is under way is well; one that has lost values, or waits for its end, is to do. */
function checkKeys({ previousId, isSealedAnew, hostsOpen, unopened } = {}, report) {
  if (previousId === undefined) return report.ok("keys", "no rotation is under way");
  if (unopened > 0) report.todo("keys", `${unopened} secrets open neither with MASTER_KEY nor with MASTER_KEY_PREVIOUS: make sure that it is the key before; the log names them`);
  else if (isSealedAnew) report.todo("keys", "all secrets are sealed with the new key: `npm run secrets -- --rotated` removes MASTER_KEY_PREVIOUS");
  else report.ok("keys", `a rotation is under way${hostsOpen > 0 ? `; ${hostsOpen} hosts have secrets to seal anew` : ""}`);
}

function checkRelayer(relayer, report) {
  if (relayer === null) return report.todo("relayer", "does not answer; look at `npx wrangler tail`");
  const { network, address, reachable, balanceWei, queue, gasBudgets } = relayer;
  const name = networkOf(network)?.name ?? network;
  if (!reachable) report.todo(`relayer ${name}`, "cannot reach its chain: set another endpoint in RPC_URLS");
  if (typeof balanceWei === "string") coin(report, name, address, BigInt(balanceWei));
  budgets(name, gasBudgets, report);
  report.ok(`queue ${name}`, JSON.stringify(queue));
}

function budgets(name, view, report) {
  const { spentUsd, limitUsd, hostsRefused, payersRefused, callersRefused, endsAt } = view ?? {};
  const said = `$${spentUsd} of $${limitUsd} spent today`;
  const refused = [hostsRefused, payersRefused, callersRefused].some((count) => count > 0);
  if (!refused && Number(spentUsd) < Number(limitUsd)) return report.ok(`gas ${name}`, said);
  report.todo(`gas ${name}`, `${said}, and requests are refused until ${endsAt}: raise GAS_BUDGETS, or wait`);
}

/** Endpoints that are known: of what `npm start` runs here, or of the settings in this folder. */
function endpoints(origin, isOurs, settings, report) {
  try {
    const { url, rpc } = localState();
    if (url === origin) return { [NETWORK]: rpc };
  } catch {
    // Nothing runs here.
  }
  try {
    return isOurs ? JSON.parse(settings.value("RPC_URLS")) : {};
  } catch {
    report.todo("RPC_URLS", "in wrangler.toml is no JSON, so the public endpoints are asked");
    return {};
  }
}

/** Chains and facilitator; their addresses are known where the settings here are of that deployment. */
async function checkMoney(origin, { networks, relayers }, settings, report) {
  const isOurs = URL.canParse(settings.value("PUBLIC_URL")) && new URL(settings.value("PUBLIC_URL")).origin === origin;
  const urls = endpoints(origin, isOurs, settings, report);
  const known = networks.map(networkOf).filter(Boolean);
  await Promise.all(known.map((network) => checkChain(network, urls[network.network] ?? network.chain.rpcUrls.default.http[0], report)));
  if (relayers.length > 0) return;
  if (isOurs) await checkSupported(settings.value("FACILITATOR_URL"), known, report);
  else report.ok("facilitator", "not asked: its address is known in the folder from which this was deployed");
}
