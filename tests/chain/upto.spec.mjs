// Seats that are paid by x402's `upto` scheme, in the real runtime and on a real chain: the payer allows the price of all
// seats that it wants, and pays those that it gets. The client is the official one.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { x402Client } from "@x402/core/client";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { UptoEvmScheme } from "@x402/evm/upto/client";
import { wrapFetchWithPayment } from "@x402/fetch";
import { privateKeyToAccount } from "viem/accounts";
import { payers } from "../../dev/chain/accounts.mjs";
import { assertBooksAreClean } from "../support/audit.mjs";
import { startOwnNetwork } from "../support/facilitators.mjs";
import { rpcFaults } from "../support/hostile-rpc.mjs";
import { createEvent, findEvent, openServer, until } from "../support/network.mjs";
import { callTool, sign } from "../support/pay.mjs";
import { approvePermit2, cancelPermit, isPermitUsed, uptoClient } from "../support/upto.mjs";

const EACH = 50_000n;
const [buyer, other, third, fourth, fifth] = payers;
let network, server;

before(async () => {
  network = await startOwnNetwork();
  server = await openServer(network);
  for (const payer of [buyer, other, third]) await approvePermit2(network.chain, payer);
});
afterEach(async () => {
  network.rpc.recovers();
  await assertBooksAreClean(network.worker, server.scope);
});
after(() => network?.stop());

const wants = (event, seats, least = 1) => ({ eventId: event.id, seats, seatsAtLeast: least });
const rsvp = (args, payment) => callTool(network, server, "rsvpToEvent", args, payment);
const balance = (payer) => network.chain.balance(payer.address);
const nonceOf = ({ payload }) => payload.permit2Authorization.nonce;
const rows = (payer) =>
  network.worker.sql(server.scope, "SELECT state, amount FROM payments WHERE payer = ?1 ORDER BY created_at", payer.address);

/** What the official client signs for the most that these arguments may cost. */
async function allows(args, payer) {
  const { status, challenge } = await rsvp(args);
  assert.equal(status, 402);
  return uptoClient(payer).createPaymentPayload(challenge);
}

test("the seats that are left are sold and paid, and no others", async () => {
  const event = await createEvent(network, server, { capacity: 6 });
  const payment = await allows(wants(event, 5), buyer);
  const before = await balance(buyer);
  // Meanwhile somebody else buys three of the six.
  const three = { eventId: event.id, seats: 3 };
  const others = await rsvp(three, await sign(await rsvp(three), fourth));
  assert.equal(others.status, 200, JSON.stringify(others.body));
  const sold = await rsvp(wants(event, 5), payment);
  assert.equal(sold.status, 200, JSON.stringify(sold.body));
  assert.equal(sold.body.seats, 3);
  assert.equal(before - (await balance(buyer)), 3n * EACH);
  assert.equal(sold.receipt.amount, String(3n * EACH));
  assert.equal(sold.receipt.transaction, sold.body.transactionHash);
  assert.equal((await findEvent(network, server, event)).seatsLeft, 0);
  assert.equal(await isPermitUsed(network.chain, buyer.address, nonceOf(payment)), true);
  // Repeated, it shows the same tickets and moves nothing.
  const again = await rsvp(wants(event, 5), payment);
  assert.deepEqual(again.body.tickets, sold.body.tickets);
  assert.equal(before - (await balance(buyer)), 3n * EACH);
});

test("@x402/fetch allows the most by itself, over HTTP", async () => {
  const event = await createEvent(network, server, { capacity: 50 });
  const client = new x402Client().register("eip155:*", new UptoEvmScheme(privateKeyToAccount(third.privateKey)));
  const before = await balance(third);
  const answer = await wrapFetchWithPayment(fetch, client)(server.toolUrl("rsvpToEvent"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(wants(event, 4, 2)),
  });
  const ticket = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(ticket));
  assert.deepEqual([ticket.seats, before - (await balance(third))], [4, 4n * EACH]);
});

test("the official clients of MCP and x402 allow the most together, over MCP", async () => {
  const event = await createEvent(network, server, { capacity: 3 });
  const mcp = new Client({ name: "agent", version: "1.0.0" });
  await mcp.connect(new StreamableHTTPClientTransport(new URL(server.mcpUrl)));
  try {
    const call = { name: "rsvpToEvent", arguments: wants(event, 4) };
    const asked = await mcp.callTool(call);
    const payment = await uptoClient(third).createPaymentPayload(asked.structuredContent);
    const sold = await mcp.callTool({ ...call, _meta: { "x402/payment": payment } });
    const receipt = sold._meta["x402/payment-response"];
    assert.deepEqual([sold.structuredContent.seats, receipt.amount], [3, String(3n * EACH)], JSON.stringify(sold));
  } finally {
    await mcp.close();
  }
});

test("a client that knows only exact pays for what is left when it asks", async () => {
  const event = await createEvent(network, server, { capacity: 2 });
  const client = new x402Client().register("eip155:*", new ExactEvmScheme(privateKeyToAccount(fourth.privateKey)));
  const { challenge } = await rsvp(wants(event, 5));
  const sold = await rsvp(wants(event, 5), await client.createPaymentPayload(challenge));
  assert.deepEqual([sold.status, sold.body.seats], [200, 2], JSON.stringify(sold.body));
});

test("without an approval of Permit2 the payer is told so, and nothing is held", async () => {
  const event = await createEvent(network, server, { capacity: 2 });
  const refused = await rsvp(wants(event, 2), await allows(wants(event, 2), fifth));
  assert.deepEqual([refused.status, refused.body.error], [402, "permit2_allowance_required"]);
  assert.equal((await findEvent(network, server, event)).seatsLeft, 2);
  assert.deepEqual(await rows(fifth), []);
});

test("a payer who makes its permit void before settlement holds nothing, and another buys", async () => {
  const event = await createEvent(network, server, { capacity: 2 });
  const payment = await allows(wants(event, 2), other);
  await cancelPermit(network.chain, other, payment);
  const refused = await rsvp(wants(event, 2), payment);
  assert.notEqual(refused.status, 200);
  assert.equal((await findEvent(network, server, event)).seatsLeft, 2);
  const sold = await rsvp(wants(event, 2), await allows(wants(event, 2), other));
  // A wallet that is new to this host gets at most half of an event.
  assert.deepEqual([sold.status, sold.body.seats], [200, 1], JSON.stringify(sold.body));
});

test("two buyers of the last seats get together what there is, and each pays what it got", async () => {
  const event = await createEvent(network, server, { capacity: 3 });
  const both = [buyer, third];
  const payments = await Promise.all(both.map((payer) => allows(wants(event, 2), payer)));
  const before = await Promise.all(both.map(balance));
  const answers = await Promise.all(payments.map((payment) => rsvp(wants(event, 2), payment)));
  for (const [at, payment] of payments.entries()) {
    // Who came second while the first was paying asks again with the same payment.
    if (answers[at].status !== 200) answers[at] = await until(async () => {
      const answer = await rsvp(wants(event, 2), payment);
      return answer.status === 200 && answer;
    });
  }
  const seats = answers.map(({ body }) => body.seats);
  assert.deepEqual(seats.toSorted(), [1, 2]);
  const paid = await Promise.all(both.map(async (payer, at) => before[at] - (await balance(payer))));
  assert.deepEqual(paid, seats.map((count) => BigInt(count) * EACH));
  assert.equal((await findEvent(network, server, event)).seatsLeft, 0);
});

test("a settlement whose answer is lost is found out, and its seats are delivered once", async () => {
  const event = await createEvent(network, server, { capacity: 5 });
  const payment = await allows(wants(event, 2), other);
  const before = await balance(other);
  network.rpc.misbehave(rpcFaults.fails, "eth_getTransactionReceipt");
  const asked = await rsvp(wants(event, 2), payment);
  assert.deepEqual([asked.status, asked.body.title], [409, "settlement pending"], JSON.stringify(asked.body));
  assert.equal(await isPermitUsed(network.chain, other.address, nonceOf(payment)), true);
  network.rpc.recovers();
  const sold = await until(async () => {
    const answer = await rsvp(wants(event, 2), payment);
    return answer.status === 200 && answer;
  });
  assert.equal(sold.body.seats, 2);
  assert.equal(before - (await balance(other)), 2n * EACH);
});
