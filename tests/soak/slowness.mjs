// Many buyers at once while everything around the host is slow: the endpoint of the chain, the facilitator. Each
// payment is delivered once, whatever comes late.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertBooksAreClean } from "../support/audit.mjs";
import { startOwnNetwork } from "../support/facilitators.mjs";
import { behaviours, startHostile } from "../support/hostile.mjs";
import { rpcFaults, startHostileRpc } from "../support/hostile-rpc.mjs";
import { createEvent, openServer, patch, post, setLimits, startNetwork, until } from "../support/network.mjs";
import { NETWORK } from "../../dev/chain/accounts.mjs";
import { callTool, sign } from "../support/pay.mjs";
import { accountsOf, mintAll } from "../support/wallets.mjs";

const PATIENCE = 400;
const VALUE = "sk-live-slow-5f2e9c0b";
const DESK_PRICE = 20_000n;

/** Our own facilitator, whose endpoint takes so long for each answer. */
async function ownAndSlow(t, seconds) {
  const network = await startOwnNetwork({});
  t.after(() => network.stop());
  return {
    network,
    rpc: network.rpc,
    slows: () => network.rpc.misbehave(rpcFaults.isLate(seconds)),
  };
}

/** Another facilitator, which answers so late, behind the same endpoint. */
async function othersAndSlow(t, seconds, buyers) {
  let network;
  const hostile = await startHostile(() => network.facilitator.url);
  const rpc = await startHostileRpc(() => network.chain.url);
  t.after(() => Promise.all([hostile.stop(), rpc.stop()]));
  const vars = { RPC_URLS: JSON.stringify({ [NETWORK]: rpc.url }) };
  network = await startNetwork({ facilitatorUrl: hostile.url, vars });
  t.after(() => network.stop());
  const slows = () => {
    rpc.misbehave(rpcFaults.isLate(seconds));
    for (let index = 0; index < 4 * buyers; index += 1) hostile.next.push(behaviours.isLate(12));
  };
  return { network, rpc, slows };
}

/**
 * Pays and sends the call until it is answered. Another answer says that nobody knows yet, or that it is too early,
 * or that the payment has run out before anybody could send it: then a new one is signed, as any client would. That
 * no money had moved for the old one is seen on the chain at the end.
 */
async function insists({ pay, payment }, counts) {
  const end = Date.now() + PATIENCE * 1000;
  for (let paid = payment; ;) {
    const answer = await pay(paid);
    if (answer.status === 200) return answer.body;
    if (answer.status === 402) {
      const isOver = answer.challenge !== null || /sign a new one/.test(answer.body.detail);
      assert.ok(isOver, JSON.stringify(answer.body));
      const anew = await pay.sign();
      counts.signedAnew += anew ? 1 : 0;
      paid = anew ?? paid;
    } else {
      assert.ok([409, 429, 503].includes(answer.status), JSON.stringify(answer.body));
    }
    assert.ok(Date.now() < end, `no result after ${PATIENCE} s: ${JSON.stringify(answer.body)}`);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
}

async function everybodyBuys(t, { network, rpc, slows }, { tool, argsOf, price, buyers }) {
  const server = await openServer(network);
  await setLimits(network, server, {
    callsPerMinute: 1_000,
    unpaidPerMinute: 100_000,
  });
  const thing = await argsOf(network, server, buyers);
  const payers = accountsOf(`slow ${tool}`, buyers);
  await mintAll(
    network.chain,
    payers.map(({ address }) => address),
    1_000_000n,
  );
  const calls = [];
  for (const [index, payer] of payers.entries()) {
    const args = thing(index);
    const pay = (payment) => callTool(network, server, tool, args, payment);
    // There is no offer while the seats that are left are held by others.
    pay.sign = async () => {
      const answer = await pay();
      return answer.challenge ? sign(answer, payer) : undefined;
    };
    calls.push({ pay, payment: await pay.sign() });
  }
  slows();
  const started = performance.now();
  const counts = { signedAnew: 0 };
  const answers = await Promise.all(calls.map((call) => insists(call, counts)));
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  t.diagnostic(
    `${buyers} × ${tool} in ${seconds} s, ${counts.signedAnew} payments ran out and were signed anew`,
  );
  rpc.recovers();
  const sql = (query) => network.worker.sql(server.scope, query);
  // Also what comes late, and the look after the delivery.
  await until(
    async () => (await sql("SELECT count(*) AS n FROM payments WHERE next_check_at IS NOT NULL"))[0].n === 0,
    PATIENCE,
  );
  const entries = await sql("SELECT entry, count(*) AS n FROM ledger GROUP BY entry ORDER BY entry");
  assert.deepEqual(
    entries.filter(({ entry }) => ["delivered", "reversed", "settled"].includes(entry)),
    [
      { entry: "delivered", n: buyers },
      { entry: "settled", n: buyers },
    ],
  );
  const transfers = await network.chain.transfers(server.payTo);
  assert.deepEqual(
    new Set(transfers.map(({ args }) => args.from)),
    new Set(payers.map(({ address }) => address)),
  );
  assert.deepEqual(
    [transfers.length, await network.chain.balance(server.payTo)],
    [buyers, BigInt(buyers) * price],
  );
  assert.equal(new Set(answers.map(({ transactionHash }) => transactionHash)).size, buyers);
  await assertBooksAreClean(network.worker, server.scope);
  return { answers, sql };
}

const seats = async (network, server, buyers) => {
  const event = await createEvent(network, server, { capacity: 3 * buyers });
  return () => ({ eventId: event.id });
};

const deskTicket = async (network, server) => {
  const answer = await patch(network, "/api/users/me", { doors: ["events", "desk"] }, server.token);
  assert.equal(answer.status, 200, await answer.text());
  return (index) => ({ subject: `Order ${index}`, body: "Where is it?" });
};

const secret = async (network, server) => {
  const stored = { name: "Key", value: VALUE, price: "0.05" };
  const { id } = await (await post(network, "/api/users/secrets", stored, server.token)).json();
  return () => ({ secretId: id });
};

/** Who settles, and how slow the endpoint is. */
const around = (seconds) => [
  [`our own facilitator and an endpoint that takes ${seconds} s`, (t) => ownAndSlow(t, seconds)],
  [
    `a facilitator that takes 12 s and an endpoint that takes ${seconds} s`,
    (t, buyers) => othersAndSlow(t, seconds, buyers),
  ],
];

/** So many buyers at once at slow servers, for each kind of thing that is sold; so many kinds at a time. */
export function slowness(buyers, concurrency, seconds) {
  describe(`${buyers} buyers at once`, { concurrency }, () => {
    for (const [name, start] of around(seconds)) {
      const buy = async (t, tool, argsOf, price) =>
        everybodyBuys(t, await start(t, buyers), { tool, argsOf, price, buyers });

      test(`with ${name}: a ticket and a row of the ledger for each`, async (t) => {
        const { answers, sql } = await buy(t, "rsvpToEvent", seats, 50_000n);
        assert.equal(new Set(answers.map(({ ticketUrl }) => ticketUrl)).size, buyers);
        assert.equal((await sql("SELECT count(*) AS n FROM rsvps"))[0].n, buyers);
      });

      test(`with ${name}: each reads the secret that it has paid for`, async (t) => {
        const { answers, sql } = await buy(t, "retrieveSecret", secret, 50_000n);
        assert.ok(answers.every((answer) => answer.secret === VALUE && answer.version === 1));
        const sold = "SELECT count(*) AS n, count(handed_over_at) AS read FROM retrievals WHERE how = 'paid'";
        assert.deepEqual(await sql(sold), [{ n: buyers, read: buyers }]);
      });

      test(`with ${name}: the desk opens one ticket for each`, async (t) => {
        const { answers, sql } = await buy(t, "createTicket", deskTicket, DESK_PRICE);
        assert.equal(new Set(answers.map(({ ticketId }) => ticketId)).size, buyers);
        assert.equal((await sql("SELECT count(*) AS n FROM tickets"))[0].n, buyers);
      });
    }
  });
}
