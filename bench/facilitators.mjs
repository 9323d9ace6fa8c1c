// How long our facilitator takes, beside the reference one: same chain, same run, turn and turn about, so
// that whatever else the machine does meets both. Each is a process of its own, asked over HTTP.
//   node bench/facilitators.mjs [--count 100]
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import http from "node:http";
import path from "node:path";
import { parseArgs } from "node:util";
import { NETWORK, otherRelayer } from "../dev/chain/accounts.mjs";
import { startChain } from "../dev/chain/chain.mjs";
import { freePort } from "../dev/lib/ports.mjs";
import { root, runMain } from "../dev/lib/process.mjs";
import { request } from "../tests/support/facilitators.mjs";
import { payerKit } from "../tests/support/payer-kit.mjs";
import { ours, startWorkerd } from "./workerd.mjs";

const WARM_UP = 10;
const agent = new http.Agent({ keepAlive: true });
const GOALS = { verify: 0.5, settle: 0.7 };

async function main(args) {
  const { values } = parseArgs({ args, options: { count: { type: "string", default: "100" } } });
  const count = Number(values.count);
  const chain = await startChain();
  const running = [chain];
  try {
    const reference = await startReference(chain.url);
    running.push(reference);
    const ours = await startOurs(chain.url);
    running.push(ours);
    const contestants = [];
    for (const { name, url } of [reference, ours]) {
      // One payer for each; the official client gives every payment a nonce of its own.
      contestants.push({ name, url, kit: await payerKit(chain, `bench ${name}`, 2, { url }), times: new Map() });
    }
    for (let round = 0; round < WARM_UP + count; round += 1) {
      // Who is first changes: the second may find a block that is younger.
      for (const one of round % 2 ? contestants : contestants.toReversed()) await compete(one, round >= WARM_UP);
    }
    print(contestants, count);
  } finally {
    agent.destroy();
    for (const one of running.reverse()) await one.stop();
  }
}

/** The reference facilitator, not in this process: its work would be ours, and the other way round. */
async function startReference(rpcUrl) {
  const script = path.join(root, "dev", "chain", "facilitator.mjs");
  const child = spawn(process.execPath, [script, "--rpc", rpcUrl], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const url = await new Promise((resolve, reject) => {
    child.stdout.on("data", (data) => resolve(/http:\S+/.exec(data)[0]));
    exited.then(() => reject(new Error("the reference facilitator stopped at once")));
  });
  return { name: "reference", url, stop: () => child.kill() && exited };
}

async function startOurs(rpcUrl) {
  const vars = {
    FACILITATOR_URL: "self",
    FACILITATOR_API: "open",
    WALLET_FACTORIES: "",
    RPC_URLS: JSON.stringify({ [NETWORK]: rpcUrl }),
    PUBLIC_URL: `http://localhost:${await freePort()}`,
    NETWORKS: NETWORK,
  };
  const secrets = { MASTER_KEY: randomBytes(32).toString("hex"), RELAYER_PRIVATE_KEY: otherRelayer.privateKey };
  const { urls, stop } = await startWorkerd([await ours({ vars, secrets })]);
  return { name: "ours", url: `${urls.ours}/facilitator`, stop };
}

/** What a shop does, which verifies and then settles; and what one does that settles at once. */
async function compete({ url, kit, times }, counts) {
  await kit.fund(kit.payer.address);
  const [asked, unasked] = [await kit.pays(kit.payer), await kit.pays(kit.payer)];
  const takes = [
    ["verify", "verify", asked],
    ["settle", "settle", asked],
    ["settle, not verified before", "settle", unasked],
  ];
  for (const [what, route, { payment, requirements }] of takes) {
    const body = JSON.stringify(request(payment, requirements));
    const started = performance.now();
    const text = await post(`${url}/${route}`, body);
    const took = performance.now() - started;
    const answer = JSON.parse(text);
    if (!answer.isValid && !answer.success) throw new Error(`${url}: ${text}`);
    if (counts) times.set(what, [...(times.get(what) ?? []), took]);
  }
}

/** A bare request on a connection that is there already: the client's own time is not to be measured. */
function post(url, body) {
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = http.request(url, { method: "POST", headers, agent }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (part) => (text += part));
      answer.on("end", () => resolve(text));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function quantile(times, part) {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

function print(contestants, count) {
  const [reference, ours] = contestants.map(({ times }) => times);
  console.log(`${count} payments of a key, x402 version 2, one after the other; milliseconds`);
  console.log(row(["", "reference p50", "p95", "ours p50", "p95", "ratio p50", "p95", "goal p50"]));
  for (const what of reference.keys()) {
    const [theirs, own] = [reference, ours].map((times) => [0.5, 0.95].map((part) => quantile(times.get(what), part)));
    const ratios = own.map((value, index) => (value / theirs[index]).toFixed(2));
    const goal = GOALS[what.split(",")[0]].toFixed(2);
    console.log(row([what, ...[...theirs, ...own].map((value) => value.toFixed(1)), ...ratios, goal]));
  }
}

const row = ([first, ...rest]) => first.padEnd(28) + rest.map((text) => text.padStart(14)).join("");

await runMain(import.meta.url, main);
