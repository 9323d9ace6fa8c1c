// The marketplace in the real runtime: found by the official client, by a payment scanner, and gone in seconds.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as SdkClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as SdkTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { extractDiscoveryInfo, validateDiscoveryExtension, validateDiscoveryExtensionSpec } from "@x402/extensions/bazaar";
import { payers } from "../../dev/chain/accounts.mjs";
import { createEvent, openServer, patch, startNetwork, until } from "../support/network.mjs";
import { callMcp, callTool, payingClient } from "../support/pay.mjs";

const info = { name: "market", version: "1.0.0" };
let network, server, event;

before(async () => {
  network = await startNetwork();
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
});
