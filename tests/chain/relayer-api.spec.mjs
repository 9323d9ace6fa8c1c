// Our own facilitator over HTTP: who may ask and how often, whose a settlement is, what the operator is told
// of the relayer's money, and what the log never says.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { keccak256, parseTransaction } from "viem";
import { ask, serverPayment, signedFor, startOwnNetwork } from "../support/facilitators.mjs";
import { catches } from "../support/hostile-rpc.mjs";
import { get, until } from "../support/network.mjs";
import { payerKit } from "../support/payer-kit.mjs";
import { safeWallet } from "../support/smart-wallets.mjs";
import { PRICE } from "../support/terms.mjs";

const [TOKEN, OTHER_TOKEN] = ["the-first-token-of-two", "the-second-token-of-two"];
const PER_MINUTE = 600;
const BROADCAST = "eth_sendRawTransaction";
const USED = "invalid_exact_evm_nonce_already_used";
const ETHER = 10n ** 18n;
let network;
let made = 0;

before(async () => {
  const secrets = { FACILITATOR_TOKENS: `${TOKEN},${OTHER_TOKEN}` };
  network = await startOwnNetwork({ vars: { FACILITATOR_API: "token" }, secrets });
});
afterEach(() => network.rpc.recovers());
after(() => network?.stop());

const as = (token) => ({ authorization: `Bearer ${token}` });

/** A payment of a new payer; `settle` and `verify` send a token. */
async function newPayment(make) {
  made += 1;
  const kit = await payerKit(network.chain, `relayer over HTTP ${made}`, 1 + (made % 2), network.ours);
  const { settle, verify, ...one } = await serverPayment(network.ours, kit, make);
  return { ...one, settle: (token = TOKEN) => settle(as(token)), verify: (token = TOKEN) => verify(as(token)) };
}

async function assertIsPaid({ kit, payer }, hash) {
  const transfers = await network.chain.transfers(kit.payTo);
  const moved = transfers.map(({ args, transactionHash }) => [args.from, args.value, transactionHash]);
  assert.deepEqual(moved, hash ? [[payer.address, PRICE, hash]] : []);
}

function isSettled({ status, body }, hash = body.transaction) {
  assert.deepEqual([status, body.success, body.transaction], [200, true, hash], JSON.stringify(body));
}

function isUsed({ status, body }) {
  assert.deepEqual([status, body.success, body.errorReason, body.transaction], [200, false, USED, ""]);
}

function isProblem({ status, type, body }, expected, code) {
  assert.equal(status, expected, JSON.stringify(body));
  assert.match(type, /^application\/problem\+json/);
  assert.equal(body.type, `urn:events-concierge:problem:${code}`);
}

describe("one payment", () => {
  test("twenty times at once from one claimant is one transaction, and one answer", async () => {
    const one = await newPayment();
    const answers = await Promise.all(Array.from({ length: 20 }, () => one.settle()));
    assert.equal(signedFor(network, one).length, 1);
    const hash = keccak256(signedFor(network, one)[0]);
    for (const answer of answers) isSettled(answer, hash);
    await assertIsPaid(one, hash);
  });

  test("while it is under way, who began it waits for the answer, and to anybody else it is used", async () => {
    const one = await newPayment();
    const answered = Promise.withResolvers();
    const answers = async ({ answer, pass }) => {
      await answered.promise;
      answer(200, await pass());
    };
    const { behaviour, caught } = catches(BROADCAST, { answers });
    network.rpc.misbehave(behaviour, one.nonce);
    const first = one.settle();
    await caught;
    isUsed(await one.settle(OTHER_TOKEN));
    const again = one.settle();
    answered.resolve();
    for (const answer of [await first, await again]) isSettled(answer, keccak256(signedFor(network, one)[0]));
    assert.equal(signedFor(network, one).length, 1);
  });

  test("after it is settled, who began it gets the same answer again, and to anybody else it is used", async () => {
    const one = await newPayment(safeWallet);
    const first = await one.settle();
    isSettled(first);
    isUsed(await one.settle(OTHER_TOKEN));
    assert.deepEqual(await one.settle(), first);
    const verified = await one.verify();
    assert.deepEqual([verified.status, verified.body.isValid, verified.body.invalidReason], [200, false, USED]);
    assert.equal(signedFor(network, one).length, 1);
    await assertIsPaid(one, first.body.transaction);
  });

  test("which the first claimant only asked about belongs to who has it settled", async () => {
    const one = await newPayment();
    assert.equal((await one.verify(TOKEN)).body.isValid, true);
    isSettled(await one.settle(OTHER_TOKEN));
    isUsed(await one.settle(TOKEN));
  });
});

describe("who may ask", () => {
  const PATHS = ["supported", "verify", "settle"];
  const call = (path, headers = {}) => {
    const post = { method: "POST", headers: { "content-type": "application/json", ...headers }, body: "{}" };
    return network.worker.fetch(`/facilitator/${path}`, path === "supported" ? { headers } : post);
  };

  test("with tokens: nobody without one, or with one that is not on the list", async () => {
    for (const path of PATHS) {
      const wrong = [{}, as("the-third-token-of-two"), as(`${TOKEN}x`), as(TOKEN.slice(1)), as("")];
      for (const headers of [...wrong, { authorization: TOKEN }, { authorization: `Basic ${TOKEN}` }]) {
        const answer = await call(path, headers);
        assert.equal(answer.status, 401, path);
        assert.equal(answer.headers.get("www-authenticate"), "Bearer");
        assert.equal((await answer.json()).type, "urn:events-concierge:problem:no_access_token");
      }
      const { status } = await call(path, as(OTHER_TOKEN));
      assert.equal(status, path === "supported" ? 200 : 400, "an empty question is a bad one, but it is heard");
    }
  });

  test("the other method is not allowed", async () => {
    for (const path of PATHS) {
      const method = path === "supported" ? "POST" : "GET";
      const answer = await network.worker.fetch(`/facilitator/${path}`, { method, headers: as(TOKEN) });
      assert.equal(answer.status, 405, path);
    }
  });

  test("who asks more than 600 times in a minute waits, and nobody else does", async () => {
    // Earlier callers are forgotten.
    await restart();
    const one = await newPayment();
    // What needs no chain, so that the minute is long enough.
    const cheap = { ...one.body, paymentRequirements: { ...one.body.paymentRequirements, scheme: "other" } };
    for (const path of ["settle", "verify"]) {
      const limited = await untilLimited(() => ask(network.ours, path, cheap, as(TOKEN)));
      isProblem(limited, 429, "too_many_requests");
      assert.ok(limited.retryAfter >= 1 && limited.retryAfter <= 60, `after ${limited.retryAfter} s`);
      assert.equal((await ask(network.ours, path, cheap, as(OTHER_TOKEN))).status, 200, "another source is heard");
    }
    isSettled(await one.settle(OTHER_TOKEN));
  });

  /** Asks until there is another answer than before. A minute may end in between. */
  async function untilLimited(asks) {
    let asked = 0;
    while (asked < 2 * PER_MINUTE) {
      const answers = await Promise.all(Array.from({ length: 20 }, asks));
      asked += answers.length;
      const limited = answers.find(({ status }) => status !== 200);
      if (!limited) continue;
      assert.ok(asked > PER_MINUTE, `${asked} requests were too many`);
      return limited;
    }
    return assert.fail(`${asked} requests were not too many`);
  }

  test("open to all: each source has its own claims and its own limit", async () => {
    await restart({ FACILITATOR_API: "open" });
    const [here, there] = ["192.0.2.1", "192.0.2.2"].map((address) => ({ "cf-connecting-ip": address }));
    const one = await newPayment();
    const first = await ask(network.ours, "settle", one.body, here);
    isSettled(first);
    isUsed(await ask(network.ours, "settle", one.body, there));
    isSettled(await ask(network.ours, "settle", one.body, here), first.body.transaction);
  });

  // The last one of these: it closes the API.
  test("unless a setting opens it, there is nothing", async () => {
    const { FACILITATOR_API: _, ...vars } = network.settings.vars;
    await network.worker.restart({ vars });
    for (const path of PATHS) {
      const answer = await call(path, as(TOKEN));
      assert.equal(answer.status, 404, path);
    }
    await restart();
  });
});

const restart = (changes = {}) => network.worker.restart({ vars: { ...network.settings.vars, ...changes } });

describe("the relayer's money", () => {
  const address = () => network.ours.relayer;
  const setBalance = (value) => network.chain.test.setBalance({ address: address(), value });
  const WARNING = "the relayer has little money left for gas";
  const warnings = () => logLines().filter(({ level, text }) => level === "warn" && text.includes(WARNING));

  async function health() {
    const { status, relayers } = await get(network, "/health").then((answer) => answer.json());
    assert.equal(status, "ok");
    assert.equal(relayers.length, 1);
    return relayers[0];
  }

  test("is seen from outside, with everything else that an operator asks for", async () => {
    isSettled(await newPayment().then((one) => one.settle()));
    const count = await network.chain.client.getTransactionCount({ address: address() });
    const said = await until(async () => {
      const seen = await health();
      return seen.queue === 0 && seen;
    });
    assert.deepEqual([said.network, said.address, said.reachable], ["eip155:84532", address(), true]);
    assert.deepEqual([said.nextNonce, said.queue], [count, 0]);
    const head = Number(await network.chain.client.getBlockNumber({ cacheTime: 0 }));
    assert.ok(said.lastBlock > head - 20 && said.lastBlock <= head, `block ${said.lastBlock} of ${head}`);
    assert.ok(BigInt(said.balanceWei) > ETHER);
    assert.ok(Date.now() - Date.parse(said.seenAt) < 15_000);
  });

  test("runs low: there is a warning before it runs out, and payments are settled", async () => {
    await restart();
    assert.deepEqual(warnings(), []);
    const one = await newPayment();
    isSettled(await one.settle());
    const { gas, maxFeePerGas } = parseTransaction(signedFor(network, one)[0]);
    assert.deepEqual(warnings(), [], "there is enough");
    await setBalance(10n * gas * maxFeePerGas);
    isSettled(await newPayment().then((next) => next.settle()));
    await until(() => warnings().length === 1);
  });

  test("is gone: nothing is signed, it says so, and it goes on when there is some again", async () => {
    const one = await newPayment();
    await setBalance(0n);
    const refused = await one.settle();
    assert.deepEqual([refused.status, refused.body.success], [503, false], JSON.stringify(refused.body));
    assert.equal(refused.body.errorReason, "relayer_balance_low");
    assert.equal(refused.body.transaction, "");
    assert.deepEqual(signedFor(network, one), []);
    await assertIsPaid(one, undefined);
    assert.equal((await health()).balanceWei, "0");
    assert.equal((await one.verify()).body.isValid, true, "the payment is good all the same");
    await setBalance(ETHER);
    isSettled(await one.settle());
  });
});

test("a chain that cannot be asked: the operator sees it", async () => {
  await restart();
  network.rpc.misbehave(async ({ request: asked }) => asked.socket.destroy());
  const { relayers } = await get(network, "/health").then((answer) => answer.json());
  assert.deepEqual([relayers[0].reachable, relayers[0].address], [false, network.ours.relayer]);
});

/** What the Worker has logged, since `clearLogs` and all restarts. */
function logLines() {
  return network.worker.logs().map(({ level, message }) => ({ level, text: JSON.stringify(message) }));
}

// The last one: it reads what all the others have caused.
test("the log has no whole address, no signature, no token and no key in it", () => {
  const { MASTER_KEY, RELAYER_PRIVATE_KEY } = network.settings.secrets;
  const text = logLines().map((line) => line.text).join("\n");
  assert.match(text, /a settlement is sent/, "there is a log");
  assert.doesNotMatch(text, /[0-9a-f]{40}/i, "nothing is as long as an address");
  for (const secret of [MASTER_KEY, RELAYER_PRIVATE_KEY.slice(2), TOKEN, OTHER_TOKEN]) {
    assert.ok(!text.includes(secret));
  }
});
