// A deployment that settles by itself: every kind of wallet buys seats at a host's server with the official
// clients, and the relayer's key sends nothing but what payers have signed.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { wrapFetchWithPayment } from "@x402/fetch";
import { decodeFunctionData, isAddressEqual, keccak256, multicall3Abi, parseAbi, parseTransaction, slice } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { MULTICALL3, USDC } from "../../dev/chain/accounts.mjs";
import { assertBooksAreClean } from "../support/audit.mjs";
import { startOwnNetwork } from "../support/facilitators.mjs";
import { changeSignature, tamper } from "../support/forgery.mjs";
import { createEvent, get, openServer, until } from "../support/network.mjs";
import { payFor, payingClient, rsvp, rsvpAgain } from "../support/pay.mjs";
import { payerKit } from "../support/payer-kit.mjs";
import { factories, safeWallet, soladyWallet } from "../support/smart-wallets.mjs";
import { miniWallet } from "../support/wallets.mjs";

const PRICE = 50_000n;
const KINDS = { "a key": undefined, "a MiniWallet": miniWallet, "a Safe": safeWallet, "Solady's wallet": soladyWallet };
const tokenAbi = parseAbi([
  "function transferWithAuthorization(address, address, uint256, uint256, uint256, bytes32, uint8, bytes32, bytes32)",
  "function transferWithAuthorization(address, address, uint256, uint256, uint256, bytes32, bytes)",
]);
// What payers have signed, by nonce.
const authorized = new Map();
let network, server;

before(async () => {
  network = await startOwnNetwork();
  server = await openServer(network);
});
after(() => network?.stop());

/** A payer with money that notes down what it signs. */
async function newPayer(make, name, version) {
  const kit = await payerKit(network.chain, `self ${name}`, version, network.ours);
  const wallet = make ? await kit.wallet(make) : privateKeyToAccount(kit.payer.privateKey);
  const signTypedData = (typedData) => {
    authorized.set(typedData.message.nonce, typedData.message);
    return wallet.signTypedData(typedData);
  };
  const signMessage = (message) => wallet.signMessage(message);
  return { address: wallet.address, factory: wallet.factory, signTypedData, signMessage };
}

/** The whole exchange is the official client's. The ticket, and the payment that it sent. */
async function fetchSeat(event, payer) {
  let payment;
  const watched = (input, init) => {
    const header = new Headers(init?.headers ?? input.headers).get("payment-signature");
    if (header) payment = JSON.parse(Buffer.from(header, "base64"));
    return fetch(input, init);
  };
  const client = payingClient(payer);
  const headers = { "content-type": "application/json" };
  const call = { method: "POST", headers, body: JSON.stringify({ eventId: event.id }) };
  const answer = await wrapFetchWithPayment(watched, client)(server.toolUrl("rsvpToEvent"), call);
  const ticket = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(ticket));
  const receipt = JSON.parse(Buffer.from(answer.headers.get("payment-response"), "base64"));
  assert.deepEqual([receipt.success, receipt.transaction], [true, ticket.transactionHash]);
  return { ticket, payment };
}

/** The official client answers the challenge, and we carry it there. */
async function carrySeat(event, payer, version) {
  const payment = await payFor(network, server, event, payer, version);
  const { status, body, receipt } = await rsvp(network, server, event, payment);
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual([receipt.success, receipt.transaction], [true, body.transactionHash]);
  return { ticket: body, payment };
}

async function look(event, payer) {
  const api = (path) => get(network, `/api/users/${path}`, server.token).then((answer) => answer.json());
  const { rsvps } = await api(`events/${event.id}/rsvps`);
  const { totalAtomic } = await api("revenue");
  return {
    seats: rsvps.map(({ wallet, txHash }) => [wallet, txHash]),
    earned: await network.chain.balance(server.payTo),
    money: await network.chain.balance(payer.address),
    code: await network.chain.client.getCode({ address: payer.address }),
    revenue: BigInt(totalAtomic),
    sent: network.rpc.sent.size,
  };
}

/** One seat for one price: chain, guests, revenue, KV and books agree, and the same payment gets the same ticket. */
async function buysOneSeat(payer, version) {
  const event = await createEvent(network, server);
  const first = await look(event, payer);
  const { ticket, payment } = await (version === 2 ? fetchSeat : carrySeat)(event, payer, version);
  assert.equal(payment.x402Version, version);
  assert.equal(ticket.rsvp.payer, payer.address);
  const last = await look(event, payer);
  assert.deepEqual(last.seats, [[payer.address, ticket.transactionHash]]);
  const moved = [last.earned - first.earned, first.money - last.money, last.revenue - first.revenue];
  assert.deepEqual(moved, [PRICE, PRICE, PRICE]);
  assert.equal(last.sent, first.sent + 1, "in one transaction");
  const { status, from } = await network.chain.client.getTransactionReceipt({ hash: ticket.transactionHash });
  assert.equal(status, "success");
  assert.ok(isAddressEqual(from, network.ours.relayer));
  const kv = (key) => network.worker.kv.get(`${server.scope}:${key}`);
  const record = JSON.parse(await until(() => kv(`rsvps:${event.id}:${payer.address}`)));
  assert.equal(record.txHash, ticket.transactionHash);
  await until(async () => (await kv("revenue")) === String(last.revenue));
  await assertBooksAreClean(network.worker, server.scope);
  const again = await rsvpAgain(network, server, event, payment, payer);
  assert.deepEqual([again.status, again.body], [200, ticket]);
  assert.deepEqual(await look(event, payer), last);
}

for (const version of [1, 2]) {
  describe(`x402 version ${version}`, () => {
    for (const [kind, make] of Object.entries(KINDS)) {
      test(`${kind} buys a seat, and another one`, async () => {
        const payer = await newPayer(make, `${kind} ${version}`, version);
        const isThere = async () => (await network.chain.client.getCode({ address: payer.address })) !== undefined;
        assert.equal(await isThere(), false);
        await buysOneSeat(payer, version);
        assert.equal(await isThere(), make !== undefined, "paying has put a contract wallet on the chain");
        await buysOneSeat(payer, version);
      });
    }

    for (const [kind, make] of Object.entries(KINDS)) {
      for (const deployed of make ? [false, true] : [false]) {
        const when = make && (deployed ? ", on the chain," : ", not on the chain yet,");
        test(`${kind}${when ?? ""} whose signature was tampered with is refused, and nothing is sent`, async () => {
          const payer = await newPayer(make, `tampered ${kind} ${deployed} ${version}`, version);
          if (deployed) await buysOneSeat(payer, version);
          const event = await createEvent(network, server);
          const payment = await payFor(network, server, event, payer, version);
          const first = await look(event, payer);
          const refused = await rsvp(network, server, event, changeSignature({ payment }, tamper).payment);
          assert.equal(refused.status, 402, JSON.stringify(refused.body));
          assert.match(refused.body.error, /signature|simulation_failed/);
          assert.deepEqual(await look(event, payer), first, "no transaction, no money, no wallet, no seat");
          assert.equal((await rsvp(network, server, event, payment)).status, 200, "the payer's own is good");
        });
      }
    }
  });
}

/** Fails unless it moves what its payer has signed, to whom its payer has signed. */
function assertIsAuthorized({ to, data }) {
  assert.ok(isAddressEqual(to, USDC));
  const { functionName, args } = decodeFunctionData({ abi: tokenAbi, data });
  assert.equal(functionName, "transferWithAuthorization");
  const [from, recipient, value, validAfter, validBefore, nonce] = args;
  const signed = authorized.get(nonce);
  assert.ok(signed, "a payer of this suite has signed it");
  assert.ok(isAddressEqual(recipient, signed.to) && isAddressEqual(recipient, server.payTo));
  assert.ok(isAddressEqual(from, signed.from));
  const said = [signed.value, signed.validAfter, signed.validBefore].map(BigInt);
  assert.deepEqual([value, validAfter, validBefore], said);
}

/** Whether the relayer's transaction makes a wallet as well. */
function assertIsHarmless({ to, value = 0n, data }) {
  assert.equal(value, 0n, "the relayer gives nothing away");
  if (isAddressEqual(to, USDC)) {
    assertIsAuthorized({ to, data });
    return false;
  }
  assert.ok(isAddressEqual(to, MULTICALL3));
  const { functionName, args } = decodeFunctionData({ abi: multicall3Abi, data });
  assert.equal(functionName, "aggregate3");
  const [[make, transfer, ...more]] = args;
  assert.deepEqual(more, []);
  const allowed = factories.some(
    ({ address, selector }) => isAddressEqual(address, make.target) && selector === slice(make.callData, 0, 4),
  );
  assert.ok(allowed, `${make.target} is on the list`);
  assert.equal(transfer.allowFailure, false);
  assertIsAuthorized({ to: transfer.target, data: transfer.callData });
  return true;
}

// The last one: it looks at everything that the relayer has sent.
test("the relayer's key moves money to nobody but whom its payer has signed", async () => {
  const { client } = network.chain;
  const mined = [];
  for (let number = await client.getBlockNumber({ cacheTime: 0 }); number > 0n; number -= 1n) {
    const { transactions } = await client.getBlock({ blockNumber: number, includeTransactions: true });
    const ours = transactions.filter(({ from }) => isAddressEqual(from, network.ours.relayer));
    mined.push(...ours.map(({ hash }) => hash));
  }
  const sent = [...network.rpc.sent];
  assert.deepEqual(mined.sort(), sent.map((raw) => keccak256(raw)).sort(), "nothing has gone another way");
  const made = sent.map((raw) => assertIsHarmless(parseTransaction(raw))).filter(Boolean).length;
  assert.equal(made, 2 * 3 * 3, "three kinds of wallets, in three tests of each version, were made");
  assert.equal(sent.length, 2 * (8 + 10), "eight seats were bought in each version, and ten beside what was refused");
  assert.equal(await network.chain.balance(network.ours.relayer), 0n, "and nothing of it has stayed with the relayer");
});
