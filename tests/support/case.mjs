// One payment under a fault: what the caller is told, and what holds in the end.
import assert from "node:assert/strict";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { assertBooksAreClean } from "./audit.mjs";
import { createEvent, findEvent, get, openServer, until } from "./network.mjs";
import { payFor, rsvp, rsvpAgain } from "./pay.mjs";
import { isNonceUsed } from "./usdc.mjs";

const PRICE = 50_000n;
const CAPACITY = 2;
const OPEN = "SELECT id, state, reason FROM payments WHERE state IN ('claimed', 'verified', 'settling', 'unknown', 'settled')";

/**
 * A new server with one event, and a payment for a seat there. New, because failures open the circuit breaker of
 * their server (src/facilitator/breaker.rs).
 */
export async function startCase(network, payer, version = 2) {
  const privateKey = generatePrivateKey();
  const server = await openServer(network, { address: privateKeyToAccount(privateKey).address, privateKey });
  const event = await createEvent(network, server, { capacity: CAPACITY });
  const payment = await payFor(network, server, event, payer, version);
  const second = await payFor(network, server, event, payer, version);
  const pay = () => rsvp(network, server, event, payment);
  return { network, server, event, payer, version, payment, second, pay, again: () => rsvpAgain(network, server, event, payment, payer) };
}

/** What a caller may be told of a payment. */
export const told = {
  ticket({ status, body }) {
    assert.equal(status, 200, JSON.stringify(body));
    assert.match(body.transactionHash, /^0x[0-9a-f]{64}$/);
  },
  unknown({ status, body, challenge }) {
    assert.equal(status, 409, JSON.stringify(body));
    assert.equal(challenge, null, "never a new challenge while money may have moved");
    assert.equal(body.moneyMoved, "unknown");
    assert.match(body.detail, /repeat the same call with the same payment/);
  },
  /** Either is right when one request is carried out twice. */
  ticketOrUnknown: (answer) => (answer.status === 200 ? told.ticket : told.unknown)(answer),
  unavailable({ status, body, challenge }) {
    assert.equal(status, 503, JSON.stringify(body));
    assert.equal(challenge, null, "there is nobody who could take another payment");
    assert.equal(body.moneyMoved, "no");
    assert.match(body.detail, /try again in \d+ seconds\. No money was moved/);
  },
  refused: (reason) => ({ status, body, challenge }) => {
    assert.equal(status, 402, JSON.stringify(body));
    assert.match(body.error, reason);
    assert.ok(challenge.accepts.length > 0, "money surely did not move, so payment is asked for again");
  },
};

const seats = ({ network, server, event }) => findEvent(network, server, event);

const hasRunOut = ({ payload }) => Number(payload.authorization.validBefore) < Date.now() / 1000 + 30;

/** Asks until the answer is not 503, which says that no money moved and to come again: a slow machine has it said sooner. */
const insists = (ask) =>
  until(async () => {
    const answer = await ask();
    return answer.status !== 503 && answer;
  });

/** While the outcome is unknown: the seat is held, a repeat gets the same answer, no second payment is taken. */
export async function assertIsHeld(one) {
  assert.equal((await seats(one)).seatsLeft, CAPACITY - 1, "the seat is held");
  told.unknown(await one.pay());
  told.unknown(await insists(() => rsvp(one.network, one.server, one.event, one.second)));
}

/** Whether the token has seen this payment used. */
export const isUsed = ({ network, payer, payment }) => isNonceUsed(network, payer.address, payment.payload.authorization.nonce);

/**
 * Waits until no payment of the server is open; says which are if that takes too long. Alarms wait longer after each
 * fault, so the slower the machine, the later the last one.
 */
export async function settlesDown({ network, server }, seconds = 120) {
  let open;
  const isOver = async () => (open = await network.worker.sql(server.scope, OPEN)).length === 0;
  await until(isOver, seconds).catch(() => assert.deepEqual(open, [], "these payments are still open"));
}

/** Chain, seats, ledger and KV say the same: paid once, or not at all. */
async function assertAllAgree(one, paid) {
  const { network, server, event, payer } = one;
  await assertBooksAreClean(network.worker, server.scope);
  assert.equal(await isUsed(one), paid, "whether the chain has seen the authorization used");
  const moved = await network.chain.transfers(server.payTo);
  assert.deepEqual(moved.map(({ args }) => [args.from, args.value]), paid ? [[payer.address, PRICE]] : []);
  const guests = await get(network, `/api/users/events/${event.id}/rsvps`, server.token).then((answer) => answer.json());
  assert.deepEqual(guests.rsvps.map(({ wallet }) => wallet), paid ? [payer.address] : []);
  assert.equal((await seats(one)).seatsLeft, CAPACITY - (paid ? 1 : 0));
  const earned = String(await network.chain.balance(server.payTo));
  const revenue = await get(network, "/api/users/revenue", server.token).then((answer) => answer.json());
  assert.equal(revenue.totalAtomic, earned);
  if (!paid) return assert.equal(await network.worker.kv.get(`${server.scope}:revenue`), null);
  await until(async () => (await network.worker.kv.get(`${server.scope}:revenue`)) === earned);
}

/**
 * Waits for the end and compares everything with the chain; then the payer gets the ticket
 * exactly when it is paid. One that was not paid may be used again: `reusable` says whether it is good.
 */
export async function endsWell(one, { paid = true, reusable = true, seconds } = {}) {
  await settlesDown(one, seconds);
  await assertAllAgree(one, paid);
  const again = await insists(one.again);
  assert.equal(again.status === 200, await isUsed(one), JSON.stringify(again));
  assert.equal(again.status, paid || reusable ? 200 : 402);
  if (!paid) await assertAllAgree(one, reusable);
  if (!paid && !reusable) return;
  const second = hasRunOut(one.second) ? await payFor(one.network, one.server, one.event, one.payer, one.version) : one.second;
  const other = await insists(() => rsvp(one.network, one.server, one.event, second));
  assert.equal(other.status, 409, "a second payment for the same seat is not taken");
  assert.equal(other.body.moneyMoved, "no");
  assert.equal((await one.again()).body.transactionHash, again.body.transactionHash);
}

/** The same for an authorization that was spent on something else: it buys nothing, and holds no seat. */
export async function endsWithoutSeat(one) {
  await settlesDown(one);
  const { network, server, event } = one;
  await assertBooksAreClean(network.worker, server.scope);
  assert.equal(await isUsed(one), true, "the authorization is spent");
  assert.equal((await seats(one)).seatsLeft, CAPACITY);
  const guests = await get(network, `/api/users/events/${event.id}/rsvps`, server.token).then((answer) => answer.json());
  assert.deepEqual(guests.rsvps, []);
  const revenue = await get(network, "/api/users/revenue", server.token).then((answer) => answer.json());
  assert.equal(revenue.totalAtomic, "0");
  assert.equal(await network.worker.kv.get(`${server.scope}:revenue`), null);
  assert.notEqual((await one.pay()).status, 200, "the same payment buys nothing later either");
}
