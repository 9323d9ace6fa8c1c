// `npm run bench`: ours beside a floor and a peer, in one workerd and in turns, and the goals of each scenario.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { freePort } from "../dev/lib/ports.mjs";
import { Failure, parseOptions, root, runMain, step } from "../dev/lib/process.mjs";
import { bundleSize } from "../dev/lib/size.mjs";
import { accountsOf } from "../tests/support/wallets.mjs";
import { counting, floor, peer, settingsOf } from "./contestants.mjs";
import { guests, memory, rush, starts, statements } from "./others.mjs";
import { measure, startLoad, startOutside } from "./measure.mjs";
import { forOurs, forPeer } from "./payments.mjs";
import { networkAt, prepare } from "./prepare.mjs";
import { goalLine, report, unexplained } from "./report.mjs";
import { paid, scenarios } from "./scenarios.mjs";
import { ours, startWorkerd } from "./workerd.mjs";

const state = path.join(root, ".dev", "bench", "state");
const FULL = { connections: [1, 16, 64], millis: 3000, payments: 600, rush: { payers: 2000, seats: 500 }, objects: 200 };
const SHORT = { connections: [16], millis: 700, payments: 150, rush: { payers: 300, seats: 75 }, objects: 60 };
const CONNECTIONS = 16;

async function main(args) {
  const options = { short: { type: "boolean" }, report: { type: "boolean" }, only: { type: "string" }, "on-disk": { type: "boolean" } };
  const { values } = parseOptions("bench", { args, options });
  // A report of some scenarios would replace that of all.
  if (values.report && values.only) throw new Failure("--report is for all scenarios: leave out --only");
  const size = { ...(values.short ? SHORT : FULL), isShort: values.short, isOnDisk: values["on-disk"] };
  const began = performance.now();
  const outside = await startOutside();
  const loader = startLoad();
  try {
    const results = await bench({ outside, load: loader.load, size, only: values.only });
    for (const goal of results.goals) console.log(goalLine(goal));
    const text = report(results, { size, seconds: (performance.now() - began) / 1000 });
    const missing = unexplained(results.goals, readFileSync(path.join(root, "bench", "MISSED.md"), "utf8"));
    if (values.report && missing.length > 0) throw new Failure(`say in bench/MISSED.md why these goals are missed: ${missing.join(", ")}`);
    if (values.report) writeFileSync(path.join(root, "bench", "REPORT.md"), text);
  } finally {
    loader.stop();
    outside.stop();
  }
}

async function bench({ outside, load, size, only = "" }) {
  const settings = settingsOf(outside, `http://localhost:${await freePort()}`);
  const payTo = accountsOf("bench peer", 1)[0].address;
  const hosts = await step("hosts, events and seats", () => prepare({ state, settings, isShort: size.isShort }));
  const contestants = { floor: floor(outside), peer: await step("bundle of the peer", () => peer(outside, payTo)), ours: await ours(settings) };
  const isWanted = (name) => name.includes(only);
  const results = { scenarios: [], goals: [], statements: [] };
  // Before anything is sold: alarms that look after sales would be counted, too.
  if (isWanted("statements")) results.statements = await statements(await counting(settings), { state, load, hosts, publicUrl: settings.vars.PUBLIC_URL });
  const workerd = await startWorkerd(Object.values(contestants), { state, isOnDisk: size.isOnDisk });
  const network = networkAt(workerd.urls.ours, settings.vars.PUBLIC_URL);
  const meter = { workerd, load };
  try {
    await fill(workerd.urls, hosts);
    for (const scenario of scenarios(hosts).filter(({ name }) => isWanted(name))) {
      for (const connections of size.connections) await take(meter, scenario, { connections, millis: size.millis }, results);
    }
    if (isWanted("paid-rsvp")) {
      const count = size.payments * 3;
      const forSeats = (host, name) => forOurs(network, host, name, count);
      const bought = await step("signatures", async () => ({ peer: await forPeer(workerd.urls.peer, "bench peers", count), few: await forSeats(hosts.few, "bench few"), sold: await forSeats(hosts.sold, "bench sold") }));
      const goals = { share: 0.5, peer: 3 };
      // A payment that the floor has spent would be spent for ours, which asks the chain. The peer does not ask.
      const first = { ...paid("paid-rsvp", hosts.few, { floor: bought.peer, peer: bought.peer, ours: bought.few }), goals };
      await take(meter, first, { connections: CONNECTIONS, isOnce: true }, results);
      await take(meter, paid("paid-rsvp-10000-sold", hosts.sold, { floor: bought.peer, ours: bought.sold }), { connections: CONNECTIONS, isOnce: true }, results);
      results.goals.push(flat("paid-rsvp-flat", results, "paid-rsvp-10000-sold", "paid-rsvp", 0.9));
    }
    if (isWanted("list-events")) results.goals.push(...flatLists(results, hosts));
    if (isWanted("guest")) results.goals.push(await guests(meter, hosts.few, { ...size, publicUrl: settings.vars.PUBLIC_URL }));
    if (isWanted("rush")) results.goals.push(...(await rush(meter, network, hosts.few, size)));
  } finally {
    await workerd.stop();
  }
  if (isWanted("memory")) results.goals.push(...(await memory(contestants, settings, size)));
  if (isWanted("start")) results.goals.push(await starts(contestants));
  if (isWanted("size")) results.goals.push(sizeOfBundle());
  if (Object.values(results).every((found) => found.length === 0)) throw new Failure(`no scenario has ${only} in its name: bench/REPORT.md names them`);
  return results;
}

async function fill({ floor: url, peer: atPeer }, hosts) {
  for (const { events } of Object.values(hosts)) await fetch(`${url}/fill?object=${events}&events=${events}`);
  await fetch(`${atPeer}/fill`);
}

async function take(meter, scenario, how, results) {
  const found = await measure(meter, scenario, how);
  results.scenarios.push({ name: scenario.name, connections: how.connections, found });
  for (const [name, { rate, p50, p99, cpu, errors, count, sample }] of Object.entries(found)) {
    const share = (rate / found.floor.rate).toFixed(2);
    const failed = errors > 0 ? ` ${errors} of ${count} WRONG: ${sample}` : "";
    console.log(
      `${scenario.name.padEnd(24)} c=${String(how.connections).padEnd(3)} ${name.padEnd(6)} ${rate.toFixed(0).padStart(6)}/s  share ${share}  p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms  cpu ${cpu.toFixed(2)} ms${failed}`,
    );
    if (errors > 0) throw new Failure(`${scenario.name}: ${name} gave wrong answers`);
  }
  if (how.connections !== CONNECTIONS) return;
  const { goals = {} } = scenario;
  const mine = found.ours.rate;
  if (goals.share) results.goals.push({ name: scenario.name, value: mine / found.floor.rate, goal: goals.share });
  if (goals.peer && found.peer) results.goals.push({ name: `${scenario.name}-to-peer`, value: mine / found.peer.rate, goal: goals.peer });
}

const rateOf = ({ scenarios: all }, name) => all.find((one) => one.name === name && one.connections === CONNECTIONS)?.found.ours.rate;

const flat = (name, results, one, other, goal) => ({ name, value: rateOf(results, one) / rateOf(results, other), goal });

/** The slowest of the long lists beside the fastest. */
function flatLists(results, hosts) {
  const rates = Object.values(hosts).flatMap(({ events, seats }) => (seats || events < 1000 ? [] : [rateOf(results, `list-events-${events}`)]));
  if (rates.some((rate) => rate === undefined)) return [];
  return [{ name: "list-events-flat", value: Math.min(...rates) / Math.max(...rates), goal: 0.85 }];
}

function sizeOfBundle() {
  return { name: "bundle-gzip-kb", value: bundleSize().gzipped / 1000, goal: 650, isAtMost: true };
}

await runMain(import.meta.url, main);
