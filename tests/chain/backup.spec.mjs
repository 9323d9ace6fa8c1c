// A host is backed up while seats are sold, its storage is lost, and `npm run restore` brings everything back: in the same
// deployment, whose KV still has its records, and in a new one that has nothing.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { host, NETWORK, payers } from "../../dev/chain/accounts.mjs";
import { assertBooksAreClean } from "../support/audit.mjs";
import { runToEnd } from "../support/here.mjs";
import { createEvent, get, openServer, post, signIn, startNetwork, until } from "../support/network.mjs";
import { callTool, payFor, rsvp } from "../support/pay.mjs";

const MASTER_KEY = randomBytes(32).toString("hex");
const DESCRIPTION = "A long evening. ".repeat(240);
let network, server, event, folder, keyFile, backup, ticket, credential;

before(async () => {
  network = await start();
  for (const payer of payers.slice(0, 6)) await network.chain.mint(payer.address, 10_000_000n);
  folder = mkdtempSync(path.join(tmpdir(), "concierge-backup-"));
  keyFile = path.join(folder, "owner.key");
  writeFileSync(keyFile, `${host.privateKey}\n`);
  chmodSync(keyFile, 0o600);
  backup = path.join(folder, "backup.ndjson");
  server = await openServer(network);
  await fillHost();
});
after(async () => {
  await network?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** A deployment whose commands reach it where it says it is. */
async function start() {
  const started = await startNetwork({ secrets: { MASTER_KEY } });
  const { url } = started.worker;
  const rpcs = JSON.stringify({ [NETWORK]: started.chain.url });
  await started.worker.restart({ vars: { FACILITATOR_URL: started.facilitator.url, RPC_URLS: rpcs, PUBLIC_URL: url, NETWORKS: NETWORK } });
  return Object.assign(started, { publicUrl: url });
}

const owner = (at = network) => ["--server", at.worker.url, "--key-file", keyFile];
const run = (script, args) => runToEnd(script, args, { STATE_DIR: path.join(folder, "none") });

async function ask(method, where, body) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${server.token}` };
  const answer = await network.worker.fetch(where, { method, headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, await answer.clone().text());
  return answer.json();
}

/** A seat, a secret, the desk, a limit and a credential; enough events for some pages. */
async function fillHost() {
  await ask("PATCH", "/api/users/me", { doors: ["events", "vault", "desk"], limits: { callsPerMinute: 77 } });
  event = await createEvent(network, server, { title: "First" });
  for (let number = 0; number < 200; number += 1) await createEvent(network, server, { title: `Event ${number}`, description: DESCRIPTION });
  ticket = (await rsvp(network, server, event, await payFor(network, server, event, payers[0]))).body;
  await ask("POST", "/api/users/kb", { title: "Doors", body: "They open at six." });
  await ask("PATCH", "/api/users/desk", { approvalsNeeded: 7 });
  await ask("POST", "/api/users/secrets", { name: "Key", value: "sk-live-1", price: "0.05" });
  credential = await ask("POST", "/api/users/credentials", { name: "assistant", tier: "draft" });
}

const count = async (table, at = network) => (await at.worker.sql(server.scope, `SELECT count(*) AS n FROM ${table}`))[0].n;

/** The object forgets everything, as if its storage had been lost. */
async function lose() {
  const tables = await network.worker.sql(server.scope, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*'");
  for (const { name } of tables.filter(({ name }) => !name.includes("_text_"))) await network.worker.sql(server.scope, `DROP TABLE IF EXISTS ${name}`);
}

/** What is not in KV works again. */
async function isBack(at) {
  const session = await signIn(at);
  const own = (where) => get(at, where, session.token).then((answer) => answer.json());
  assert.equal((await own("/api/users/me")).limits.callsPerMinute, 77);
  assert.equal((await own("/api/users/desk")).approvalsNeeded, 7);
  assert.equal((await own("/api/users/kb")).articles[0].title, "Doors");
  const found = await callTool(at, server, "searchKb", { query: "open" });
  assert.equal(found.body.articles[0].title, "Doors");
  assert.equal((await at.worker.fetch(new URL(ticket.ticketUrl).pathname)).status, 200, "the ticket's code is good");
  const agent = await get(at, "/api/users/tickets", credential.token);
  assert.equal(agent.status, 200, "the credential is good");
  await assertBooksAreClean(at.worker, server.scope);
}

test("a backup is written while a seat is bought, complete, for its owner only, and shows the moment before", async () => {
  const seats = await count("rsvps");
  const answer = await network.worker.fetch("/api/users/export", { headers: { authorization: `Bearer ${server.token}` } });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type"), /^application\/x-ndjson/);
  assert.equal(answer.headers.get("x-concierge-export"), null);
  const reader = answer.body.getReader();
  const chunks = [(await reader.read()).value];
  const sold = await rsvp(network, server, event, await payFor(network, server, event, payers[1]));
  assert.equal(sold.status, 200, "sales go on while the pages are read");
  for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
  const lines = Buffer.concat(chunks).toString().trimEnd().split("\n");
  const pages = lines.filter((line) => line.startsWith('{"seal":')).map((line) => JSON.parse(line).seal);
  assert.ok(pages.length > 2, `${pages.length} pages`);
  assert.deepEqual(pages.map(({ page, last }) => [page, last]), pages.map((_, at) => [at, at === pages.length - 1]));
  assert.equal(JSON.parse(lines.at(-2)).end.rsvps, seats);
  assert.equal(await count("backup_out"), 0);
  assert.equal((await post(network, "/api/users/restore", {}, credential.token)).status, 403);
  const early = await run("backup", [...owner(), "--out", backup]);
  assert.match(early.output, /less than a minute ago; wait \d+ seconds/);
  assert.equal(early.code, 1);
  await network.worker.sql(server.scope, "DELETE FROM backups");
  const { code, output } = await run("backup", [...owner(), "--out", backup]);
  assert.equal(code, 0, output);
  assert.match(output, /201 events, 2 seats, 2 payments/);
  assert.equal(statSync(backup).mode & 0o777, 0o600);
  assert.ok(!readFileSync(backup, "utf8").includes("sk-live-1"), "what is sealed stays sealed");
});

test("a host that has its storage is not replaced", async () => {
  const { code, output } = await run("restore", [...owner(), "--file", backup]);
  assert.equal(code, 1);
  assert.match(output, /not restored: this host has payments .* nothing was changed/);
});

test("the storage is lost and KV is there: the host is rebuilt, and the backup brings the rest, with what was sold since", async () => {
  const sold = await rsvp(network, server, event, await payFor(network, server, event, payers[2]));
  assert.equal(sold.status, 200);
  await until(() => network.worker.kv.get(`${server.scope}:rsvps:${event.id}:${payers[2].address}`));
  await lose();
  const { code, output } = await run("restore", [...owner(), "--file", backup]);
  assert.equal(code, 0, output);
  assert.match(output, /restored as of .*: 201 events, 3 seats, 1 credentials/);
  await isBack(network);
  assert.equal((await rsvp(network, server, event, await payFor(network, server, event, payers[3]))).status, 200);
});

test("a new deployment with the same MASTER_KEY refuses it edited, and takes it as it was", async () => {
  const edited = path.join(folder, "edited.ndjson");
  writeFileSync(edited, readFileSync(backup, "utf8").replace('"First"', '"Other"'));
  const moved = await start();
  try {
    const refused = await run("restore", [...owner(moved), "--file", edited]);
    assert.equal(refused.code, 1);
    assert.match(refused.output, /its seal is not good/);
    const { code, output } = await run("restore", [...owner(moved), "--file", backup]);
    assert.equal(code, 0, output);
    await isBack(moved);
    await until(() => moved.worker.kv.get(`${server.scope}:events:${event.id}`));
    const again = await run("restore", [...owner(moved), "--file", backup]);
    assert.match(again.output, /restored as of/, "a repeat says so and changes nothing");
    assert.equal(await count("rsvps", moved), 2);
  } finally {
    await moved.stop();
  }
});
