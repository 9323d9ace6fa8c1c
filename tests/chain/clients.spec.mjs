// Clients that other people wrote, against our server: each lists the tools and pays for a seat.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as SdkClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as SdkTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { wrapFetchWithPayment } from "@x402/fetch";
import { withX402Client } from "agents/x402";
import { privateKeyToAccount } from "viem/accounts";
import { payers } from "../../dev/chain/accounts.mjs";
import { createEvent, get, openServer, patch, startNetwork, until } from "../support/network.mjs";
import { payingClient } from "../support/pay.mjs";
import { buysASeat, PRICE } from "../support/seats.mjs";

const info = { name: "client-matrix", version: "1.0.0" };
let network, server, event;

before(async () => {
  network = await startNetwork();
  server = await openServer(network);
  event = await createEvent(network, server);
  // Challenges of a listed host say the most.
  assert.equal((await patch(network, "/api/users/me", { listed: true }, server.token)).status, 200);
});
after(() => network?.stop());

/** Runs `pay` and checks its answer, and on the chain, at the host's and in KV that it bought exactly one seat. */
async function buysOneSeat(payer, pay) {
  await buysASeat({ network, server, event }, payer, async () => {
    const { ticket, settlement } = await pay();
    assert.equal(ticket.success, true);
    assert.equal(ticket.rsvp.payer, payer.address);
    assert.match(ticket.ticketUrl, /\/t\/[0-9a-f]{32}-[0-9a-f]{24}$/);
    assert.equal(settlement.success, true);
    assert.equal(settlement.transaction, ticket.transactionHash);
    assert.equal(settlement.payer, payer.address);
    return ticket.transactionHash;
  });
}

const FREE_CALL = { name: "listEvents", arguments: {} };

/** What a client answers to a call of the free tool names the event. */
async function readsForFree(call) {
  assert.ok(JSON.stringify(await call()).includes(event.id));
}

/** Pays as the x402 specification's MCP transport says, through any MCP client. */
async function payOverMcp(client, payer) {
  const { tools } = await client.listTools();
  assert.equal(tools[0].name, "listEvents");
  assert.ok(tools.some(({ name }) => name === "rsvpToEvent"));
  assert.ok(!tools.some(({ name }) => name === "createEvent"), "owner tools are for the owner");
  await readsForFree(() => client.callTool(FREE_CALL));
  const call = { name: "rsvpToEvent", arguments: { eventId: event.id } };
  const challenge = await client.callTool(call);
  assert.equal(challenge.isError, true);
  assert.deepEqual(JSON.parse(challenge.content[0].text), challenge.structuredContent);
  const payment = await payingClient(payer).createPaymentPayload(challenge.structuredContent);
  const result = await client.callTool({ ...call, _meta: { "x402/payment": payment } });
  assert.ok(!result.isError, result.content[0].text);
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return { ticket: result.structuredContent, settlement: result._meta["x402/payment-response"] };
}

test("@modelcontextprotocol/sdk 1.32, legacy", async () => {
  const client = new SdkClient(info);
  await client.connect(new SdkTransport(new URL(server.mcpUrl)));
  await buysOneSeat(payers[0], () => payOverMcp(client, payers[0]));
  assert.equal((await client.listResources()).resources[0].uri, `event://${event.id}`);
  const read = await client.readResource({ uri: `event://${event.id}` });
  assert.equal(JSON.parse(read.contents[0].text).title, event.title);
  const prompt = await client.getPrompt({ name: "rsvp", arguments: { event: event.title } });
  assert.match(prompt.messages[0].content.text, /rsvpToEvent/);
  await client.close();
});

for (const [title, index, version, mode = title] of [["legacy", 1, "2025-11-25"], ["auto", 2, "2026-07-28"], ["pin", 7, "2026-07-28", { pin: "2026-07-28" }]]) {
  test(`@modelcontextprotocol/client 2.4, ${title}`, async () => {
    const client = new ModernClient(info, { versionNegotiation: { mode } });
    await client.connect(new ModernTransport(new URL(server.mcpUrl)));
    assert.equal(client.getNegotiatedProtocolVersion(), version);
    await buysOneSeat(payers[index], () => payOverMcp(client, payers[index]));
    await client.close();
  });
}

test("agents/x402 withX402Client", async () => {
  const client = new ModernClient(info, { versionNegotiation: { mode: "auto" } });
  await client.connect(new ModernTransport(new URL(server.mcpUrl)));
  const account = privateKeyToAccount(payers[3].privateKey);
  const paying = withX402Client(client, { account, network: "eip155:84532" });
  await readsForFree(() => paying.callTool(async () => false, FREE_CALL));
  await buysOneSeat(payers[3], async () => {
    const call = { name: "rsvpToEvent", arguments: { eventId: event.id } };
    const result = await paying.callTool(async () => true, call);
    assert.ok(!result.isError, result.content[0].text);
    return { ticket: JSON.parse(result.content[0].text), settlement: result._meta["x402/payment-response"] };
  });
  await client.close();
});

/** Only what one version of x402 sees of an answer. */
function speaking(version) {
  return async (input, init) => {
    const answer = await fetch(input, init);
    if (version === 2 || answer.status !== 402) return answer;
    const headers = new Headers(answer.headers);
    headers.delete("payment-required");
    return new Response(answer.body, { status: answer.status, headers });
  };
}

for (const [version, index, header] of [[1, 4, "x-payment-response"], [2, 5, "payment-response"]]) {
  test(`@x402/fetch, version ${version}, over plain HTTP`, async () => {
    const sent = [];
    const watched = (input, init) => {
      sent.push(new Headers(init?.headers ?? input.headers));
      return speaking(version)(input, init);
    };
    const paying = wrapFetchWithPayment(watched, payingClient(payers[index]));
    await buysOneSeat(payers[index], async () => {
      const body = JSON.stringify({ eventId: event.id });
      const headers = { "content-type": "application/json" };
      await readsForFree(async () => (await paying(server.toolUrl("listEvents"), { method: "POST", headers, body: "{}" })).json());
      const answer = await paying(server.toolUrl("rsvpToEvent"), { method: "POST", headers, body });
      assert.equal(answer.status, 200);
      assert.ok(sent.at(-1).has(version === 1 ? "x-payment" : "payment-signature"));
      const settlement = JSON.parse(Buffer.from(answer.headers.get(header), "base64"));
      assert.equal(settlement.network, version === 1 ? "base-sepolia" : "eip155:84532");
      return { ticket: await answer.json(), settlement };
    });
  });
}

async function curl(...args) {
  const { stdout } = await promisify(execFile)("curl", ["-sS", "-i", "--max-time", "60", ...args]);
  const [head, ...body] = stdout.split("\r\n\r\n");
  const headers = Object.fromEntries(
    head.split("\r\n").slice(1).map((line) => [line.split(":")[0].toLowerCase(), line.slice(line.indexOf(":") + 2)]),
  );
  return { status: Number(head.split(" ")[1]), headers, body: body.join("\r\n\r\n") };
}

test("curl: tools without a handshake, HTTP 402, X-PAYMENT", async () => {
  const json = ["-H", "content-type: application/json"];
  const rpc = (method, params) => JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const list = await curl(server.mcpUrl, ...json, "-d", rpc("tools/list"));
  assert.equal(list.status, 200);
  assert.equal(JSON.parse(list.body).result.tools[0].name, "listEvents");
  await readsForFree(() => curl(server.mcpUrl, ...json, "-d", rpc("tools/call", FREE_CALL)));
  const call = rpc("tools/call", { name: "rsvpToEvent", arguments: { eventId: event.id } });
  const challenge = await curl(server.mcpUrl, ...json, "-d", call);
  assert.equal(challenge.status, 402);
  const v1 = JSON.parse(challenge.body);
  assert.equal(v1.x402Version, 1);
  const v2 = JSON.parse(Buffer.from(challenge.headers["payment-required"], "base64"));
  assert.equal(v2.x402Version, 2);
  await buysOneSeat(payers[6], async () => {
    const payment = await payingClient(payers[6]).createPaymentPayload(v1);
    const encoded = Buffer.from(JSON.stringify(payment)).toString("base64");
    const paid = await curl(server.mcpUrl, ...json, "-H", `X-PAYMENT: ${encoded}`, "-d", call);
    assert.equal(paid.status, 200);
    const settlement = JSON.parse(Buffer.from(paid.headers["x-payment-response"], "base64"));
    return { ticket: JSON.parse(paid.body).result.structuredContent, settlement };
  });
});

test("a tool with a fixed price, settled last", async () => {
  const client = new ModernClient(info, { versionNegotiation: { mode: "auto" } });
  await client.connect(new ModernTransport(new URL(server.mcpUrl)));
  const call = { name: "getEventAnalytics", arguments: { eventId: event.id } };
  const challenge = await client.callTool(call);
  const payment = await payingClient(payers[0]).createPaymentPayload(challenge.structuredContent);
  const { structuredContent } = await client.callTool({ ...call, _meta: { "x402/payment": payment } });
  const transfers = await network.chain.transfers(server.payTo);
  const forSeats = transfers.filter(({ args }) => args.value === PRICE);
  assert.equal(structuredContent.totalRsvps, forSeats.length);
  assert.equal(BigInt(structuredContent.totalRevenueAtomic), PRICE * BigInt(forSeats.length));
  await client.close();
});

test("revenue in KV is the sum of what arrived on the chain", async () => {
  const transfers = await network.chain.transfers(server.payTo);
  const arrived = transfers.reduce((sum, { args }) => sum + args.value, 0n);
  await until(async () => (await network.worker.kv.get(`${server.scope}:revenue`)) === String(arrived));
  const revenue = await get(network, "/api/users/revenue", server.token).then((answer) => answer.json());
  assert.equal(revenue.totalAtomic, String(arrived));
});
