// What the contestants have before anything is measured: hosts with events and sold seats. One of each is made by the
// program itself; the others are copies of its rows, because a hundred thousand calls would take too long.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openServer, createEvent, setLimits } from "../tests/support/network.mjs";
import { payFor, rsvp } from "../tests/support/pay.mjs";
import { accountsOf } from "../tests/support/wallets.mjs";
import { ours, startWorkerd } from "./workerd.mjs";

/** The hosts: how many events, and how many sold seats at the first one. */
const HOSTS = {
  few: { events: 10 },
  thousand: { events: 1_000 },
  tenThousand: { events: 10_000 },
  hundredThousand: { events: 100_000 },
  sold: { events: 10, seats: 10_000 },
};
const EVENT = { capacity: 0, startsAt: "2030-03-01T18:30:00Z", description: "An evening about what was built this year.", location: "Berlin" };

/** A network as the tests' kit wants one. */
export const networkAt = (url, publicUrl) => ({ worker: { url, fetch: (address, init) => fetch(new URL(address, url), init) }, publicUrl });

/** Makes the hosts in `state`; gives back each with its server and its first event. */
export async function prepare({ state, settings, isShort }) {
  rmSync(state, { recursive: true, force: true });
  mkdirSync(state, { recursive: true });
  const running = await startWorkerd([await ours(settings)], { state });
  const network = networkAt(running.urls.ours, settings.vars.PUBLIC_URL);
  const wanted = Object.entries(HOSTS).filter(([, { events }]) => !isShort || events < 100_000);
  const accounts = accountsOf("bench host", wanted.length);
  const [payer] = accountsOf("bench first payer", 1);
  const hosts = {};
  try {
    for (const [index, [name, has]] of wanted.entries()) {
      const server = await openServer(network, accounts[index]);
      await setLimits(network, server, { callsPerMinute: 1000, unpaidPerMinute: 100_000 });
      const event = await createEvent(network, server, EVENT);
      if (has.seats) await buy(network, server, event, payer);
      hosts[name] = { server, event, ...has };
    }
  } finally {
    await running.stop();
  }
  for (const host of Object.values(hosts)) multiply(state, host);
  return hosts;
}

async function buy(network, server, event, payer) {
  const { status, body } = await rsvp(network, server, event, await payFor(network, server, event, payer));
  if (status !== 200) throw new Error(`the first seat was not sold: ${JSON.stringify(body)}`);
}

function multiply(state, { server, events, seats = 0 }) {
  const folder = path.join(state, "ours-Host");
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".sqlite"))) {
    const database = new DatabaseSync(path.join(folder, file));
    try {
      if (!has(database, "profile")) continue;
      if (database.prepare("SELECT scope FROM profile").get()?.scope !== server.scope) continue;
      copies(database, "events", events - 1, { id: "printf('evt_%024x', i)", starts_at: "starts_at + 60 * i", title: "title || ' ' || i", taken: "0" });
      const changed = { payer: "printf('0x%040x', i)", tx_hash: "printf('0x%064x', i)", payment_id: "printf('pay_%024x', i)" };
      const rsvp = { ...changed, id: "printf('rsv_%024x', i)", code: "code || i" };
      copies(database, "rsvps", seats, rsvp);
      const payment = { ...changed, id: "printf('pay_%024x', i)", nonce: "printf('0x%064x', i)", signature_digest: "printf('0x%064x', i)", next_check_at: "NULL", identifier: "NULL" };
      copies(database, "payments", seats, payment);
      copies(database, "ledger", seats, { ...changed, seq: "NULL", total: "NULL" });
      copies(database, "wallets", seats, changed);
      database.exec("UPDATE events SET taken = (SELECT count(*) FROM rsvps r WHERE r.event_id = events.id)");
      return;
    } finally {
      database.close();
    }
  }
  throw new Error(`no storage of ${server.scope} in ${folder}`);
}

const has = (database, table) => database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(table) !== undefined;

/** Copies the first row of a table; `changed` says which columns are others, as SQL in which `i` counts the copies. */
function copies(database, table, count, changed) {
  if (count === 0) return;
  const columns = database.prepare(`SELECT name FROM pragma_table_info('${table}')`).all().map(({ name }) => name);
  const values = columns.map((name) => changed[name] ?? name);
  database.exec(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
     INSERT INTO ${table} (${columns}) SELECT ${values} FROM n, (SELECT * FROM ${table} ORDER BY rowid LIMIT 1)`,
  );
}
