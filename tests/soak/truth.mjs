// What must be true after kills: the chain, the host's lists, the answers and the books say the same.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { USDC } from "../../dev/chain/accounts.mjs";
import { usdcAbi } from "../../dev/chain/chain.mjs";
import { assertBooksAreClean } from "../support/audit.mjs";
import { get, until } from "../support/network.mjs";
import { rsvpAgain } from "../support/pay.mjs";
import { patiently, PRICE } from "./rounds.mjs";

const OPEN = ["claimed", "verified", "settling", "settled", "unknown"];

/** Looks at what the killed Worker has stored: the books hold, and the payers are where they should be. */
export async function atKill(stage, round) {
  const { rows, unsent } = await stage.worker.books(async (database) => {
    const sql = (_, query) => database.prepare(query).all().map((row) => ({ ...row }));
    await assertBooksAreClean({ sql }, stage.server.scope);
    const rows = sql(null, "SELECT id, nonce, state FROM payments");
    return { rows, unsent: sql(null, "SELECT key FROM outbox WHERE value IS NOT NULL") };
  });
  const waiting = (part) => unsent.filter(({ key }) => key.includes(part)).length;
  round.unsent = { tickets: waiting(`:rsvps:${round.event.id}:`), revenue: waiting(":revenue") };
  const byNonce = new Map(rows.map((row) => [row.nonce, row]));
  for (const attempt of stage.attempts) {
    const row = byNonce.get(attempt.nonce);
    attempt.isOpen = OPEN.includes(row?.state);
    attempt.id = row?.id;
    if (attempt.round === round.number) attempt.stateAtKill = row?.state;
  }
  const wanted = round.point.states;
  const there = round.attempts.filter(({ role, stateAtKill }) => role === "waits" && wanted.includes(stateAtKill));
  assert.ok(there.length >= (round.point.first ? 1 : 2), `at the point: ${JSON.stringify(states(round.attempts))}`);
  const answered = round.attempts.filter(({ ticket }) => ticket);
  assert.ok(answered.every(({ stateAtKill }) => stateAtKill === "delivered"), "what was answered is stored");
}

export function states(attempts) {
  const counts = {};
  for (const { stateAtKill = "absent" } of attempts) counts[stateAtKill] = (counts[stateAtKill] ?? 0) + 1;
  return counts;
}

/** Waits until nothing is open, and notes how long after the last start each payment was found out. */
export async function untilNothingIsOpen(stage, seconds = 180) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const open = await openPayments(stage);
    const ids = new Set(open.map(({ id }) => id));
    for (const attempt of stage.attempts) {
      if (!attempt.isOpen || ids.has(attempt.id)) continue;
      attempt.isOpen = false;
      attempt.foundAfter = (Date.now() - stage.upSince) / 1000;
    }
    if (open.length === 0) return;
    if (Date.now() > end) throw new Error(`still open after ${seconds} s: ${await explain(stage, ids)}`);
    await sleep(250);
  }
}

async function openPayments(stage) {
  const open = [];
  let cursor = "";
  // Open ones are among the newest.
  for (let pages = 0; pages < 3 && cursor !== undefined; pages += 1) {
    const page = await api(stage, `/api/users/payments${cursor && `?cursor=${cursor}`}`);
    open.push(...page.payments.filter(({ state }) => OPEN.includes(state)));
    cursor = page.nextCursor;
  }
  return open;
}

/** Everything that is known of payments that nobody has found out. Ends the Worker. */
async function explain(stage, ids) {
  await stage.worker.end();
  const columns = "id, payer, nonce, state, reason, attempts, next_check_at, updated_at, tx_hash, x402_version";
  const rows = await stage.worker.books((database) =>
    database.prepare(`SELECT ${columns} FROM payments`).all().filter(({ id }) => ids.has(id)).map((row) => ({
      ...row,
      ledger: database.prepare("SELECT entry, note, at FROM ledger WHERE payment_id = ? ORDER BY seq").all(row.id),
    })),
  );
  for (const row of rows) {
    row.usedOnChain = await isUsed(stage, { payer: row.payer, nonce: row.nonce });
    const attempt = stage.attempts.find(({ nonce }) => nonce === row.nonce);
    Object.assign(row, { round: attempt?.round, point: attempt?.point, role: attempt?.role });
  }
  const now = Math.floor(Date.now() / 1000);
  return JSON.stringify({ now, rows }, null, 1);
}

/** Everybody who paid has one seat and gets the same ticket again; nobody else has one. */
export async function checkRound(stage, round) {
  const { rsvps } = await api(stage, `/api/users/events/${round.event.id}/rsvps`);
  assert.ok(rsvps.length <= round.capacity, `${rsvps.length} seats of ${round.capacity}`);
  await Promise.all(round.attempts.map(async (attempt) => {
    attempt.isPaid = await isUsed(stage, attempt);
    const seats = rsvps.filter(({ wallet }) => wallet === attempt.payer);
    const who = `round ${round.number}, ${attempt.role} ${attempt.payer}`;
    assert.equal(seats.length, attempt.isPaid ? 1 : 0, `${who} ${attempt.isPaid ? "paid" : "did not pay"}`);
    if (!attempt.isPaid) return assert.equal(attempt.ticket, undefined, `${who} has a ticket`);
    const again = await patiently(() =>
      rsvpAgain(stage.network, stage.server, round.event, attempt.payment, attempt.signer));
    assert.equal(again.status, 200, `${who}: ${JSON.stringify(again)}`);
    assert.equal(again.body.transactionHash, seats[0].txHash);
    if (attempt.ticket) assert.deepEqual(again.body, attempt.ticket, `${who} gets another ticket`);
  }));
  round.paid = round.attempts.filter(({ isPaid }) => isPaid).length;
  assert.equal(rsvps.length, round.paid, "every seat belongs to one of the crowd");
}

function isUsed(stage, { payer, nonce }) {
  const call = { address: USDC, abi: usdcAbi, functionName: "authorizationState", args: [payer, nonce] };
  return stage.worker.chain.client.readContract(call);
}

/** Revenue is what the chain says. Only while nothing is open. */
export async function checkRevenue(stage) {
  const paid = stage.attempts.filter(({ isPaid }) => isPaid).length;
  const balance = await stage.worker.chain.balance(stage.server.payTo);
  assert.equal(balance, PRICE * BigInt(paid), "who paid is known");
  assert.equal((await api(stage, "/api/users/revenue")).totalAtomic, String(balance));
}

/** In the end KV holds every record, nothing waits to be sent, and the books are clean. */
export async function checkTheEnd(stage) {
  const { worker, server } = stage;
  const paid = stage.attempts.filter(({ isPaid }) => isPaid);
  const revenue = String(PRICE * BigInt(paid.length));
  await until(async () => (await worker.kvGet(`${server.scope}:revenue`)) === revenue);
  const wanted = paid.map(({ event, payer }) => `${server.scope}:rsvps:${event.id}:${payer}`);
  await until(async () => {
    const keys = new Set(await worker.kvKeys(`${server.scope}:rsvps:`));
    return keys.size === wanted.length && wanted.every((key) => keys.has(key));
  }, 30);
  // Records that sum up sales wait for a while, each at its own pace.
  const sold = new Map();
  for (const { event } of paid) sold.set(event.id, (sold.get(event.id) ?? 0) + 1);
  for (const [id, seats] of sold) {
    await until(async () => JSON.parse(await worker.kvGet(`${server.scope}:events:${id}`)).rsvpCount === seats);
  }
  await worker.end();
  await worker.books(async (database) => {
    const sql = (_, query) => database.prepare(query).all().map((row) => ({ ...row }));
    await assertBooksAreClean({ sql }, server.scope);
    assert.deepEqual(sql(null, "SELECT key FROM outbox WHERE value IS NOT NULL"), [], "all is sent");
  });
}

async function api(stage, path) {
  const answer = await patiently(async () => {
    const got = await get(stage.network, path, stage.server.token);
    return { status: got.status, retryAfter: got.headers.get("retry-after"), body: await got.json() };
  });
  assert.equal(answer.status, 200, `${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
