// The five points of a paid call at which the runtime is killed. Nothing in the product knows of them:
// the facilitator sees how far a payer is, and at the last one the payer does.
import { setTimeout as sleep } from "node:timers/promises";

/**
 * `at` is what the facilitator does with those who are to be at the point; `reached()` says that one of
 * them is. A behaviour that does not answer leaves the connection open until the kill cuts it.
 * - `states`: where their payments are found then; `undefined` if nowhere.
 * - `isContract`: only wallets that are contracts come by here, for others `/verify` is not asked.
 * - `first`: the first to be there is enough, a later one would find the moment gone. One of each kind
 *   of wallet tries.
 * - `jitter`: the kill comes at once, or up to so many milliseconds later.
 * - `isAnswer`: the point is the payer's answer.
 */
export const POINTS = [
  {
    name: "while its signature is judged",
    // Nothing is written before that.
    states: [undefined],
    isContract: true,
    at: { "/verify": ({ reached }) => reached() },
  },
  {
    name: "after verify",
    states: ["settling"],
    isContract: true,
    at: { "/settle": ({ reached }) => reached() },
  },
  {
    name: "during settle",
    states: ["settling"],
    at: { "/settle": duringSettle },
  },
  {
    name: "after settle, before commit",
    states: ["settling", "settled", "delivered"],
    first: true,
    jitter: 10,
    at: { "/settle": answered },
  },
  {
    name: "after commit, before KV",
    states: ["delivered"],
    first: true,
    jitter: 50,
    isAnswer: true,
    at: { "/settle": passOn },
  },
];

/** The transaction is on its way, or mined; its sender is never told. */
async function duringSettle({ forward, reached, random }) {
  const settled = forward();
  await Promise.race([settled, sleep(random() * 150)]);
  reached();
}

async function passOn({ forward, answer }) {
  const passed = await forward();
  answer(passed.status, await passed.text());
}

async function answered({ forward, response, reached }) {
  const passed = await forward();
  const body = await passed.text();
  response.writeHead(passed.status, { "content-type": "application/json" });
  response.end(body, reached);
}

/** What the facilitator does with the others, so that at the kill many calls are at many stages. */
export const FATES = {
  /** Goes on after a moment. */
  passes: async (base) => {
    await sleep(base.random() * 200);
    if (!base.isOver()) await passOn(base);
  },
  /** Its first question reaches nobody. */
  kept: () => {},
  /** Its money moves, and the answer never comes. */
  withheld: async ({ path, forward, answer }) => {
    const passed = await forward();
    if (path === "/verify") answer(passed.status, await passed.text());
  },
};
