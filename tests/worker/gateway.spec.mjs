// The way in, in the real runtime: who may do what, and what happens to bad input.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { request as rawRequest } from "node:http";
import { after, before, test } from "node:test";
import { unstable_readConfig } from "wrangler";
import { host, NETWORK, otherHost, payers, relayer } from "../../dev/chain/accounts.mjs";
import { createEvent, get, openServer, patch, post, setLimits, signIn, startNetwork, until } from "../support/network.mjs";
import { callTool } from "../support/pay.mjs";
import { startWorker } from "../support/worker.mjs";

let network, server, other;

before(async () => {
  network = await startNetwork();
  server = await openServer(network);
  other = await openServer(network, otherHost);
});
after(() => network?.stop());

const EVENT = { title: "T", startsAt: "2030-03-01T18:30:00Z", capacity: 5, price: "0.05" };

function rpc(method, params, headers = {}, scope = server.scope) {
  return network.worker.fetch(`/mcp/users/${scope}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
}

async function eventsOf(host) {
  const answer = await get(network, "/api/users/events", host.token);
  return (await answer.json()).events;
}

async function isProblem(answer, status, text) {
  assert.equal(answer.status, status);
  assert.match(answer.headers.get("content-type"), /application\/problem\+json/);
  const problem = await answer.json();
  assert.match(problem.detail, text);
  assert.equal(problem.requestId, answer.headers.get("x-request-id"));
  assert.match(problem.type, /^urn:events-concierge:problem:/);
  return problem;
}

test("createEvent is for the owner: no token, another host's token, a forged one are refused", async () => {
  const call = { name: "createEvent", arguments: EVENT };
  const forged = `${server.token.slice(0, -4)}AAAA`;
  for (const token of [undefined, other.token, forged, "nothing"]) {
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    const { result } = await rpc("tools/call", call, headers).then((answer) => answer.json());
    assert.equal(result.isError, true);
    assert.match(result.content[0].text, /only the host/);
  }
  assert.deepEqual(await eventsOf(server), []);
  assert.deepEqual(await eventsOf(other), []);
  const headers = { authorization: `Bearer ${server.token}` };
  const { result } = await rpc("tools/call", call, headers).then((answer) => answer.json());
  assert.equal(result.structuredContent.success, true);
  assert.equal((await eventsOf(server)).length, 1);
});

test("a list that the gateway keeps shows at once what the host has changed", async () => {
  const names = async () => (await rpc("tools/list", {}).then((answer) => answer.json())).result.tools.map(({ name }) => name);
  const change = (products) => patch(network, "/api/users/me", { products }, server.token);
  const all = await names();
  assert.ok(all.includes("retrieveSecret"));
  assert.deepEqual(await names(), all);
  await change(["events"]);
  assert.ok(!(await names()).includes("retrieveSecret"));
  await change(["events", "vault"]);
  assert.deepEqual(await names(), all);
});

test("a call is the same with a short body, a long one and one without a length", async () => {
  const text = (padding) => JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta: { padding } } });
  const ask = async (body, more) => {
    const headers = { "content-type": "application/json", origin: network.worker.url };
    const answer = await network.worker.fetch(`/mcp/users/${server.scope}`, { method: "POST", headers, body, ...more });
    const kept = [...answer.headers].filter(([name]) => /^(access-control|content-type|vary)/.test(name));
    return { status: answer.status, kept, body: await answer.json() };
  };
  const short = await ask(text(""));
  assert.equal(short.status, 200);
  assert.deepEqual(await ask(text("x".repeat(100_000))), short);
  assert.deepEqual(await ask(new Blob([text("")]).stream(), { duplex: "half" }), short);
});

test("a stranger cannot ask what the cron asks", async () => {
  const headers = { "x-concierge-sweep": "1" };
  const list = await rpc("tools/list", {}, headers).then((answer) => answer.json());
  assert.ok(Array.isArray(list.result.tools), "the server answers what it was asked");
  const page = await network.worker.fetch(`/mcp/users/${server.scope}`, { method: "POST", headers });
  assert.notEqual(await page.text(), "true");
  const agent = await network.worker.fetch("/agent", { headers });
  assert.equal(agent.status, 426, "a guest session takes sockets only");
  const health = await network.worker.fetch("/health", { headers });
  assert.equal((await health.json()).status, "ok");
});

test("a spoofed internal header changes nothing", async () => {
  const command = {
    request_id: "req_000000000000000000000000",
    scope: other.scope,
    user: { user: server.userId, scope: other.scope, fresh: true },
    action: { Own: "CreateEvent" },
  };
  const spoofs = {
    "x-concierge-command": JSON.stringify(command),
    "x-user-scope-id": other.scope,
    "x-forwarded-host": "evil.example",
  };
  const had = (await eventsOf(other)).length;
  const list = await rpc("tools/list", {}, spoofs).then((answer) => answer.json());
  assert.ok(!list.result.tools.some(({ name }) => name === "createEvent"));
  const call = { name: "createEvent", arguments: EVENT };
  const { result } = await rpc("tools/call", call, spoofs, other.scope).then((answer) => answer.json());
  assert.equal(result.isError, true);
  assert.equal((await eventsOf(other)).length, had);
  const answer = await network.worker.fetch("/api/users/events", { headers: spoofs });
  assert.equal(answer.status, 401);
});

test("a sign-in message is used once, and by its own wallet only", async () => {
  const first = await signIn(network, payers[0]);
  assert.equal(first.status, 200);
  const again = await post(network, "/api/auth/siwe", { message: first.message, signature: first.signature });
  await isProblem(again, 401, /used already/);
  const stolen = await post(network, "/api/auth/siwe", {
    message: first.message.replace(payers[0].address, payers[1].address),
    signature: first.signature,
  });
  await isProblem(stolen, 401, /signature/);
  await isProblem(await post(network, "/api/auth/siwe", { message: "hello" }), 400, /message and signature/);
});

test("registration and payout belong to the proven identity", async () => {
  const session = await signIn(network, payers[2]);
  const body = { userId: host.address, walletAddress: payers[2].address };
  await isProblem(await post(network, "/api/users/mcp", body, session.token), 403, /another user/);
  await isProblem(await post(network, "/api/users/mcp", body), 401, /sign in/);
  const own = { userId: payers[2].address, walletAddress: payers[2].address };
  assert.equal((await post(network, "/api/users/mcp", own, session.token)).status, 201);
  const moved = { ...own, walletAddress: payers[3].address };
  const answer = await post(network, "/api/users/mcp", moved, session.token).then((a) => a.json());
  assert.equal(answer.walletAddress, payers[3].address);
  const ledger = await network.worker.sql(session.scope, "SELECT note FROM ledger WHERE entry = 'payout_set' ORDER BY seq");
  assert.deepEqual(ledger.map(({ note }) => note), [payers[2].address, payers[3].address]);
  const products = await post(network, "/api/users/mcp", { ...moved, products: ["cellar"] }, session.token);
  await isProblem(products, 422, /^products: /);
  // The old name of the field is still read.
  assert.equal((await post(network, "/api/users/mcp", { ...moved, doors: ["events"] }, session.token)).status, 200);
  for (const wallet of ["0x1234", "0x0000000000000000000000000000000000000000"]) {
    const refused = await post(network, "/api/users/mcp", { ...own, walletAddress: wallet }, session.token);
    await isProblem(refused, 422, /walletAddress/);
  }
});

test("the published records are under the keys of the product", async () => {
  const event = await createEvent(network, server);
  // Each change of a profile writes two records, one after the other.
  const byHash = await until(async () => {
    const [hash, id] = await Promise.all([`usersByHash:${server.scope}`, `users:${server.userId}`].map((key) => network.worker.kv.get(key)));
    return hash !== null && hash === id && JSON.parse(hash);
  });
  assert.deepEqual(Object.keys(byHash).sort(), ["about", "createdAt", "displayName", "updatedAt", "urlSafeId", "userId", "walletAddress"]);
  assert.equal(byHash.walletAddress, host.address);
  const published = JSON.parse(await until(() => network.worker.kv.get(`${server.scope}:events:${event.id}`)));
  assert.equal(published.title, event.title);
});

test("unknown addresses, scopes and methods", async () => {
  await isProblem(await get(network, "/nothing"), 404, /nothing at this address/);
  await isProblem(await get(network, `/mcp/users/${server.scope}`), 405, /POST/);
  await isProblem(await rpc("tools/list", {}, {}, "0".repeat(32)), 404, /no host/);
  await isProblem(await get(network, "/api/users/events"), 401, /sign in/);
  const unregistered = await signIn(network, payers[4]);
  await isProblem(await get(network, "/api/users/events", unregistered.token), 404, /no host/);
  await isProblem(await get(network, `/t/${"0".repeat(32)}-${"0".repeat(24)}`), 404, /no host/);
  await isProblem(await get(network, `/t/${server.scope}-${"0".repeat(24)}`), 404, /no such ticket/);
});

test("an object that nobody registered stores nothing", async () => {
  const scope = "1".repeat(32);
  assert.equal((await rpc("tools/list", {}, {}, scope)).status, 404);
  // The local runtime keeps tables of its own there, whose names begin with an underscore.
  const tables = "SELECT name FROM sqlite_master WHERE substr(name, 1, 1) <> '_'";
  assert.deepEqual(await network.worker.sql(scope, tables), []);
});

test("bodies that are too long, of another type, or no JSON", async () => {
  const path = `/mcp/users/${server.scope}`;
  const once = (body, type) => network.worker.fetch(path, { method: "POST", headers: { "content-type": type }, body });
  // Who is refused while it is still sending may see the connection reset before the answer (RFC 9112, 9.6).
  const send = (body, type) => once(body, type).catch(() => once(body, type));
  await isProblem(await send("x".repeat(1024 * 1024 + 1), "application/json"), 413, /1 MiB/);
  const streamed = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(256 * 1024));
      this.sent = (this.sent ?? 0) + 1;
      if (this.sent === 6) controller.close();
    },
  });
  const endless = await network.worker.fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: streamed,
    duplex: "half",
  });
  await isProblem(endless, 413, /1 MiB/);
  assert.equal((await send("{}", "text/plain")).status, 415);
  const noJson = await send("{oops", "application/json");
  assert.equal(noJson.status, 400);
  assert.equal((await noJson.json()).error.code, -32700);
  const deep = await send("[".repeat(100_000), "application/json");
  assert.equal(deep.status, 400);
  await isProblem(await post(network, "/api/users/events", "text", server.token), 422, /invalid type/);
  assert.equal((await rpc("tools/list")).status, 200, "the object is up");
});

test("bad arguments are named, and nothing is stored", async () => {
  const had = (await eventsOf(server)).length;
  for (const [changes, field] of [
    [{ title: "" }, "title"],
    [{ startsAt: "soon" }, "startsAt"],
    [{ capacity: 1.5 }, "capacity"],
    [{ price: "-1" }, "price"],
    [{ price: 0.05 }, "price"],
    [{ timeZone: "Mars" }, "timeZone"],
    [{ timeZone: "+01:00" }, "timeZone"],
    [{ wallet: "x" }, "wallet"],
  ]) {
    const answer = await post(network, "/api/users/events", { ...EVENT, ...changes }, server.token);
    await isProblem(answer, 422, new RegExp(field));
  }
  assert.equal((await eventsOf(server)).length, had);
  const { result } = await rpc("tools/call", { name: "rsvpToEvent", arguments: { eventId: 5 } }).then((a) => a.json());
  assert.equal(result.isError, true);
  assert.match(result.content[0].text, /^eventId: /);
  const wallet = await callTool(network, server, "rsvpToEvent", { eventId: (await eventsOf(server))[0].id, walletAddress: "x" });
  assert.match(wallet.body.detail, /walletAddress/);
});

test("the runtime knows the time zones as the IANA database does", async () => {
  for (const [timeZone, startsAt, spelling, day, clock] of [
    ["europe/berlin", "2030-03-01T18:30:00Z", "Europe/Berlin", "Friday 1 March 2030", "19:30, Berlin time (CET)"],
    ["Europe/Berlin", "2030-07-01T22:30:00Z", "Europe/Berlin", "Tuesday 2 July 2030", "00:30, Berlin time (CEST)"],
    ["Europe/London", "2030-03-01T18:30:00Z", "Europe/London", "Friday 1 March 2030", "18:30, London time (GMT)"],
    ["America/New_York", "2030-03-01T03:30:00Z", "America/New_York", "Thursday 28 February 2030", "22:30, New York time (EST)"],
    ["Asia/Kolkata", "2030-03-01T18:30:00Z", "Asia/Kolkata", "Saturday 2 March 2030", "00:00, Kolkata time (IST)"],
    ["Australia/Sydney", "2030-01-01T00:00:00Z", "Australia/Sydney", "Tuesday 1 January 2030", "11:00, Sydney time (AEDT)"],
    // Where nobody says letters.
    ["Asia/Kathmandu", "2030-03-01T18:30:00Z", "Asia/Kathmandu", "Saturday 2 March 2030", "00:15, Kathmandu time (GMT+5:45)"],
    ["UTC", "2030-03-01T18:30:00Z", "UTC", "Friday 1 March 2030", "18:30, UTC"],
  ]) {
    const event = await createEvent(network, server, { timeZone, startsAt });
    assert.equal(event.timeZone, spelling);
    const page = await network.worker.fetch(`/e/${server.scope}/${event.id}`).then((answer) => answer.text());
    for (const words of [day, clock]) assert.ok(page.includes(words), `${words} is not in ${page}`);
  }
});

test("HEAD answers as GET without a body, on every address that GET has", async () => {
  const { id } = await createEvent(network, server);
  const own = { authorization: `Bearer ${server.token}` };
  const missing = "/e/00000000000000000000000000000000";
  const paths = ["/health", "/api/settings", "/agent", "/api/users/me", "/api/users/payments.csv", `/mcp/users/${server.scope}/manifest`];
  const pages = [`/e/${server.scope}`, `/e/${server.scope}/${id}`, `/e/${server.scope}/${id}/calendar.ics`, missing, "/nothing", "/t/x"];
  // What belongs to one answer only, and how a body is sent.
  const others = ["date", "x-request-id", "transfer-encoding", "content-length"];
  const shown = (headers) => [...headers].filter(([name]) => !others.includes(name));
  for (const path of [...paths, ...pages, "/"]) {
    const [asked, got] = await Promise.all(["HEAD", "GET"].map((method) => network.worker.fetch(path, { method, headers: own })));
    assert.equal(asked.status, got.status, path);
    assert.deepEqual(shown(asked.headers), shown(got.headers), path);
    assert.equal(await asked.text(), "", path);
  }
  const post = await network.worker.fetch("/api/auth/nonce", { method: "HEAD" });
  assert.deepEqual([post.status, post.headers.get("allow")], [405, "POST"]);
  const put = await network.worker.fetch("/health", { method: "PUT" });
  assert.deepEqual([put.status, put.headers.get("allow")], [405, "GET, HEAD"]);
  const preflight = await network.worker.fetch("/health", { method: "OPTIONS", headers: { origin: network.publicUrl } });
  assert.match(preflight.headers.get("access-control-allow-methods"), /GET, HEAD/);
});

test("an address is the same however it is encoded, and what is not there is a page in a browser", async () => {
  const { id } = await createEvent(network, server);
  const page = await get(network, `/e/${server.scope}/${id}`);
  const encoded = await get(network, `/e/${server.scope}/${id.replace("_", "%5F")}`);
  assert.deepEqual([encoded.status, await encoded.text()], [200, await page.text()]);
  for (const other of [id.replace("_", "%255F"), `${id}%2Fcalendar.ics`, "%zz"]) {
    assert.equal((await get(network, `/e/${server.scope}/${other}`)).status, 404, other);
  }
  const accept = "text/html,application/xhtml+xml,*/*;q=0.8";
  for (const path of ["/nothing", "/t/x", "/e/00000000000000000000000000000000", `/e/${server.scope}/evt_${"0".repeat(24)}`]) {
    const answer = await network.worker.fetch(path, { headers: { accept } });
    assert.deepEqual([answer.status, answer.headers.get("content-type")], [404, "text/html; charset=utf-8"], path);
    assert.match(await answer.text(), /<h1>[^]*Request: <code>req_/, path);
    await isProblem(await get(network, path), 404, /./);
  }
});

test("a compressed body is refused, and the answer says what would do", async () => {
  for (const coding of ["gzip", "br", "identity, gzip"]) {
    for (const path of [`/mcp/users/${server.scope}`, `/x402/users/${server.scope}/tools/listEvents`, "/api/auth/nonce"]) {
      const headers = { "content-type": "application/json", "content-encoding": coding };
      const answer = await network.worker.fetch(path, { method: "POST", headers, body: "{}" });
      assert.deepEqual([answer.status, answer.headers.get("accept-encoding")], [415, "identity"], `${coding} ${path}`);
      assert.match(await answer.text(), /without Content-Encoding/);
    }
  }
  const headers = { "content-type": "application/json", "content-encoding": "identity" };
  const plain = await network.worker.fetch("/api/auth/nonce", { method: "POST", headers, body: "{}" });
  assert.equal(plain.status, 200);
});

test("web pages that we do not know, and other names for this machine, are kept out", async () => {
  for (const path of ["/health", `/mcp/users/${server.scope}`]) {
    const answer = await network.worker.fetch(path, { headers: { origin: "https://evil.example" } });
    assert.equal(answer.status, 403, path);
  }
  const own = await network.worker.fetch("/health", { headers: { origin: network.publicUrl } });
  assert.equal(own.headers.get("access-control-allow-origin"), network.publicUrl);
  assert.match(own.headers.get("access-control-expose-headers"), /payment-required/);
  const preflight = await network.worker.fetch(`/mcp/users/${server.scope}`, {
    method: "OPTIONS",
    headers: { origin: network.publicUrl, "access-control-request-headers": "mcp-param-city, payment-signature" },
  });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers.get("access-control-allow-headers"), /payment-signature.*mcp-param-city/);
  const { status } = await raw({ host: "evil.example" });
  assert.equal(status, 403, "DNS rebinding");
});

test("a source that asks too often without paying waits; other sources, the owner and other servers do not", async () => {
  const limits = (unpaidPerMinute) => setLimits(network, server, { unpaidPerMinute });
  assert.equal((await limits(2)).unpaidPerMinute, 2);
  const list = (headers, scope) => rpc("tools/call", { name: "listEvents", arguments: {} }, headers, scope);
  const from = (address) => ({ "cf-connecting-ip": address });
  // A minute may end in between, hence one more than two.
  const answers = [];
  for (let n = 0; n < 5; n += 1) answers.push(await list(from("2001:db8::1")).then((answer) => answer.json()));
  const last = answers.at(-1).result;
  assert.equal(last.isError, true);
  assert.equal(last.structuredContent.error.code, "rate_limited");
  assert.match(last.content[0].text, /wait \d+ seconds/);
  const isFine = async (answer) => assert.ok(!(await answer.json()).result.isError);
  const http = await callTool(network, server, "listEvents", {}, undefined, from("2001:db8::2"));
  assert.equal(http.status, 429, "one subscriber has many addresses of version 6");
  await isFine(await list(from("2001:db9::1")));
  await isFine(await list({ ...from("2001:db8::1"), authorization: `Bearer ${server.token}` }));
  await isFine(await list(from("2001:db8::1"), other.scope));
  await limits(300);
  await isFine(await list(from("2001:db8::1")));
});

test("the manifest says prices, networks and payTo", async () => {
  const manifest = await get(network, `/mcp/users/${server.scope}/manifest`).then((answer) => answer.json());
  assert.equal(manifest.payTo, host.address);
  assert.equal(manifest.networks[0].network, "eip155:84532");
  const analytics = manifest.tools.find(({ name }) => name === "getEventAnalytics");
  assert.equal(analytics.priceAtomic, "10000");
});

test("every faulty setting is named in one answer", async () => {
  const worker = await startWorker({ vars: { NETWORKS: "eip155:1", RPC_URLS: "{" } });
  try {
    const answer = await worker.fetch("/health");
    assert.equal(answer.status, 500);
    const { detail } = await answer.json();
    for (const name of ["NETWORKS", "RPC_URLS", "MASTER_KEY"]) assert.match(detail, new RegExp(name));
  } finally {
    await worker.stop();
  }
});

test("what is missing is said in one sentence with the command, in every answer and once in the log", async () => {
  const worker = await startWorker({ secrets: { MASTER_KEY: randomBytes(32).toString("hex") } });
  try {
    for (const path of ["/health", "/api/settings", "/mcp/users/x", "/e/x"]) {
      const { detail } = await isProblem(await worker.fetch(`https://events.example${path}`), 500, /PUBLIC_URL is missing/);
      assert.match(detail, /`npm run deploy` sets it/);
      assert.ok(!detail.includes("events.example"), "an address is never taken from a request");
    }
    const lines = worker.logs().filter(({ message }) => message.includes("PUBLIC_URL is missing"));
    assert.equal(lines.length, 1, JSON.stringify(worker.logs()));
  } finally {
    await worker.stop();
  }
});

/** A request with these headers, `host` among them, which fetch does not send. */
const raw = (headers) =>
  new Promise((resolve, reject) => {
    const read = async (answer) => resolve({ status: answer.statusCode, body: (await answer.toArray()).join("") });
    rawRequest(`${network.worker.url}/health`, { headers }, read).on("error", reject).end();
  });

test("a deployment that thinks it is on a local machine says which setting that is", async () => {
  const answer = await raw({ host: "events.example" });
  assert.equal(answer.status, 403);
  assert.match(JSON.parse(answer.body).detail, /^PUBLIC_URL is http:\/\/localhost:\d+, .*`npm run deploy` sets it/);
  const origin = await network.worker.fetch("/health", { headers: { origin: "https://evil.example" } });
  await isProblem(origin, 403, /the page is at http:\/\/localhost:\d+ \(PUBLIC_URL\), and ALLOWED_ORIGINS/);
  await raw({ host: "other.example" });
  const lines = network.worker.logs().filter(({ message }) => message.includes("PUBLIC_URL is"));
  assert.equal(lines.length, 1, "once is enough in the log");
});

test("production with the settings of a test answers nothing but all that is wrong", async () => {
  const rpcs = { "eip155:84532": network.chain.url, "eip155:8453": network.chain.url };
  const vars = {
    NETWORKS: "eip155:84532,eip155:8453",
    FACILITATOR_URL: "self",
    FACILITATOR_API: "open",
    RPC_URLS: JSON.stringify(rpcs),
    PUBLIC_URL: "http://localhost:8787",
  };
  const masterKey = "00112233445566778899aabbccddeeff".repeat(2);
  const secrets = { MASTER_KEY: masterKey, RELAYER_PRIVATE_KEY: relayer.privateKey };
  const worker = await startWorker({ vars, secrets });
  try {
    for (const path of ["/health", "/api/settings", `/mcp/users/${server.scope}`, "/facilitator/supported"]) {
      const answer = await worker.fetch(path, { method: path.startsWith("/mcp") ? "POST" : "GET" });
      assert.equal(answer.status, 500, path);
      const { title, detail } = await answer.json();
      assert.equal(title, "misconfigured");
      for (const name of ["NETWORKS", "PUBLIC_URL", "RPC_URLS for", "MASTER_KEY", "RELAYER_PRIVATE_KEY"]) {
        assert.equal(detail.split(`${name} `).length - 1, name === "RPC_URLS for" ? 2 : 1, `${name}: ${detail}`);
      }
      for (const secret of [masterKey, relayer.privateKey.slice(2), network.chain.url]) assert.ok(!detail.includes(secret));
    }
  } finally {
    await worker.stop();
  }
});

test("what guests let us fetch does not reach origins behind the protection of our own zone", async () => {
  // What the flag changes can only be seen in a zone of Cloudflare's; that it is shipped can be seen here, and that the
  // runtime knows it by that this whole file runs with it.
  const { compatibility_flags: flags } = unstable_readConfig({ config: "wrangler.toml" });
  assert.ok(flags.includes("global_fetch_strictly_public"), String(flags));
});

test("test money and wallets without a sign-in are for one's own machine with a chain of its own", async () => {
  const drip = (worker) =>
    worker.fetch("/api/local/faucet", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ address: payers[9].address }),
    });
  const settings = async (worker) => (await worker.fetch("/api/settings")).json();
  assert.equal((await drip(network.worker)).status, 200);
  assert.deepEqual(await settings(network.worker).then(({ local, faucet }) => [local, faucet]), [true, true]);
  const secrets = { MASTER_KEY: randomBytes(32).toString("hex") };
  const here = { NETWORKS: NETWORK, FACILITATOR_URL: network.facilitator.url, MAIL_FROM: "events@example.org" };
  // Called by others, or called here with a chain that is elsewhere.
  for (const vars of [
    { ...here, PUBLIC_URL: "https://concierge.example", RPC_URLS: JSON.stringify({ [NETWORK]: network.chain.url }) },
    { ...here, PUBLIC_URL: "http://localhost:8787", RPC_URLS: JSON.stringify({ [NETWORK]: "https://sepolia.example" }) },
  ]) {
    const worker = await startWorker({ vars, secrets });
    try {
      await isProblem(await drip(worker), 404, /on your own machine only/);
      const { local, faucet, emailSignIn } = await settings(worker);
      // Codes are mailed where others call; at localhost the binding would print them.
      assert.deepEqual([local, faucet, emailSignIn], [false, false, vars.PUBLIC_URL.startsWith("https")]);
    } finally {
      await worker.stop();
    }
  }
});
