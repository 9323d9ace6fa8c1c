// One round: a crowd pays for the seats of one event, some of them are at the point, the runtime is
// killed and started again, and those without an answer come back.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { createEvent } from "../support/network.mjs";
import { callMcp, callTool, rsvp, rsvpAgain, sign } from "../support/pay.mjs";
import { accountsOf, miniWallet, mintAll } from "../support/wallets.mjs";
import { FATES } from "./points.mjs";

export const PRICE = 50_000n;
// Fewer than payers: some come too late. Half of them is more than those who wait at the point or elsewhere hold, since
// wallets that never paid here may hold no more.
const CAPACITY = 16;
const IN_FLIGHT_MIN = 6;
const LISTERS = 4;
// More than a round needs, so that nobody pays twice in a minute.
const ACCOUNTS = 48;
const CONTRACTS = 36;
// Those who pass compete for the seats that those who wait have left.
const CROWD = [
  ...["kept", "withheld", "kept", "withheld"].map((role) => ({ role, isContract: false })),
  ...["kept", "withheld"].map((role) => ({ role, isContract: true })),
  ...Array.from({ length: 6 }, (_, index) => ({ role: "passes", isContract: index % 3 === 0 })),
  ...Array.from({ length: 3 }, (_, index) => ({ role: "late", isContract: index === 0 })),
];

// With which question to the facilitator those who wait are where they stay.
const HELD_AT = {
  waits: (path, point) => point.at[path],
  kept: () => true,
  withheld: (path) => path === "/settle",
};

/** What all rounds share. `random` gives numbers from 0 to 1. */
export async function startStage(worker, random) {
  const accounts = accountsOf("kill", ACCOUNTS);
  const owners = accountsOf("kill, owner", CONTRACTS);
  const contracts = await Promise.all(owners.map((owner) => miniWallet(worker.chain, owner)));
  await mintAll(worker.chain, [...accounts, ...contracts].map(({ address }) => address), 1000n * PRICE);
  const next = (list) => () => {
    list.push(list.shift());
    return list.at(-1);
  };
  const network = { worker };
  return {
    worker,
    network,
    random,
    nextAccount: next(accounts),
    nextContract: next(contracts),
    attempts: [],
    inFlight: new Set(),
    get server() {
      const { scope, token, walletAddress } = worker.host;
      return { scope, token, payTo: walletAddress, mcpUrl: `${worker.url}/mcp/users/${scope}` };
    },
  };
}

/**
 * One kill at `point`. Afterwards the Worker runs again. `atKill(round)` may look at its storage. With
 * `hasty` nobody comes back, so that the next kill falls into what the alarm is doing about this one.
 */
export async function killRound(stage, point, number, { atKill, hasty }) {
  const { worker, network, random } = stage;
  const round = { number, point, capacity: CAPACITY, over: false };
  round.event = await createEvent(network, stage.server, { title: `Round ${number}`, capacity: CAPACITY });
  round.attempts = await crowdOf(stage, round);
  stage.attempts.push(...round.attempts);
  const here = (...roles) => round.attempts.filter(({ role }) => roles.includes(role));

  const { killed, allHeld, launched } = arm(stage, round);
  const everybody = Promise.all([
    ...Array.from({ length: LISTERS }, (_, index) => list(stage, round, index)),
    ...here("waits", "kept", "withheld").map((attempt) => pay(stage, round, attempt)),
    allHeld.promise.then(async () => {
      const passing = here("passes").map((attempt) => pay(stage, round, attempt));
      await sleep(random() * 80);
      launched.resolve();
      return Promise.all(passing);
    }),
  ]);
  await Promise.race([killed, everybody.then(() => killed), tooLate(30, here("waits"))]);
  await worker.down();
  await everybody;
  await atKill(round);
  assert.ok(round.inFlight >= IN_FLIGHT_MIN, `${round.inFlight} calls were in flight`);

  worker.hostile.rule = undefined;
  await worker.up();
  stage.upSince = Date.now();
  round.over = false;
  if (!hasty) await afterwards(stage, round);
  return round;
}

/** Newcomers pay, and some of the interrupted repeat their call; the others leave it to the alarm. */
async function afterwards(stage, round) {
  const interrupted = round.attempts.filter(({ role, answer }) => role !== "late" && !answer);
  const impatient = interrupted.filter(() => stage.random() < 0.5);
  const late = round.attempts.filter(({ role }) => role === "late");
  await Promise.all([...impatient, ...late].map((attempt) => comeBack(stage, round, attempt)));
}

async function crowdOf(stage, { event, point, number }) {
  const kinds = [point.isContract, point.isContract || point.first];
  const waiting = kinds.map((isContract) => ({ role: "waits", isContract }));
  const challenge = await patiently(() => rsvp(stage.network, stage.server, event));
  assert.equal(challenge.status, 402);
  return Promise.all([...waiting, ...CROWD].map(async ({ role, isContract }, index) => {
    const payer = isContract ? stage.nextContract() : stage.nextAccount();
    const payment = await sign(challenge, payer, 1 + (index + number) % 2);
    const { nonce } = payment.payload.authorization;
    return { round: number, point: point.name, event, payer: payer.address, signer: payer, nonce, payment, role };
  }));
}

/**
 * Tells the facilitator what to do. `allHeld` are those who wait there, be it at the point or elsewhere:
 * they hold their seats before the crowd comes, which has `launched` before anybody reaches the point.
 */
function arm(stage, round) {
  const { worker, random } = stage;
  const { point } = round;
  const [killed, allHeld, launched] = Array.from({ length: 3 }, () => Promise.withResolvers());
  const known = new Map(round.attempts.map((attempt) => [attempt.nonce, attempt]));
  const missing = new Set(round.attempts.filter(({ role }) => HELD_AT[role]));
  let expected = point.first ? 1 : round.attempts.filter(({ role }) => role === "waits").length;
  round.reached = async () => {
    expected -= 1;
    if (expected !== 0) return;
    // Every other time without a pause: what follows an answer takes few milliseconds.
    if (point.jitter && random() < 0.5) await sleep(random() * point.jitter);
    round.inFlight = stage.inFlight.size;
    round.over = true;
    worker.kill();
    killed.resolve();
  };
  worker.hostile.rule = ({ path, body }) => {
    const attempt = known.get(body.paymentPayload.payload.authorization.nonce);
    if (!attempt) return undefined;
    const waits = attempt.role === "waits";
    const behave = waits ? point.at[path] : FATES[attempt.role];
    if (HELD_AT[attempt.role]?.(path, point)) missing.delete(attempt);
    if (missing.size === 0) allHeld.resolve();
    if (!behave) return undefined;
    const more = { path, random, reached: round.reached, isOver: () => round.over };
    return async (base) => {
      if (waits) await launched.promise;
      return behave({ ...base, ...more });
    };
  };
  return { killed: killed.promise, allHeld, launched };
}

async function pay(stage, round, attempt) {
  const call = () => rsvpAgain(stage.network, stage.server, attempt.event, attempt.payment, attempt.signer);
  stage.inFlight.add(attempt);
  const answer = await unlessOver(round, () => patiently(call));
  stage.inFlight.delete(attempt);
  if (!answer) return undefined;
  assert.ok([200, 409, 429].includes(answer.status), `${attempt.role}: ${JSON.stringify(answer)}`);
  attempt.answer = answer;
  if (answer.status === 200) attempt.ticket ??= answer.body;
  if (round.point.isAnswer && attempt.role === "waits" && answer.status === 200) round.reached();
  return answer;
}

/** Repeats the same call with the same payment, as our answers say, until it is clear what came of it. */
async function comeBack(stage, round, attempt) {
  for (let tries = 0; tries < 8; tries += 1) {
    const answer = await pay(stage, round, attempt);
    if (answer.body.moneyMoved !== "unknown") return;
    await sleep(300 + stage.random() * 700);
  }
}

/** Lists the events over and over, by HTTP or MCP. */
async function list(stage, round, index) {
  const { network, server } = stage;
  const way = [callTool, callMcp][index % 2];
  while (!round.over) {
    const answer = await unlessOver(round, () => way(network, server, "listEvents", {}));
    if (answer) assert.ok([200, 429].includes(answer.status), `listEvents: ${JSON.stringify(answer)}`);
    await sleep(100);
  }
}

/** What `call` gives, or nothing if the runtime was killed meanwhile. */
async function unlessOver(round, call) {
  try {
    const answer = await call();
    return round.over ? undefined : answer;
  } catch (error) {
    if (round.over) return undefined;
    throw error;
  }
}

/** Who is told to come back later does. */
export async function patiently(call) {
  for (;;) {
    const answer = await call();
    if (answer.status !== 429) return answer;
    await sleep(1000 * Math.min(Number(answer.retryAfter ?? 1), 60));
  }
}

function tooLate(seconds, waiting) {
  const why = () => `nobody reached the point: ${JSON.stringify(waiting.map(({ answer }) => answer))}`;
  return new Promise((_, reject) => setTimeout(() => reject(new Error(why())), seconds * 1000).unref());
}
