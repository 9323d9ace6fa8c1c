// The Solana of the tests by itself, before our Worker meets it: a shop, a facilitator and payers that other people
// wrote, on the real programs, and what a node says to questions that are wrong, early or late.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { wrapFetchWithPayment } from "@x402/fetch";
import { startSolanaChain } from "../support/solana/chain.mjs";
import { fetchOfVersion1, payOverMcp, solanaPayer } from "../support/solana/client.mjs";
import { solanaFaults, startSolanaFacilitator } from "../support/solana/facilitator.mjs";
import { PRICE, startSolanaShop } from "../support/solana/shop.mjs";
import { signerOf, SOLANA, SOLANA_USDC, SOLANA_V1, tokenAccountOf } from "../support/solana/tokens.mjs";

const MEMO = "order 7: zwölf €";
const shops = [];
let chain, facilitator;

before(async () => {
  chain = await startSolanaChain();
  facilitator = await startSolanaFacilitator(chain);
});
after(async () => {
  await Promise.all(shops.map(({ stop }) => stop()));
  await facilitator?.stop();
  await chain?.stop();
});

/** A shop, a payer and a host that no other test has. */
async function newCase({ memo = MEMO, usdc, asks = facilitator, isOpen = true } = {}) {
  const { address: host } = await signerOf(`host ${shops.length}`);
  if (isOpen) await chain.openAccount(host);
  const payer = await solanaPayer(chain, { name: `payer ${shops.length}`, usdc });
  const shop = await startSolanaShop({ facilitatorUrl: asks.url, payTo: host, memo });
  shops.push(shop);
  const challenge = async (version = 2) => {
    const answer = await fetch(shop.url);
    return version === 1 ? answer.json() : JSON.parse(Buffer.from(answer.headers.get("payment-required"), "base64"));
  };
  const pays = async (version) => {
    const asked = await challenge(version);
    const paymentPayload = await payer.pays(asked);
    return { payment: paymentPayload, body: { x402Version: asked.x402Version, paymentPayload, paymentRequirements: asked.accepts[0] } };
  };
  const at = await tokenAccountOf(host);
  return { host, at, payer, shop, pays, arrived: () => chain.balanceOf(host) };
}

async function ask({ url }, path, body) {
  const headers = { "content-type": "application/json" };
  return (await fetch(`${url}/${path}`, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

async function call(method, ...params) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await fetch(chain.rpcUrl, { method: "POST", headers: { "content-type": "application/json" }, body });
  const { result, error } = await answer.json();
  return error === undefined ? result : { error };
}

const confirmed = { commitment: "confirmed" };
const paymentsTo = ({ at }, more = confirmed) => call("getSignaturesForAddress", at, more);

describe("payments", () => {
  for (const [version, network, header] of [[2, SOLANA, "payment-response"], [1, SOLANA_V1, "x-payment-response"]]) {
    test(`@x402/fetch pays in version ${version}, and the money arrives`, async () => {
      const one = await newCase();
      const paying = version === 2 ? one.payer.fetch : wrapFetchWithPayment(fetchOfVersion1, one.payer.client);
      const answer = await paying(one.shop.url);
      assert.equal(answer.status, 200, await answer.text());
      const receipt = JSON.parse(Buffer.from(answer.headers.get(header), "base64"));
      assert.equal(receipt.network, network);
      assert.equal(receipt.payer, one.payer.address);
      assert.equal(await one.arrived(), PRICE);
      assert.equal(await chain.balanceOf(one.payer.address), 1_000_000n - PRICE);
      const [payment, ...more] = await paymentsTo(one);
      assert.deepEqual(more, []);
      assert.equal(payment.signature, receipt.transaction);
      assert.equal(payment.memo, `[${Buffer.byteLength(MEMO)}] ${MEMO}`);
      assert.equal(payment.err, null);
      assert.ok(Math.abs(payment.blockTime - Date.now() / 1000) < 10);
    });
  }

  test("an MCP client pays", async () => {
    const one = await newCase();
    const client = new Client({ name: "solana", version: "1.0.0" });
    await client.connect(new StreamableHTTPClientTransport(new URL(one.shop.mcpUrl)));
    const { result } = await payOverMcp(client, one.payer, { name: "thing", arguments: {} });
    await client.close();
    assert.ok(!result.isError, result.content[0].text);
    assert.equal(result._meta["x402/payment-response"].network, SOLANA);
    assert.equal(await one.arrived(), PRICE);
  });

  test("a payment that comes twice is settled once", async () => {
    const one = await newCase();
    const { body } = await one.pays();
    assert.equal((await ask(facilitator, "settle", body)).success, true);
    assert.equal((await ask(facilitator, "settle", body)).errorReason, "duplicate_settlement");
    // A facilitator that has forgotten it hears from the chain, and so does who goes to the chain.
    const forgetful = await startSolanaFacilitator(chain);
    assert.match((await ask(forgetful, "verify", body)).invalidMessage, /AlreadyProcessed/);
    assert.match((await ask(forgetful, "settle", body)).errorReason, /simulation_failed/);
    await forgetful.stop();
    const wire = await signedBy(facilitator, body.paymentPayload);
    const again = await call("sendTransaction", wire, { encoding: "base64" });
    assert.equal(again.error.message, "Transaction simulation failed: This transaction has already been processed");
    const [{ signature }, ...more] = await paymentsTo(one);
    assert.deepEqual(more, []);
    assert.equal(await call("sendTransaction", wire, { encoding: "base64", skipPreflight: true }), signature);
    assert.equal(await one.arrived(), PRICE);
  });

  test("a payment that comes twice at once is settled once", async () => {
    const one = await newCase();
    const { body } = await one.pays();
    const answers = await Promise.all([1, 2].map(() => ask(facilitator, "settle", body)));
    assert.deepEqual(answers.map(({ success }) => success).sort(), [false, true]);
    assert.equal(answers.find(({ success }) => !success).errorReason, "duplicate_settlement");
    assert.equal(await one.arrived(), PRICE);
  });

  test("a blockhash that has run out is refused, and nothing moves", async () => {
    const one = await newCase();
    const { body, payment } = await one.pays();
    assert.equal((await ask(facilitator, "verify", body)).isValid, true);
    chain.expire();
    const { isValid, invalidMessage } = await ask(facilitator, "verify", body);
    assert.equal(isValid, false);
    assert.match(invalidMessage, /BlockhashNotFound/);
    assert.equal((await ask(facilitator, "settle", body)).success, false);
    // Neither can somebody else send it.
    const sent = await call("sendTransaction", payment.payload.transaction, { encoding: "base64", skipPreflight: true });
    assert.equal(typeof sent, "string");
    assert.equal(await one.arrived(), 0n);
    assert.deepEqual(await paymentsTo(one), []);
  });

  for (const [title, changes] of [["no money", { usdc: 10n }], ["no account to pay to", { isOpen: false }]]) {
    test(`${title}: refused, and nothing moves`, async () => {
      const one = await newCase(changes);
      const answer = await one.payer.fetch(one.shop.url);
      assert.equal(answer.status, 402);
      assert.match((await answer.json()).error, /simulation_failed/);
      assert.equal(await one.arrived(), 0n);
    });
  }

  test("a facilitator without SOL settles nothing", async () => {
    const poor = await startSolanaFacilitator(chain, { name: "poor" });
    const one = await newCase({ asks: poor });
    const { body } = await one.pays();
    for (const lamports of [0n, 9_000n]) {
      chain.giveSol(poor.feePayer, lamports);
      assert.match((await ask(poor, "verify", body)).invalidMessage, /AccountNotFound|InsufficientFundsForFee/);
      assert.equal((await ask(poor, "settle", body)).success, false);
    }
    await poor.stop();
    assert.equal(await one.arrived(), 0n);
  });

  test("a payment without the memo that was asked for, or with the signature of another, is refused", async () => {
    const one = await newCase();
    const { body } = await one.pays();
    const asked = structuredClone(body);
    asked.paymentRequirements.extra.memo = asked.paymentPayload.accepted.extra.memo = "order 8";
    assert.equal((await ask(facilitator, "verify", asked)).invalidReason, "invalid_exact_svm_payload_memo_mismatch");
    const forged = Buffer.from(body.paymentPayload.payload.transaction, "base64");
    forged[1 + 64] ^= 1;
    body.paymentPayload.payload.transaction = forged.toString("base64");
    assert.equal((await ask(facilitator, "verify", body)).isValid, false);
    assert.equal((await ask(facilitator, "settle", body)).success, false);
    assert.equal(await one.arrived(), 0n);
  });
});

describe("a facilitator that misbehaves", () => {
  after(() => facilitator.behaves());

  // [it …, what it does, whether the money moves, what the shop hears]
  const SETTLE = [
    ["loses its answer after the money has moved", solanaFaults.paysAndIsCut, true, /fetch failed/],
    ["answers 500 after the money has moved", solanaFaults.paysAndFails, true, /500/],
    ["loses the request", solanaFaults.cut, false, /fetch failed/],
    ["answers 500", solanaFaults.fails, false, /500/],
    ["has had too many requests", solanaFaults.limits, false, /429/],
    ["has moved", solanaFaults.redirects("http://127.0.0.1:9/settle", 308), false, /fetch failed/],
    ["refuses with a reason", solanaFaults.refusesBecause("out_of_patience"), false, /out_of_patience/],
  ];
  for (const [title, fault, isPaid, said] of SETTLE) {
    test(title, async () => {
      const one = await newCase();
      const asked = facilitator.counts.settle;
      facilitator.behaves();
      facilitator.misbehave(fault, { times: 1 });
      const answer = await one.payer.fetch(one.shop.url);
      assert.equal(answer.status, 402);
      assert.match((await answer.json()).error, said);
      assert.equal(facilitator.counts.settle, asked + 1);
      assert.equal(await one.arrived(), isPaid ? PRICE : 0n);
      // Whoever has lost the answer finds the money by its memo.
      assert.deepEqual((await paymentsTo(one)).map(({ memo }) => memo), isPaid ? [`[${Buffer.byteLength(MEMO)}] ${MEMO}`] : []);
    });
  }

  test("takes its time", async () => {
    const one = await newCase();
    facilitator.behaves();
    facilitator.misbehave(solanaFaults.isLate(0.4), { path: "/verify", times: 1 });
    const began = Date.now();
    assert.equal((await one.payer.fetch(one.shop.url)).status, 200);
    assert.ok(Date.now() - began >= 400);
  });

  test("knows no Solana", async () => {
    const kinds = async () => (await fetch(`${facilitator.url}/supported`).then((answer) => answer.json())).kinds;
    const ours = await kinds();
    assert.deepEqual(ours.map(({ x402Version, network }) => [x402Version, network]), [[2, SOLANA], [1, SOLANA_V1]]);
    assert.ok(ours.every(({ extra }) => extra.feePayer === facilitator.feePayer));
    facilitator.behaves();
    facilitator.misbehave(solanaFaults.lacksSolana, { path: "/supported" });
    assert.ok((await kinds()).every(({ network }) => !network.startsWith("solana")));
    facilitator.behaves();
  });
});

describe("the node", () => {
  after(() => chain.setConfirmationDelay(200, 1_000));

  test("says what is processed, confirmed and final", async () => {
    const one = await newCase();
    chain.setConfirmationDelay(3_600_000);
    const { payment } = await one.pays();
    const wire = await signedBy(facilitator, payment);
    const signature = await call("sendTransaction", wire, { encoding: "base64", preflightCommitment: "processed" });
    const status = async () => (await call("getSignatureStatuses", [signature])).value[0].confirmationStatus;
    const balance = async (commitment) => (await call("getTokenAccountBalance", one.at, { commitment })).value.amount;
    const seen = async () => Promise.all(["processed", "confirmed", "finalized"].map(balance));
    const listed = async (commitment) => (await paymentsTo(one, { commitment })).length;
    assert.equal(await status(), "processed");
    assert.deepEqual(await seen(), ["50000", "0", "0"]);
    assert.equal(await listed("confirmed"), 0);
    chain.setConfirmationDelay(0, 3_600_000);
    assert.equal(await status(), "confirmed");
    assert.deepEqual(await seen(), ["50000", "50000", "0"]);
    assert.deepEqual([await listed("confirmed"), await listed("finalized")], [1, 0]);
    assert.equal(await call("getTransaction", signature, { maxSupportedTransactionVersion: 0 }), null);
    chain.setConfirmationDelay(0, 0);
    assert.equal(await status(), "finalized");
    assert.deepEqual(await seen(), ["50000", "50000", "50000"]);
    const { meta } = await call("getTransaction", signature, { maxSupportedTransactionVersion: 0 });
    const [before, after] = [meta.preTokenBalances, meta.postTokenBalances].map((all) => all.find(({ owner }) => owner === one.host));
    assert.equal(before.uiTokenAmount.amount, "0");
    assert.equal(after.uiTokenAmount.amount, "50000");
    assert.equal(after.mint, SOLANA_USDC);
    // It is forgotten where only recent ones are known.
    chain.expire();
    assert.deepEqual((await call("getSignatureStatuses", [signature])).value, [null]);
    const [found] = (await call("getSignatureStatuses", [signature], { searchTransactionHistory: true })).value;
    assert.equal(found.confirmationStatus, "finalized");
  });

  test("takes a transaction that lands later, or never", async () => {
    chain.setConfirmationDelay(0, 0);
    for (const isLate of [true, false]) {
      const one = await newCase();
      const wire = await signedBy(facilitator, (await one.pays()).payment);
      chain.hold();
      const signature = await call("sendTransaction", wire, { encoding: "base64" });
      assert.deepEqual((await call("getSignatureStatuses", [signature])).value, [null]);
      if (!isLate) chain.expire();
      chain.release();
      assert.equal(await one.arrived(), isLate ? PRICE : 0n);
      const [status] = (await call("getSignatureStatuses", [signature])).value;
      assert.equal(status?.confirmationStatus, isLate ? "finalized" : undefined);
    }
  });

  test("gives up a fork: what was there is gone, comes again, and is paid once", async () => {
    chain.setConfirmationDelay(3_600_000);
    const [one, next] = [await newCase(), await newCase()];
    const wires = [];
    for (const { pays } of [one, next]) wires.push(await signedBy(facilitator, (await pays()).payment));
    const [first, second] = await Promise.all(wires.map((wire) => call("sendTransaction", wire, { encoding: "base64", preflightCommitment: "processed" })));
    chain.drop(first);
    const statuses = (await call("getSignatureStatuses", [first, second])).value;
    assert.deepEqual(statuses.map((status) => status?.confirmationStatus), [undefined, "processed"]);
    assert.deepEqual([await one.arrived(), await next.arrived()], [0n, PRICE]);
    assert.equal(await chain.balanceOf(one.payer.address), 1_000_000n);
    assert.equal(await call("sendTransaction", wires[0], { encoding: "base64" }), first);
    assert.equal(await one.arrived(), PRICE);
    chain.setConfirmationDelay(0, 0);
    assert.equal((await paymentsTo(one)).length, 1);
  });

  test("shows a transaction that failed on the chain, with its fee", async () => {
    chain.setConfirmationDelay(0, 0);
    const one = await newCase({ usdc: 10n });
    const had = (await call("getBalance", facilitator.feePayer, { commitment: "processed" })).value;
    const wire = await signedBy(facilitator, (await one.pays()).payment);
    const { error } = await call("sendTransaction", wire, { encoding: "base64" });
    assert.equal(error.code, -32002);
    assert.equal(error.message, "Transaction simulation failed: Error processing Instruction 2: custom program error: 0x1");
    assert.deepEqual(error.data.err, { InstructionError: [2, { Custom: 1 }] });
    assert.ok(error.data.logs.some((line) => line.includes("failed: custom program error: 0x1")));
    await call("sendTransaction", wire, { encoding: "base64", skipPreflight: true });
    const [failed] = await paymentsTo(one);
    assert.deepEqual(failed.err, { InstructionError: [2, { Custom: 1 }] });
    assert.ok((await call("getBalance", facilitator.feePayer, { commitment: "processed" })).value < had);
    assert.equal(await one.arrived(), 0n);
  });

  test("lists the newest first, in pages", async () => {
    chain.setConfirmationDelay(0, 0);
    const one = await newCase();
    const sent = [];
    for (let count = 0; count < 3; count += 1) {
      const wire = await signedBy(facilitator, await one.payer.pays(await changed(one, `order ${count}`)));
      sent.unshift(await call("sendTransaction", wire, { encoding: "base64" }));
    }
    const names = (list) => list.map(({ signature }) => signature);
    assert.deepEqual(names(await paymentsTo(one)), sent);
    assert.deepEqual(names(await paymentsTo(one, { limit: 1 })), sent.slice(0, 1));
    assert.deepEqual(names(await paymentsTo(one, { before: sent[0], limit: 1 })), sent.slice(1, 2));
    assert.deepEqual(names(await paymentsTo(one, { until: sent[1] })), sent.slice(0, 1));
    const [kept] = (await call("getTokenAccountsByOwner", one.host, { mint: SOLANA_USDC }, { encoding: "jsonParsed" })).value;
    assert.equal(kept.pubkey, one.at);
    assert.equal(kept.account.data.parsed.info.tokenAmount.amount, "150000");
  });

  test("objects to wrong questions", async () => {
    const someone = facilitator.feePayer;
    const wire = (await (await newCase()).pays()).payment.payload.transaction;
    const base64 = { encoding: "base64" };
    const wrong = [
      [-32601, "getCat"],
      [-32602, "getAccountInfo", "not an address"],
      [-32602, "getAccountInfo", someone.slice(1, 20)],
      [-32602, "getAccountInfo", someone, { encoding: "base32" }],
      [-32602, "getAccountInfo", someone, "confirmed"],
      [-32602, "getAccountInfo", someone, { commitment: "recent" }],
      [-32602, "getSignaturesForAddress", someone, { limit: 1_001 }],
      [-32602, "getSignaturesForAddress", someone, { commitment: "processed" }],
      [-32602, "getTokenAccountBalance", someone],
      [-32602, "getTokenAccountsByOwner", someone, {}],
      [-32602, "getTransaction", someone],
      [-32602, "getSignatureStatuses", someone],
      [-32602, "sendTransaction", wire],
      [-32602, "sendTransaction", "AAAA", base64],
      [-32602, "sendTransaction", `${wire}=`, base64],
      [-32003, "sendTransaction", wire, base64],
      [-32003, "simulateTransaction", wire, { ...base64, sigVerify: true }],
      [-32602, "simulateTransaction", wire, { ...base64, sigVerify: true, replaceRecentBlockhash: true }],
      [-32016, "getSlot", { minContextSlot: 10 ** 12 }],
    ];
    for (const [code, ...asked] of wrong) assert.equal((await call(...asked)).error?.code, code, JSON.stringify(asked));
    const answers = await Promise.all([
      fetch(chain.rpcUrl),
      fetch(chain.rpcUrl, { method: "POST", body: "{}" }),
      fetch(chain.rpcUrl, { method: "POST", headers: { "content-type": "application/json" }, body: "x".repeat(60_000) }),
    ]);
    assert.deepEqual(answers.map(({ status }) => status), [405, 415, 413]);
  });
});

/** The challenge of a case with another memo. */
async function changed({ shop }, memo) {
  const challenge = JSON.parse(Buffer.from((await fetch(shop.url)).headers.get("payment-required"), "base64"));
  challenge.accepts[0].extra.memo = memo;
  return challenge;
}

/** The payment with the signature of the facilitator's key, in base64. */
async function signedBy({ feePayer }, { payload }) {
  const signer = await signerOf("facilitator");
  assert.equal(signer.address, feePayer);
  const bytes = Buffer.from(payload.transaction, "base64");
  const content = bytes.subarray(1 + 64 * bytes[0]);
  const [signed] = await signer.signMessages([{ content, signatures: {} }]);
  bytes.set(signed[feePayer], 1);
  return bytes.toString("base64");
}
