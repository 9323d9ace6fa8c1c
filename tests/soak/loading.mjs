// The test of tests/soak/load.spec.mjs; `npm test` runs it for a few seconds.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertBooksAreClean } from "../support/audit.mjs";
import { createEvent, get, openServer, setLimits, startNetwork, until } from "../support/network.mjs";
import { accountsOf, mintAll } from "../support/wallets.mjs";
import { newClient, settleAccounts, work } from "./clients.mjs";

const CLIENTS = 64;
const SMALL_EVENTS = 20;
const LARGE_EVENTS = 20;
const SMALL = 4;
const DOLLAR = 1_000_000n;

export function loading(seconds) {
  let network, server, events;
  before(async () => {
    network = await startNetwork();
    server = await openServer(network);
    // All clients come from one address.
    await setLimits(network, server, { callsPerMinute: 1000, unpaidPerMinute: 100_000 });
    events = [];
    for (let index = 0; index < SMALL_EVENTS + LARGE_EVENTS; index += 1) {
      const capacity = index < SMALL_EVENTS ? SMALL : (index % 2) * 1000;
      events.push(await createEvent(network, server, { title: `Event ${index}`, capacity, price: `0.${10 + index}` }));
    }
  });
  after(() => network?.stop());

  test(`${CLIENTS} clients for ${seconds} s: no fault, and every book says the same`, async () => {
    const counted = new Map();
    const count = (kind, status, millis) => {
      const key = `${kind} ${status}`;
      if (!counted.has(key)) counted.set(key, []);
      counted.get(key).push(millis);
    };
    const payers = accountsOf("load", CLIENTS);
    await mintAll(network.chain, payers.map(({ address }) => address), 100n * DOLLAR);
    const clients = payers.map((payer) => newClient({ network, server, events, count }, payer));
    const end = Date.now() + seconds * 1000;
    // One who meets a fault ends; the others go on, so that the figures are complete.
    const ends = await Promise.allSettled(clients.map((client) => work(client, end)));
    print(counted);
    const faults = ends.filter(({ status }) => status === "rejected").map(({ reason }) => String(reason?.message ?? reason));
    assert.deepEqual(faults, []);
    const patience = Date.now() + 180_000;
    await Promise.all(clients.map((client) => settleAccounts(client, patience)));
    await until(async () => (await open()).length === 0, 120).catch(async () => assert.deepEqual(await open(), []));
    const bought = clients.flatMap((client) => client.bought.filter(({ answer }) => answer));
    assert.ok(bought.length >= CLIENTS / 2, `only ${bought.length} calls were paid`);
    await assertBooksAreClean(network.worker, server.scope);
    await compareWithChain(bought);
    await compareSeats(bought);
  });

  const sql = (query) => network.worker.sql(server.scope, query);
  const open = () => sql("SELECT id, state, reason FROM payments WHERE state NOT IN ('delivered', 'refused', 'failed')");

  /** Every answer has its transaction, every transaction its answer, and revenue is their sum. */
  async function compareWithChain(bought) {
    const transfers = await network.chain.transfers(server.payTo);
    const byHash = new Map(transfers.map(({ transactionHash, args }) => [transactionHash, args]));
    for (const { payer, amount, transaction } of bought) {
      const moved = byHash.get(transaction);
      assert.ok(moved, `${transaction} is on the chain`);
      assert.deepEqual([moved.from, moved.value], [payer, amount]);
    }
    assert.equal(byHash.size, transfers.length, "one transfer in each transaction");
    assert.equal(bought.length, transfers.length, "everybody who paid has an answer");
    const balance = await network.chain.balance(server.payTo);
    const revenue = await get(network, "/api/users/revenue", server.token).then((answer) => answer.json());
    assert.equal(revenue.totalAtomic, String(balance));
    await until(async () => (await network.worker.kv.get(`${server.scope}:revenue`)) === String(balance));
  }

  /** Seats that were bought are seats that are taken, at each event, and never more than there are. */
  async function compareSeats(bought) {
    const rows = await sql("SELECT event_id, count(*) AS seats FROM rsvps GROUP BY event_id");
    const seats = new Map(rows.map((row) => [row.event_id, row.seats]));
    for (const { id, capacity } of events) {
      const paid = bought.filter(({ tool, args }) => tool === "rsvpToEvent" && args.eventId === id).length;
      assert.equal(seats.get(id) ?? 0, paid);
      assert.ok(capacity === 0 || paid <= capacity, `${paid} seats of ${capacity}`);
    }
  }
}

/** For information only: machines differ. */
function print(counted) {
  for (const [key, millis] of [...counted].sort(([one], [other]) => one.localeCompare(other))) {
    millis.sort((one, other) => one - other);
    const at = (share) => millis[Math.min(millis.length - 1, Math.floor(millis.length * share))].toFixed(0);
    console.log(`# ${key.padEnd(14)} ${String(millis.length).padStart(6)}   p50 ${at(0.5)} ms   p99 ${at(0.99)} ms`);
  }
}
