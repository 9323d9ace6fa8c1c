// Limits by network address, in the real runtime: every route counts, requests of a guest session count for the
// client's address, and a flood of expensive requests does not stop cheap ones.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { openSession, startGuests } from "../support/guests.mjs";
import { createEvent, openServer, setLimits, signIn } from "../support/network.mjs";

let network, server;

before(async () => {
  network = await startGuests();
  server = await openServer(network);
  await createEvent(network, server);
});
after(() => network?.stop());

const from = (address) => ({ "cf-connecting-ip": address });

function send(path, address, body = {}, headers = {}) {
  return network.worker.fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...from(address), ...headers },
    body: JSON.stringify(body),
  });
}

const list = (address) =>
  send(`/mcp/users/${server.scope}`, address, { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });

async function isRefused(answer) {
  const { type, detail } = await answer.json();
  assert.deepEqual([answer.status, type], [429, "urn:events-concierge:problem:rate_limited"], detail);
  const seconds = Number(answer.headers.get("retry-after"));
  assert.ok(seconds >= 1, "it says how long to wait");
  assert.match(detail, new RegExp(`wait ${seconds} seconds`));
  return seconds;
}

test("guest sessions of one network address are one source, as its own calls are", async () => {
  await setLimits(network, server, { unpaidPerMinute: 3 });
  const listed = async (address) => {
    const guest = await openSession(network, { headers: from(address) });
    guest.send({ type: "connect_mcp", url: `${network.publicUrl}/mcp/users/${server.scope}` });
    await guest.next("mcp_connected");
    guest.send({ type: "call_tool", tool: "listEvents", arguments: {}, callId: "list" });
    const answer = await guest.next(["tool_result", "tool_error"]);
    guest.close();
    return answer.type;
  };
  // Connecting lists the events once; then the call that is asked for.
  assert.equal(await listed("198.51.100.1"), "tool_result");
  assert.equal(await listed("198.51.100.1"), "tool_error", "a new session is not a new source");
  const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "listEvents", arguments: {} } };
  const direct = await send(`/mcp/users/${server.scope}`, "198.51.100.1", call).then((answer) => answer.json());
  assert.equal(direct.result.structuredContent.error.code, "rate_limited");
  assert.equal(await listed("198.51.100.2"), "tool_result", "another address is");
  await setLimits(network, server, { unpaidPerMinute: 300 });
});

test("a flood of what is dear is refused before any object is asked, and stops no call", async () => {
  const statuses = [];
  for (let n = 0; n < 130; n += 1) statuses.push((await send("/api/users/mcp", "198.51.100.3")).status);
  const asked = statuses.filter((status) => status === 401).length;
  // A minute may end in between.
  assert.ok(asked === 60 || asked === 120, `${asked}`);
  assert.equal(statuses.filter((status) => status === 429).length, 130 - asked);
  assert.ok((await isRefused(await send("/api/users/mcp", "198.51.100.3"))) <= 60);
  assert.equal((await list("198.51.100.3")).status, 200);
  assert.equal((await send("/api/users/mcp", "198.51.100.4")).status, 401);
});

test("a /64 is one source, and a /48 has the share of eight", async () => {
  const asked = async (addresses) => {
    const answers = await Promise.all(addresses.map((address) => send("/api/users/mcp", address)));
    return answers.filter(({ status }) => status !== 429).length;
  };
  const hosts = (prefix, count) => Array.from({ length: count }, (_, n) => `${prefix}${(n + 1).toString(16)}`);
  assert.equal(await asked(hosts("2001:db8:1:1::", 100)), 60);
  const networks = Array.from({ length: 100 }, (_, n) => hosts(`2001:db8:2:${n.toString(16)}::`, 10)).flat();
  assert.equal(await asked(networks), 480);
  assert.equal(await asked(["2001:db8:3::1"]), 1);
});

test("one network address registers twenty hosts in an hour; the twenty-first is told so, and none is lost", async () => {
  const register = async (address) => {
    const privateKey = generatePrivateKey();
    const account = { privateKey, address: privateKeyToAccount(privateKey).address };
    const { token, userId } = await signIn(network, account);
    const body = { userId, walletAddress: account.address };
    return { again: () => send("/api/users/mcp", address, body, { authorization: `Bearer ${token}` }) };
  };
  const before = (await network.worker.hosts()).length;
  const made = [];
  for (let n = 0; n < 20; n += 1) {
    const host = await register("198.51.100.5");
    assert.equal((await host.again()).status, 201);
    made.push(host);
  }
  assert.equal((await made[0].again()).status, 429, "it may come again in an hour");
  const late = await register("198.51.100.5");
  assert.ok((await isRefused(await late.again())) <= 3600);
  const elsewhere = await register("198.51.100.6");
  assert.equal((await elsewhere.again()).status, 201);
  assert.ok((await network.worker.hosts()).length <= before + 22);
});
