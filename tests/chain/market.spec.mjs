// The marketplace in the real runtime: found by the official client, by a payment scanner, and gone in seconds.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as SdkClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as SdkTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { HTTPFacilitatorClient } from "@x402/core/server";
import { extractDiscoveryInfo, validateDiscoveryExtension, validateDiscoveryExtensionSpec, withBazaar } from "@x402/extensions/bazaar";
import { payers } from "../../dev/chain/accounts.mjs";
import { startOwnNetwork } from "../support/facilitators.mjs";
import { createEvent, openServer, patch, until } from "../support/network.mjs";
import { callMcp, callTool, payingClient } from "../support/pay.mjs";

const info = { name: "market", version: "1.0.0" };
let network, server, event;

before(async () => {
  network = await startOwnNetwork();
  server = await openServer(network);
  event = await createEvent(network, server, { title: "Evening of finding", location: "Betahaus, Berlin" });
});
after(() => network?.stop());

const choose = async (listed) => {
  const answer = await patch(network, "/api/users/me", { listed }, server.token);
  assert.equal(answer.status, 200, await answer.text());
};
const file = (path) => network.worker.fetch(path);
const catalog = async () => (await file("/.well-known/ai-catalog.json")).text();

async function found(client) {
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map(({ name }) => name), ["findEvents", "listHosts", "findTools"]);
  const answer = await client.callTool({ name: "findEvents", arguments: { text: "finding", place: "berlin" } });
  return answer.structuredContent.events;
}

test("official clients of both eras find an event, and the server that sells it", async () => {
  await choose(true);
  await until(async () => (await catalog()).includes(server.scope));
  const url = new URL("/mcp", network.worker.url);
  const old = new SdkClient(info);
  await old.connect(new SdkTransport(url));
  const modern = new ModernClient(info, { versionNegotiation: { mode: "auto" } });
  await modern.connect(new ModernTransport(url));
  assert.equal(modern.getNegotiatedProtocolVersion(), "2026-07-28");
  for (const client of [old, modern]) {
    const [first, ...others] = await found(client);
    assert.deepEqual([first.id, first.host.serverUrl, others.length], [event.id, `${network.publicUrl}/mcp/users/${server.scope}`, 0]);
    await client.close();
  }
});

test("every file is there, in its type, for every page of the web", async () => {
  const types = {
    "/openapi.json": "application/json",
    "/.well-known/x402": "application/json",
    "/.well-known/ai-catalog.json": "application/ai-catalog+json",
    "/.well-known/mcp/catalog.json": "application/ai-catalog+json",
    "/mcp/server-card": "application/mcp-server-card+json",
    "/.well-known/mcp/server-card.json": "application/mcp-server-card+json",
    [`/mcp/users/${server.scope}/server-card`]: "application/mcp-server-card+json",
    "/server.json": "application/json",
    "/.well-known/agent-registration.json": "application/json",
    "/llms.txt": "text/plain; charset=utf-8",
    "/skill.md": "text/markdown; charset=utf-8",
    "/robots.txt": "text/plain; charset=utf-8",
    "/sitemap.xml": "application/xml",
  };
  for (const [path, type] of Object.entries(types)) {
    const answer = await file(path);
    assert.deepEqual([answer.status, answer.headers.get("content-type")], [200, type], path);
    assert.equal(answer.headers.get("access-control-allow-origin"), "*", path);
    if (type.includes("json")) JSON.parse(await answer.text());
  }
  assert.equal((await file("/.well-known/security.txt")).status, 404, "nobody is named here");
});

test("a challenge says how its tool is called, as the extensions of x402 read it, and a payment says it on", async () => {
  const args = { eventId: event.id };
  const { challenge: overHttp } = await callTool(network, server, "rsvpToEvent", args);
  const { challenge: overMcp } = await callMcp(network, server, "rsvpToEvent", args);
  const catalogued = async (challenge) => {
    const { bazaar } = challenge.extensions;
    assert.deepEqual(validateDiscoveryExtension(bazaar), { valid: true });
    assert.deepEqual(validateDiscoveryExtensionSpec(bazaar), { valid: true });
    const payment = await payingClient(payers[0]).createPaymentPayload(challenge);
    return extractDiscoveryInfo(payment, challenge.accepts[0]);
  };
  const atAddress = await catalogued(overHttp);
  assert.equal(atAddress.resourceUrl, `${network.publicUrl}/x402/users/${server.scope}/tools/rsvpToEvent`);
  assert.deepEqual([atAddress.method, atAddress.discoveryInfo.input.body], ["POST", args]);
  const atServer = await catalogued(overMcp);
  assert.equal(atServer.resourceUrl, `${network.publicUrl}/mcp/users/${server.scope}`);
  assert.deepEqual([atServer.toolName, atServer.discoveryInfo.input.example], ["rsvpToEvent", args]);
});

test("the client of x402 lists what is sold at our facilitator, and each entry is what a call demands", async () => {
  const { bazaar } = withBazaar(new HTTPFacilitatorClient({ url: network.ours.url })).extensions;
  const { items, pagination } = await bazaar.listResources({ type: "http", network: "eip155:84532", limit: 10 });
  assert.deepEqual(pagination, { limit: 10, offset: 0, total: 2 }, JSON.stringify(items));
  for (const item of items) {
    const tool = item.resource.split("/").at(-1);
    assert.deepEqual(validateDiscoveryExtension(item.extensions.bazaar), { valid: true });
    const { body } = item.extensions.bazaar.info.input;
    const { challenge } = await callTool(network, server, tool, body);
    const [{ extra, ...demanded }] = challenge.accepts;
    const { receiptKey: _, ...domain } = extra;
    assert.deepEqual(item.accepts, [{ ...demanded, extra: domain }], tool);
    assert.deepEqual(item.extensions.bazaar, challenge.extensions.bazaar, tool);
    assert.ok(Date.parse(item.lastUpdated) <= Date.now());
  }
  const { pagination: atServers } = await bazaar.listResources({ type: "mcp", payTo: server.payTo, offset: 1 });
  assert.deepEqual(atServers, { limit: 20, offset: 1, total: 2 });
  const refused = await file("/facilitator/discovery/resources?limit=0");
  assert.deepEqual([refused.status, (await refused.json()).detail.split(":")[0]], [400, "limit"]);
});

test("a scanner that says nothing at a paid address sees a price and an example, with any method that reads or posts", async () => {
  const path = `/x402/users/${server.scope}/tools/rsvpToEvent`;
  for (const init of [{ method: "GET" }, { method: "POST" }, { method: "HEAD" }]) {
    const answer = await network.worker.fetch(path, init);
    assert.equal(answer.status, 402, init.method);
    const challenge = JSON.parse(Buffer.from(answer.headers.get("payment-required"), "base64"));
    assert.equal(challenge.accepts[0].amount, "50000");
    assert.deepEqual(challenge.extensions.bazaar.info.input.body, { eventId: event.id });
  }
  for (const method of ["PUT", "DELETE", "PATCH"]) {
    const answer = await network.worker.fetch(path, { method });
    assert.deepEqual([answer.status, answer.headers.get("allow")], [405, "GET, HEAD, POST"], method);
  }
});

test("the scanner of mppx finds the paid tools, and every challenge is what it should be", async () => {
  const bin = new URL("../../node_modules/mppx/dist/bin.js", import.meta.url).pathname;
  const run = promisify(execFile)(process.execPath, [bin, "validate", network.worker.url], { timeout: 120_000 });
  const { stdout } = await run.catch((error) => error);
  assert.match(stdout, /Document found and parseable/, stdout);
  assert.doesNotMatch(stdout, /✗|✘|FAIL/, stdout);
});

test("who leaves is gone from every file within seconds", async () => {
  await choose(false);
  const began = Date.now();
  await until(async () => !(await catalog()).includes(server.scope));
  assert.ok(Date.now() - began < 15_000);
  for (const path of ["/openapi.json", "/.well-known/x402", "/sitemap.xml", "/discover"])
    assert.ok(!(await (await file(path)).text()).includes(server.scope), path);
  assert.equal((await file(`/mcp/users/${server.scope}/server-card`)).status, 404);
  const { pagination } = await (await file("/facilitator/discovery/resources")).json();
  assert.equal(pagination.total, 0);
});
