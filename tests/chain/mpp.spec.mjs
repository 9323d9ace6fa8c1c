// The second rail, with the client of its makers: seats are paid by MPP over HTTP and over MCP, once each.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client as SdkClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as SdkTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Receipt } from "mppx";
import { Mppx } from "mppx/client";
import { assets, charge } from "mppx/evm/client";
import { McpClient } from "mppx/mcp/client";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { payers } from "../../dev/chain/accounts.mjs";
import { assertBooksAreClean } from "../support/audit.mjs";
import { createEvent, openServer, startNetwork } from "../support/network.mjs";

const PRICE = 50_000n;
const USDC = assets.baseSepolia.USDC;
let network, server;

before(async () => {
  network = await startNetwork();
  server = await openServer(network);
});
after(() => network?.stop());

/** An account that counts what it signs. */
function counting(privateKey) {
  const account = privateKeyToAccount(privateKey);
  const counted = { signed: 0 };
  const signTypedData = (data) => ((counted.signed += 1), account.signTypedData(data));
  return { counted, account: { ...account, signTypedData } };
}

const body = (event) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ eventId: event.id }),
});

async function moved(payer, act) {
  const [had, earned] = [await network.chain.balance(payer), await network.chain.balance(server.payTo)];
  const result = await act();
  const [has, earns] = [await network.chain.balance(payer), await network.chain.balance(server.payTo)];
  assert.equal(had - has, earns - earned, "what one has paid the other has got");
  return { result, paid: had - has };
}

test("mppx pays over plain HTTP, and the receipt names the transaction", async () => {
  const event = await createEvent(network, server);
  const { account, counted } = counting(payers[0].privateKey);
  const mppx = Mppx.create({ methods: [charge({ account, currencies: [USDC] })], polyfill: false });
  const free = await mppx.fetch(server.toolUrl("listEvents"), { ...body(event), body: "{}" });
  assert.ok((await free.text()).includes(event.id));
  const { result, paid } = await moved(account.address, () => mppx.fetch(server.toolUrl("rsvpToEvent"), body(event)));
  const ticket = await result.json();
  assert.equal(result.status, 200, JSON.stringify(ticket));
  assert.deepEqual([paid, counted.signed], [PRICE, 1]);
  const receipt = Receipt.fromResponse(result);
  assert.deepEqual([receipt.status, receipt.reference], ["success", ticket.transactionHash]);
  const { status } = await network.chain.client.getTransactionReceipt({ hash: receipt.reference });
  assert.equal(status, "success");
  await assertBooksAreClean(network.worker, server.scope);
});

test("mppx pays over MCP, in a client of the official SDK", async () => {
  const event = await createEvent(network, server);
  const { account, counted } = counting(payers[1].privateKey);
  const client = new SdkClient({ name: "mpp", version: "1.0.0" });
  await client.connect(new SdkTransport(new URL(server.mcpUrl)));
  assert.ok(client.getServerCapabilities().experimental.payment.methods.evm);
  McpClient.wrap(client, { methods: [charge({ account, currencies: [USDC] })] });
  assert.ok(JSON.stringify(await client.callTool({ name: "listEvents", arguments: {} })).includes(event.id));
  const call = { name: "rsvpToEvent", arguments: { eventId: event.id } };
  const { result, paid } = await moved(account.address, () => client.callTool(call));
  assert.equal(result.structuredContent.success, true, JSON.stringify(result));
  assert.deepEqual([paid, counted.signed], [PRICE, 1]);
  assert.equal(result.receipt.reference, result.structuredContent.transactionHash);
  await client.close();
  await assertBooksAreClean(network.worker, server.scope);
});

test("a wallet without money signs once and is told so: no challenge asks for a second payment", async () => {
  const event = await createEvent(network, server);
  const { account, counted } = counting(generatePrivateKey());
  const mppx = Mppx.create({ methods: [charge({ account, currencies: [USDC] })], polyfill: false });
  const { result, paid } = await moved(account.address, () => mppx.fetch(server.toolUrl("rsvpToEvent"), body(event)));
  const refused = await result.json();
  assert.deepEqual([result.status, paid, counted.signed], [403, 0n, 1], JSON.stringify(refused));
  assert.equal(refused.moneyMoved, "no");
  assert.equal(result.headers.get("www-authenticate"), null);
  await assertBooksAreClean(network.worker, server.scope);
});
