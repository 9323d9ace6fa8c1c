// What is not a rate of requests: guests' round trips, memory, the rush, the start, and statements of a call.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createEvent, openServer } from "../tests/support/network.mjs";
import { encode } from "../tests/support/pay.mjs";
import { accountsOf } from "../tests/support/wallets.mjs";
import { measureSockets, median, quantile, REPEATS } from "./measure.mjs";
import { forOurs } from "./payments.mjs";
import { networkAt } from "./prepare.mjs";
import { http, paid, scenarios } from "./scenarios.mjs";
import { startWorkerd } from "./workerd.mjs";

const SOCKETS = 50;
const RUSH_CONNECTIONS = 64;
const COUNTED = 3;
const ALARM_MILLIS = 3000;

/** Calls of a free tool over guests' sockets, beside an object with a socket that makes the same request. */
export async function guests(meter, { server, event }, { millis, publicUrl }) {
  const socketOf = (name, path) => meter.workerd.urls[name].replace("http", "ws") + path;
  const message = { type: "call_tool", tool: "getEvent", arguments: { eventId: event.id } };
  const first = { type: "connect_mcp", url: `${publicUrl}/mcp/users/${server.scope}` };
  const rates = await measureSockets(meter, {
    floor: { url: socketOf("floor", "/ws?object=guest"), message, answers: "tool_result" },
    ours: { url: socketOf("ours", "/agent"), first, isReady: "mcp_connected", message, answers: "tool_result" },
  }, { sockets: SOCKETS, millis });
  return { name: "guest-call-tool", value: rates.ours / rates.floor, goal: 0.45 };
}

/** Many payers at once for few seats: exactly the seats are sold, and nobody waits long for a refusal. */
export async function rush({ workerd, load }, network, { server }, { rush: { payers, seats } }) {
  const event = await createEvent(network, server, { capacity: seats });
  const payments = await forOurs(network, { server, event }, "bench rush", payers);
  const path = `/x402/users/${server.scope}/tools/rsvpToEvent`;
  const requests = payments.map((payment) => http(path, { eventId: event.id }, { "payment-signature": encode(payment) }));
  const port = Number(new URL(workerd.urls.ours).port);
  const { byStatus, sample } = await load({ port, requests, connections: RUSH_CONNECTIONS, isOnce: true, status: [200, 409] });
  if (sample) console.log(`rush: ${sample}`);
  const [sold, refused] = [byStatus[200] ?? [], byStatus[409] ?? []];
  console.log(`rush: ${sold.length} of ${seats} seats sold to ${payers} payers, ${refused.length} refused`);
  const spread = refused.length === 0 ? Infinity : quantile(refused, 0.99) / median(refused);
  return [
    { name: "rush-oversold", value: Math.abs(sold.length - seats), goal: 0, isAtMost: true },
    { name: "rush-refusals-p99-to-p50", value: spread, goal: 3, isAtMost: true },
  ];
}

/** Memory of a host that was called once and of a guest's socket, beside bare objects. */
export async function memory({ floor, ours }, settings, { objects }) {
  const bare = await grown([floor], ({ urls }) => ({
    one: (index) => fetch(`${urls.floor}/?object=${index}`).then((answer) => answer.text()),
    socket: (index) => opened(`${urls.floor.replace("http", "ws")}/ws?object=socket${index}`),
  }), objects);
  const scopes = [];
  const mine = await grown([ours], ({ urls }) => {
    const network = networkAt(urls.ours, settings.vars.PUBLIC_URL);
    const accounts = accountsOf("bench memory", objects);
    return {
      before: async () => {
        for (const account of accounts) scopes.push((await openServer(network, account)).scope);
      },
      one: (index) => fetch(`${urls.ours}/mcp/users/${scopes[index]}/manifest`).then((answer) => answer.text()),
      socket: () => opened(`${urls.ours.replace("http", "ws")}/agent`),
    };
  }, objects);
  console.log(`memory: an object ${kb(bare.one)}, a host ${kb(mine.one)}; a bare socket ${kb(bare.socket)}, a guest's ${kb(mine.socket)}`);
  return [
    { name: "memory-host", value: mine.one / bare.one, goal: 1.3, isAtMost: true },
    { name: "memory-guest-socket", value: mine.socket / bare.socket, goal: 1.5, isAtMost: true },
  ];
}

const kb = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;

function opened(url) {
  const socket = new WebSocket(url);
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Error(`${url} opens no socket`));
  });
}

/** How much a process grows with each object and with each socket. `before` is what is made beforehand. */
async function grown(workers, actions, count) {
  const state = mkdtempSync(path.join(tmpdir(), "concierge-bench-"));
  const first = await startWorkerd(workers, { state });
  await actions(first).before?.();
  await first.stop();
  const workerd = await startWorkerd(workers, { state });
  const { one, socket } = actions(workerd);
  const sockets = [];
  try {
    const each = async (act) => {
      const before = workerd.rssBytes();
      for (let index = 0; index < count; index += 1) sockets.push(await act(index));
      return (workerd.rssBytes() - before) / count;
    };
    // The first of each kind starts what all share.
    sockets.push(await one(0), await socket(count));
    return { one: await each(one), socket: await each(socket) };
  } finally {
    for (const open of sockets) open?.close?.();
    await workerd.stop();
    rmSync(state, { recursive: true, force: true });
  }
}

/** From the start of workerd to the first answer: ours beside the floor. */
export async function starts({ floor, ours }) {
  const took = { floor: [], ours: [] };
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    for (const worker of repeat % 2 ? [ours, floor] : [floor, ours]) {
      const workerd = await startWorkerd([worker]);
      took[worker.name].push(workerd.startedMillis);
      await workerd.stop();
    }
  }
  const [bare, mine] = [median(took.floor), median(took.ours)];
  console.log(`start to first answer: floor ${bare.toFixed(0)} ms, ours ${mine.toFixed(0)} ms`);
  return { name: "start", value: mine / bare, goal: 1.8, isAtMost: true };
}

/** SQL statements of one call of each kind, in all objects together. */
export async function statements(worker, { state, load, hosts, publicUrl }) {
  const workerd = await startWorkerd([worker], { state });
  const url = workerd.urls.ours;
  const counted = () => fetch(`${url}/bench/statements`).then((answer) => answer.json());
  const port = Number(new URL(url).port);
  const send = async ({ requests: [request], status, says }) => {
    const { sample } = await load({ port, requests: [request], connections: 1, isOnce: true, status, says });
    if (sample) throw new Error(sample);
  };
  const found = [];
  const note = (name, counts) => {
    // What another alarm does meanwhile only adds, so the least of several is the call's own.
    found.push({ name, count: Math.min(...counts) });
    console.log(`${name}: ${found.at(-1).count} SQL statements`);
  };
  const count = async (name, calls, { withAlarm = false } = {}) => {
    const [ofCalls, ofAlarms] = [[], []];
    for (const call of calls) {
      await counted();
      await send(call);
      const first = await counted();
      ofCalls.push(first.calls);
      if (!withAlarm) continue;
      await new Promise((resolve) => setTimeout(resolve, ALARM_MILLIS));
      ofAlarms.push(first.alarms + (await counted()).alarms);
    }
    note(name, ofCalls);
    if (withAlarm) note(`its alarm, within ${ALARM_MILLIS / 1000} s`, ofAlarms);
  };
  try {
    for (const { name, ours } of scenarios(hosts)) await count(name, Array(COUNTED).fill(ours));
    const payments = await forOurs(networkAt(url, publicUrl), hosts.few, "bench statements", COUNTED);
    await count("paid-rsvp", payments.map((payment) => paid("", hosts.few, { floor: [], ours: [payment] }).ours), { withAlarm: true });
    return found;
  } finally {
    await workerd.stop();
  }
}
