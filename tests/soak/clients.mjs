// Clients of the load test: each does one thing after the other until time is up, and every answer is
// counted. What they ask for is mixed at random; what may be answered is not.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { askAgain, callMcp, callTool, sign } from "../support/pay.mjs";

// How much of what is asked.
const MIX = [["free", 0.4], ["challenge", 0.15], ["paid", 0.3], ["replay", 0.15]];
// 429 is how a limit answers, and 409 is "full", "in progress" or "not known yet".
const LEGAL = { free: [200, 429], challenge: [402, 409, 429], paid: [200, 409, 429], replay: [200, 429] };
const PAUSE_MILLIS = 1000;

/** What a client is: a payer of its own, and what it has bought. */
export function newClient(stage, payer) {
  return { stage, payer, tried: new Set(), bought: [] };
}

/** Asks until `end`. */
export async function work(client, end) {
  const acts = { free, challenge, paid, replay };
  while (Date.now() < end) await acts[pickKind()](client);
}

/** Asks once more for what a payment of unknown outcome has bought, until it is clear or `end` comes. */
export async function settleAccounts(client, end) {
  for (const purchase of client.bought) {
    while (!purchase.done && Date.now() < end) {
      await buy(client, purchase);
      if (!purchase.done) await sleep(PAUSE_MILLIS);
    }
  }
}

function pickKind() {
  let left = Math.random();
  for (const [kind, share] of MIX) if ((left -= share) < 0) return kind;
  return MIX[0][0];
}

const pick = (list) => list[Math.floor(Math.random() * list.length)];

function free(client) {
  const args = { eventId: pick(client.stage.events).id };
  return ask(client, "free", ...pick([["listEvents", {}], ["getEvent", args]]));
}

function challenge(client) {
  const args = { eventId: pick(client.stage.events).id };
  return ask(client, "challenge", pick(["rsvpToEvent", "getEventAnalytics"]), args);
}

/** A seat at an event where this client has none yet, or a look at the numbers. */
async function paid(client) {
  const untried = client.stage.events.filter(({ id }) => !client.tried.has(id));
  const wantsSeat = untried.length > 0 && Math.random() < 0.7;
  const event = pick(wantsSeat ? untried : client.stage.events);
  const tool = wantsSeat ? "rsvpToEvent" : "getEventAnalytics";
  const args = { eventId: event.id };
  const offer = await ask(client, "challenge", tool, args, { way: callTool });
  if (wantsSeat && offer.status !== 429) client.tried.add(event.id);
  if (offer.status !== 402) return;
  const payment = await sign(offer, client.payer, pick([1, 2]));
  const amount = BigInt(wantsSeat ? event.priceAtomic : 10_000);
  const purchase = { tool, args, payment, amount, payer: client.payer.address };
  client.bought.push(purchase);
  await buy(client, purchase);
}

async function buy(client, purchase) {
  const answer = await ask(client, "paid", purchase.tool, purchase.args, { payment: purchase.payment });
  // A limit stops a payment at the server; once it is inside, only an answer says what came of it.
  const isStopped = answer.status === 429 && !purchase.isInside;
  const isRefused = answer.status === 409 && answer.moneyMoved === "no";
  purchase.done = answer.status === 200 || isStopped || isRefused;
  purchase.isInside ||= !isStopped;
  if (answer.status !== 200) return;
  purchase.answer = answer.value;
  purchase.transaction = answer.receipt.transaction;
}

async function replay(client) {
  const purchase = pick(client.bought.filter(({ answer }) => answer));
  if (!purchase) return;
  const answer = await ask(client, "replay", purchase.tool, purchase.args, { payment: purchase.payment });
  if (answer.status !== 200) return;
  assert.deepEqual(answer.value, purchase.answer, "a replay gets the same answer");
  assert.equal(answer.receipt.transaction, purchase.transaction);
}

/** Asks over plain HTTP or MCP, counts the answer and judges it. */
async function ask({ stage, payer }, kind, tool, args, { payment, way = pick([callTool, callMcp]) } = {}) {
  const began = performance.now();
  const raw = payment
    ? await askAgain(stage.network, stage.server, tool, args, payment, payer, way)
    : await way(stage.network, stage.server, tool, args);
  stage.count(kind, raw.status, performance.now() - began);
  assert.ok(LEGAL[kind].includes(raw.status), `${kind} ${tool}: ${JSON.stringify(raw)}`);
  if (raw.status === 429) await sleep(Math.min(1000 * Number(raw.retryAfter ?? 1), PAUSE_MILLIS));
  return { moneyMoved: raw.body?.moneyMoved, value: raw.body, ...raw };
}
