// Credentials in the real runtime: a host's own program uses the server with the official SDK and does not pay,
// goes no further than it may, and is refused at once when its host says so.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { host, otherHost, payers } from "../../dev/chain/accounts.mjs";
import { assertBooksAreClean } from "../support/audit.mjs";
import { createEvent, get, openServer, post, startNetwork, until } from "../support/network.mjs";
import { callTool, payFor, rsvp } from "../support/pay.mjs";
import { everythingStored } from "../support/stored.mjs";

const EVENT = { title: "By an agent", startsAt: "2030-03-01T18:30:00Z", capacity: 5, price: "0.05" };
const OWNER_TOOLS = ["createEvent", "updateEvent", "cancelEvent", "checkIn", "storeSecret", "deleteSecret"];
/** Every token that was given away, for the last test. */
const tokens = [];
let network, server, other;

before(async () => {
  network = await startNetwork();
  server = await openServer(network);
  other = await openServer(network, otherHost);
});
after(() => network?.stop());

async function newCredential(changes = {}, at = server) {
  const answer = await post(network, "/api/users/credentials", { name: "Desk", ...changes }, at.token);
  const created = await answer.json();
  assert.equal(answer.status, 201, JSON.stringify(created));
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.match(created.token, new RegExp(`^mcp_${at.scope}_[\\w-]{43}$`));
  tokens.push(created.token);
  return created;
}

/** A request over REST with a bearer token, and a cookie if one is named. */
function ask(method, path, token, body, more = {}) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}`, ...more };
  return network.worker.fetch(path, { method, headers, body: body && JSON.stringify(body) });
}

const revoke = ({ credential }) => ask("DELETE", `/api/users/credentials/${credential.id}`, server.token);

async function is(answer, status, title) {
  const body = await answer.json();
  assert.deepEqual([answer.status, body.title], [status, title], JSON.stringify(body));
}

/** The SDK's client with a credential, as any program would set it. */
async function connect(token, at = server) {
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  const client = new Client({ name: "desk", version: "1.0.0" });
  await client.connect(new StreamableHTTPClientTransport(new URL(at.mcpUrl), { requestInit }));
  return client;
}

async function counts() {
  const count = async (table) => (await network.worker.sql(server.scope, `SELECT count(*) AS n FROM ${table}`))[0].n;
  return { ledger: await count("ledger"), payments: await count("payments") };
}

test("with the official SDK it lists the owner's tools, creates an event, and has analytics for nothing", async () => {
  const created = await newCredential({ tier: "send" });
  const client = await connect(created.token);
  const { tools } = await client.listTools();
  const names = tools.map(({ name }) => name);
  assert.deepEqual(names, created.mayCall);
  for (const name of OWNER_TOOLS) assert.ok(names.includes(name), name);
  const { structuredContent: made } = await client.callTool({ name: "createEvent", arguments: EVENT });
  assert.equal(made.success, true);
  const event = made.event;
  const sold = await rsvp(network, server, event, await payFor(network, server, event, payers[0]));
  assert.equal(sold.status, 200);
  const analytics = { name: "getEventAnalytics", arguments: { eventId: event.id } };
  const [before, earned] = [await counts(), await network.chain.balance(host.address)];
  const { structuredContent, isError, _meta } = await client.callTool(analytics);
  assert.ok(!isError, JSON.stringify(structuredContent));
  assert.match(JSON.stringify(structuredContent), new RegExp(payers[0].address));
  assert.equal(_meta?.["x402/payment-response"], undefined);
  assert.deepEqual(await counts(), before, "neither a payment nor a line in the ledger");
  assert.equal(await network.chain.balance(host.address), earned);
  // The seat belongs to the wallet that pays, not to the caller.
  const seat = await client.callTool({ name: "rsvpToEvent", arguments: { eventId: event.id } });
  assert.ok(seat.isError && seat.structuredContent.accepts.length > 0);
  assert.equal((await callTool(network, server, "getEventAnalytics", { eventId: event.id })).status, 402);
  await assertBooksAreClean(network.worker, server.scope);
  // Revoked: the next request fails, also within a session of MCP.
  assert.equal((await revoke(created)).status, 200);
  await assert.rejects(client.callTool(analytics), /401|[Uu]nauthorized|credential/);
  await assert.rejects(client.listTools(), /401|[Uu]nauthorized|credential/);
  await client.close();
  await assert.rejects(connect(created.token), /401|[Uu]nauthorized|credential/);
});

test("by default it goes as far as a draft: it reads, and neither sees nor calls what changes something", async () => {
  const { token, credential, mayCall } = await newCredential();
  assert.equal(credential.tier, "draft");
  const client = await connect(token);
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map(({ name }) => name), mayCall);
  for (const name of OWNER_TOOLS) assert.ok(!mayCall.includes(name), name);
  const before = await get(network, "/api/users/events", server.token).then((answer) => answer.json());
  const refused = await client.callTool({ name: "createEvent", arguments: EVENT });
  assert.equal(refused.structuredContent.error.code, "not_granted");
  assert.deepEqual(await get(network, "/api/users/events", server.token).then((answer) => answer.json()), before);
  await client.close();
});

test("over REST it reads and changes by its tier, and never gets at the profile or at credentials", async () => {
  const [read, send] = [await newCredential({ tier: "read" }), await newCredential({ tier: "send" })];
  for (const path of ["me", "events", "revenue", "payments", "payments.csv", "secrets"]) {
    for (const { token } of [read, send]) assert.equal((await ask("GET", `/api/users/${path}`, token)).status, 200, path);
  }
  assert.equal((await get(network, "/api/users/me", read.token).then((answer) => answer.json())).urlSafeId, server.scope);
  await is(await ask("POST", "/api/users/events", read.token, EVENT), 403, "not granted");
  assert.equal((await ask("POST", "/api/users/events", send.token, EVENT)).status, 201);
  const payout = { userId: server.userId, walletAddress: otherHost.address };
  for (const [method, path, body] of [
    ["POST", "mcp", payout],
    ["PATCH", "me", { limits: { callsPerMinute: 1 } }],
    ["GET", "credentials"],
    ["POST", "credentials", { name: "Another", tier: "send" }],
    ["DELETE", `credentials/${read.credential.id}`],
  ]) {
    await is(await ask(method, `/api/users/${path}`, send.token, body), 403, "not granted");
  }
  const me = await get(network, "/api/users/me", server.token).then((answer) => answer.json());
  assert.equal(me.walletAddress, host.address);
  const some = await newCredential({ tier: "send", tools: ["createEvent"] });
  await is(await ask("GET", "/api/users/events", some.token), 403, "not granted");
  const one = { authorization: `Bearer ${some.token}` };
  assert.equal((await callTool(network, server, "createEvent", EVENT, undefined, one)).status, 200);
  assert.equal((await callTool(network, server, "listEvents", {}, undefined, one)).status, 403);
});

test("a credential beats the cookie beside it, and is no session anywhere", async () => {
  const { token } = await newCredential({ tier: "read" });
  const cookie = { cookie: `__Host-session=${server.token}` };
  await is(await ask("POST", "/api/users/credentials", token, { name: "n" }, cookie), 403, "not granted");
  await is(await ask("POST", "/api/users/credentials", "mcp_nothing", { name: "n" }, cookie), 401, "credential refused");
  const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "createEvent", arguments: EVENT } };
  const path = new URL(server.mcpUrl).pathname;
  const { result } = await ask("POST", path, token, body, cookie).then((answer) => answer.json());
  assert.equal(result.structuredContent.error.code, "not_granted");
  const me = (cookie) => network.worker.fetch("/api/users/me", { headers: { cookie } });
  assert.equal((await me(`__Host-session=${server.token}`)).status, 200);
  await is(await me(`session=${server.token}`), 401, "not signed in");
  // As a cookie it is nothing at all.
  const answer = await network.worker.fetch("/api/users/me", { headers: { cookie: `__Host-session=${token}` } });
  await is(answer, 401, "not signed in");
});

test("unknown, changed, expired, revoked, and another host's: 401 for the whole request, also for JSON-RPC", async () => {
  const theirs = await newCredential({ tier: "send" }, other);
  const revoked = await newCredential({ tier: "send" });
  await revoke(revoked);
  const again = await revoke(revoked);
  assert.deepEqual([again.status, (await again.json()).credential.status], [200, "revoked"]);
  const soon = new Date(Date.now() + 2_000).toISOString();
  const expired = await newCredential({ tier: "send", expiresAt: soon });
  await until(async () => (await ask("GET", "/api/users/me", expired.token)).status === 401);
  const good = await newCredential({ tier: "send" });
  const changed = good.token.replace(/.{2}$/, (end) => (end === "AA" ? "BA" : "AA"));
  const spliced = `mcp_${server.scope}_${theirs.token.slice(37)}`;
  const path = new URL(server.mcpUrl).pathname;
  const rpc = (method) => ({ jsonrpc: "2.0", id: 1, method });
  for (const token of [theirs.token, revoked.token, expired.token, changed, spliced, "mcp_nothing"]) {
    for (const body of [rpc("ping"), rpc("tools/list"), [rpc("ping")]]) {
      const answer = await ask("POST", path, token, body);
      assert.match(answer.headers.get("www-authenticate"), /^Bearer error="invalid_token"/);
      await is(answer, 401, "credential refused");
    }
    await is(await ask("POST", `/x402/users/${server.scope}/tools/listEvents`, token, {}), 401, "credential refused");
    if (token !== theirs.token) await is(await ask("GET", "/api/users/events", token), 401, "credential refused");
  }
  // Theirs leads to their own events, never to ours.
  await createEvent(network, server);
  const { events } = await ask("GET", "/api/users/events", theirs.token).then((answer) => answer.json());
  assert.deepEqual(events, []);
});

test("the list recognises each by its hint, and knows when it was used, also after an eviction", async () => {
  const { token, credential } = await newCredential({ name: "Listed", tier: "read" });
  assert.equal(credential.hint, token.slice(37, 41));
  await network.worker.evictHost(server.scope);
  assert.equal((await ask("GET", "/api/users/me", token)).status, 200);
  const { credentials } = await get(network, "/api/users/credentials", server.token).then((answer) => answer.json());
  const listed = credentials.find(({ id }) => id === credential.id);
  assert.deepEqual([listed.name, listed.status, listed.tools], ["Listed", "active", []]);
  assert.ok(Math.abs(Date.now() - Date.parse(listed.lastUsedAt)) < 60_000);
  assert.equal((await get(network, "/api/users/credentials")).status, 401);
});

// The last one: it looks at what all the others have left behind.
test("no token stands in storage, in a record or in a log line", async () => {
  await until(async () => (await network.worker.kv.list()).keys.length > 0);
  const stored = (await everythingStored(network, server.scope)) + (await everythingStored(network, other.scope));
  const logged = JSON.stringify(network.worker.logs());
  assert.ok(tokens.length >= 8 && stored.includes('"digest"'));
  for (const token of tokens) {
    const secret = token.slice(37);
    for (const form of [token, secret, secret.slice(4), Buffer.from(token).toString("base64").slice(60)]) {
      assert.ok(!stored.includes(form) && !logged.includes(form), "a token in clear");
    }
  }
});
