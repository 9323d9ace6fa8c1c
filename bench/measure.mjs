// Measuring: who is first changes with every repeat, so that whatever else the machine does meets all.
import { fork, spawn } from "node:child_process";
import path from "node:path";
import { root } from "../dev/lib/process.mjs";

const CONTESTANTS = ["floor", "peer", "ours"];
export const REPEATS = 3;
const WARM_UP_MILLIS = 300;

export const median = (values) => quantile(values, 0.5);

export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

/** The process that sends the load: `load(order)` gives what load.mjs measures. */
export function startLoad() {
  const child = fork(path.join(root, "bench", "load.mjs"));
  const load = (order) =>
    new Promise((resolve, reject) => {
      child.once("message", (answer) => (answer.failed ? reject(new Error(answer.failed)) : resolve(answer)));
      child.send(order);
    });
  return { load, stop: () => child.kill() };
}

/** The facilitator and the chain that all ask: `{facilitator, rpc, stop}`. */
export async function startOutside() {
  const child = spawn(process.execPath, [path.join(root, "bench", "outside.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
  const line = await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    child.once("exit", () => reject(new Error("the facilitator stopped at once")));
  });
  return { ...JSON.parse(line), stop: () => child.kill() };
}

/**
 * One scenario, `connections` at a time: for each contestant the medians of `{rate, p50, p99, cpu, errors}`: calls a second,
 * milliseconds, milliseconds of workerd's time for a call, and answers that were not what they should be. With `isOnce` each
 * repeat has a part of the requests.
 */
export async function measure({ workerd, load }, scenario, { connections, millis, isOnce = false }) {
  const names = CONTESTANTS.filter((name) => scenario[name]);
  const runs = Object.fromEntries(names.map((name) => [name, []]));
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    const order = names.map((_, index) => names[(index + repeat) % names.length]);
    for (const name of order) runs[name].push(await runOne({ workerd, load }, name, scenario[name], { connections, millis, isOnce, repeat }));
  }
  return Object.fromEntries(Object.entries(runs).map(([name, all]) => [name, middle(all)]));
}

async function runOne({ workerd, load }, name, { requests, status, says }, { connections, millis, isOnce, repeat }) {
  const port = Number(new URL(workerd.urls[name]).port);
  const each = Math.floor(requests.length / REPEATS);
  const mine = isOnce ? requests.slice(repeat * each, (repeat + 1) * each) : requests;
  if (!isOnce) await load({ port, requests, connections, millis: WARM_UP_MILLIS, status, says });
  const before = workerd.cpuMillis();
  const result = await load({ port, requests: mine, connections, millis, isOnce, status, says });
  const cpu = (workerd.cpuMillis() - before) / result.count;
  const { count, errors, sample, latencies } = result;
  return { rate: (1000 * count) / result.millis, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), cpu, errors, count, sample };
}

function middle(all) {
  const of = (field) => median(all.map((one) => one[field]));
  const sum = (field) => all.reduce((total, one) => total + one[field], 0);
  return { rate: of("rate"), p50: of("p50"), p99: of("p99"), cpu: of("cpu"), errors: sum("errors"), count: sum("count"), sample: all.find(({ sample }) => sample)?.sample };
}

/** Round trips a second over sockets, the medians by contestant. */
export async function measureSockets({ load }, contestants, { sockets, millis }) {
  const rates = {};
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    const all = Object.entries(contestants);
    for (const [name, order] of repeat % 2 ? all.reverse() : all) {
      const { count, errors, sample, millis: took } = await load({ ...order, sockets, millis });
      if (errors > 0) throw new Error(`${name}: ${sample}`);
      (rates[name] ??= []).push((1000 * count) / took);
    }
  }
  return Object.fromEntries(Object.entries(rates).map(([name, all]) => [name, median(all)]));
}
