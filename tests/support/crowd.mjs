// Many idle guest sessions on one workerd, and what they cost it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { openSession } from "./guests.mjs";

const AT_ONCE = 25;

async function inBatches(items, act) {
  const done = [];
  for (let begin = 0; begin < items.length; begin += AT_ONCE) {
    done.push(...(await Promise.all(items.slice(begin, begin + AT_ONCE).map(act))));
  }
  return done;
}

/** Resident memory of the workerd processes that this test has started, bytes. */
function memory() {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid=,rss=,comm="], { encoding: "utf8" }).trim().split("\n");
  const all = rows.map((row) => row.trim().split(/\s+/)).map(([pid, ppid, rss, ...name]) => ({ pid, ppid, rss: Number(rss), name: name.join(" ") }));
  const below = (parent) => all.filter(({ ppid }) => ppid === parent).flatMap((one) => [one, ...below(one.pid)]);
  const found = below(String(process.pid)).filter(({ name }) => name.includes("workerd"));
  assert.ok(found.length > 0, "no workerd is found");
  return found.reduce((sum, { rss }) => sum + rss * 1024, 0);
}

/** The runtime puts an object to sleep that has had nothing to do for ten seconds. */
function sleepsAlready(error) {
  if (!/not currently running/.test(error.message)) throw error;
}

/**
 * Opens so many sessions, lets all of them lose their memory while their sockets stay, and asks each one
 * something. Gives back what workerd's memory was, in bytes.
 */
export async function idleCrowd(network, count, restSeconds = 0) {
  // The first one pays for what all of them share.
  const first = await openSession(network);
  const before = memory();
  const guests = await inBatches(Array.from({ length: count }), () => openSession(network));
  const open = memory();
  await inBatches(guests, ({ welcome }) => network.worker.evict("Guest", welcome.session).catch(sleepsAlready));
  const asleep = memory();
  if (restSeconds > 0) await new Promise((resolve) => setTimeout(resolve, restSeconds * 1000));
  const rested = memory();
  await inBatches(guests, async (guest) => {
    guest.send({ type: "chat", text: "status" });
    assert.match((await guest.next("chat")).text, /Not connected to a server/);
  });
  const awake = memory();
  for (const guest of [first, ...guests]) {
    assert.equal(guest.messages.filter(({ type }) => type === "error").length, 0);
    guest.close();
  }
  return { before, open, asleep, rested, awake };
}
