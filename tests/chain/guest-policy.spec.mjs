// What a guest session may not spend, and who may not come in.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { otherHost } from "../../dev/chain/accounts.mjs";
import {
  agentUrl, askForSeat, buySeat, requestSocket, openBuyer, openSession, purchasesOf, startGuests, ticketOf, transfers,
} from "../support/guests.mjs";
import { createEvent, openServer, patch, signIn, until } from "../support/network.mjs";
import { openGuest } from "../../dev/lib/guest.mjs";

let network, server, url;

before(async () => {
  network = await startGuests();
  server = await openServer(network);
  url = server.registered.mcpUrl;
});
after(() => network?.stop());

const event = (changes) => createEvent(network, server, changes);
const count = (guest, type) => guest.messages.filter((message) => message.type === type).length;

async function setPolicy(guest, policy) {
  guest.send({ type: "set_policy", ...policy });
  return guest.next("policy");
}

/** Nothing may be signed for it. */
async function isRefused(guest, one, code) {
  askForSeat(guest, one);
  const { code: told, moneyMoved } = await guest.next("tool_error");
  assert.deepEqual([told, moneyMoved], [code, "no"]);
  const newest = (await purchasesOf(network, guest)).at(-1);
  assert.deepEqual([newest.state, newest.authorization, newest.signature], ["refused", null, null]);
}

test("a payment over a limit, at another server or to another wallet is refused before anything is signed", async () => {
  const guest = await openBuyer(network, url, { policy: { askAbove: "9.00" } });
  const one = await event();
  const other = "0x000000000000000000000000000000000000dEaD";
  for (const [policy, code] of [
    [{ perCall: "0.04" }, "over_per_call"],
    [{ perCall: "1.00", perSession: "0.04" }, "over_per_session"],
    [{ perSession: "1.00", perDay: "0.04" }, "over_per_day"],
    [{ perDay: "1.00", doors: ["https://servers.example"] }, "door_not_allowed"],
    [{ doors: [url], payTo: [other] }, "pay_to_not_allowed"],
  ]) {
    await setPolicy(guest, policy);
    await isRefused(guest, one, code);
  }
  assert.equal(count(guest, "sign_request") + count(guest, "payment_required"), 0);
  await setPolicy(guest, { payTo: [server.payTo] });
  askForSeat(guest, one);
  ticketOf(await guest.next("tool_result"));
  assert.equal((await transfers(network, guest.account.address, server.payTo)).length, 1);
  guest.close();
});

test("a price that was raised since it was listed is refused", async () => {
  const one = await event();
  const guest = await openBuyer(network, url, { policy: { askAbove: "9.00" } });
  const changed = await patch(network, `/api/users/events/${one.id}`, { price: "0.50" }, server.token);
  assert.equal(changed.status, 200, await changed.text());
  await isRefused(guest, one, "price_raised");
  guest.send({ type: "call_tool", tool: "listEvents" });
  await guest.next("tool_result");
  askForSeat(guest, one);
  ticketOf(await guest.next("tool_result"));
  guest.close();
});

test("up to the threshold it pays without asking, above it asks", async () => {
  const guest = await openBuyer(network, url, { policy: { askAbove: "0.05" } });
  const [cheap, dear] = [await event(), await event({ price: "0.06" })];
  askForSeat(guest, cheap);
  await guest.next("payment_receipt");
  assert.equal(count(guest, "payment_required"), 0);
  assert.equal((await buySeat(guest, dear)).asked.amountUsd, "0.06");
  guest.close();
});

test("a policy with a fault names the field and changes nothing", async () => {
  const guest = await openBuyer(network, url, { policy: { perCall: "0.70" } });
  const { policy } = await setPolicy(guest, {});
  for (const [changes, field] of [
    [{ perCall: "0.10", perDay: 1 }, /^perDay /],
    [{ askAbove: "-1" }, /^askAbove /],
    [{ doors: ["servers.example"] }, /^doors\[0\] /],
    [{ payTo: ["0x12"] }, /^payTo\[0\] /],
    [{ percall: "1" }, /^percall is not known/],
  ]) {
    guest.send({ type: "set_policy", ...changes });
    assert.match((await guest.next("error")).message, field);
  }
  assert.deepEqual((await setPolicy(guest, {})).policy, policy);
  guest.close();
});

test("limits hold when twenty payments come at once, asked for or not", async () => {
  for (const policy of [{ askAbove: "1.00", perSession: "0.20" }, { perSession: "0.20" }]) {
    const guest = await openBuyer(network, url, { policy });
    const events = await Promise.all(Array.from({ length: 20 }, () => event()));
    for (const one of events) askForSeat(guest, one);
    if (!policy.askAbove) {
      const asked = await Promise.all(events.map(() => guest.next("payment_required")));
      for (const { confirmationId } of asked) guest.send({ type: "confirm", confirmationId });
    }
    // The server carries out one payment of a wallet at a time; those that it sends away go on by alarm.
    await until(() => count(guest, "tool_result") === 4, 60);
    assert.equal(count(guest, "sign_request"), 4);
    const refused = guest.messages.filter(({ type, code }) => type === "tool_error" && code !== "unknown");
    assert.deepEqual([refused.length, ...new Set(refused.map(({ code }) => code))], [16, "over_per_session"]);
    assert.equal((await transfers(network, guest.account.address, server.payTo)).length, 4);
    guest.close();
  }
});

test("sessions hear, see and pay nothing of each other", async () => {
  const [one, other] = [await openBuyer(network, url), await openSession(network)];
  await other.next("history");
  const heard = other.messages.length;
  const { asked } = await buySeat(one, await event());
  other.send({ type: "confirm", confirmationId: asked.confirmationId });
  assert.match((await other.next("error")).message, /no such payment/);
  await other.rest();
  assert.deepEqual(other.messages.slice(heard).map(({ type }) => type), ["error"]);
  const again = await openSession(network, { resume: other.welcome });
  assert.deepEqual((await again.next("history")).payments, []);
  assert.equal(count(again, "wallet_info") + count(again, "mcp_connected"), 0);
  for (const guest of [one, other, again]) guest.close();
});

test("a session opens for its own token only, and for WebSockets of our own pages", async () => {
  const [one, other] = [await openSession(network), await openSession(network)];
  const { session, token } = one.welcome;
  const unknown = `${session.slice(0, -4)}${session.endsWith("0000") ? "1111" : "0000"}`;
  for (const [query, status, code] of [
    [`?session=${session}&token=${other.welcome.token}`, 403, "wrong_session_token"],
    [`?session=${session}&token=`, 403, "wrong_session_token"],
    [`?session=${unknown}&token=${token}`, 404, "no_such_session"],
    [`?session=${session}`, 400, "invalid_session"],
    [`?token=${token}`, 400, "invalid_session"],
    [`?session=nonsense!&token=${token}`, 400, "invalid_session"],
    [`?session=${session}&token=${"f".repeat(200)}`, 400, "invalid_session"],
  ]) {
    const { status: answered, body } = await requestSocket(network, query);
    assert.deepEqual([answered, body.type], [status, `urn:events-concierge:problem:${code}`], query);
  }
  assert.equal((await requestSocket(network, `?session=${session}&token=${token}`)).status, 101);
  assert.equal((await network.worker.fetch("/agent")).status, 426);
  assert.equal((await requestSocket(network, "", { origin: "https://elsewhere.example" })).status, 403);
  for (const guest of [one, other]) guest.close();
});

test("a session takes so many tabs and no more", async () => {
  const guest = await openSession(network);
  const tabs = [guest];
  for (let index = 1; index < 20; index += 1) tabs.push(await openSession(network, { resume: guest.welcome }));
  const { session, token } = guest.welcome;
  const full = await requestSocket(network, `?session=${session}&token=${token}`);
  assert.deepEqual([full.status, full.body.type], [429, "urn:events-concierge:problem:too_many_sockets"]);
  tabs.pop().close();
  tabs.push(await until(() => openSession(network, { resume: guest.welcome }).catch(() => undefined)));
  for (const tab of tabs) tab.close();
});

test("what is not understood is answered with `error`, and the session goes on", async () => {
  const guest = await openSession(network);
  const long = JSON.stringify({ type: "chat", text: "x".repeat(70_000) });
  for (const [text, why] of [
    ["hello", /not understood/],
    ["[]", /not understood/],
    ['{"type":"pay_everything"}', /unknown variant/],
    ['{"type":"confirm"}', /confirmationId/],
    ['{"type":"connect_mcp","url":"http://localhost","more":1}', /unknown field/],
    ['{"type":"confirm","confirmationId":"\' OR 1=1"}', /no such payment/],
    [long, /at most 65536 bytes/],
  ]) {
    guest.socket.send(text);
    assert.match((await guest.next("error")).message, why);
  }
  guest.socket.send(new Uint8Array([1, 2, 3]));
  assert.match((await guest.next("error")).message, /JSON as text/);
  guest.send({ type: "chat", text: "help" });
  assert.match((await guest.next("chat")).text, /list events/);
  guest.close();
});

test("who floods a session is told to wait", async () => {
  const guest = await openSession(network);
  for (let index = 0; index < 130; index += 1) guest.send({ type: "set_policy" });
  assert.match((await guest.next("error")).message, /too many messages; wait \d+ seconds/);
  assert.ok(count(guest, "policy") <= 121);
  guest.close();
});

test("the host creates events at its own server, in words and by call; a stranger does not", async () => {
  const headers = { authorization: `Bearer ${server.token}` };
  const guest = await openGuest(agentUrl(network), { headers });
  assert.equal(guest.welcome.userId, server.userId);
  guest.send({ type: "connect_mcp", url });
  await guest.next("mcp_connected");
  for (const text of ["create an event", "An evening in words", "2030-05-01 18:30", "12", "0.05"]) {
    guest.send({ type: "chat", text });
    await guest.next("chat");
  }
  const said = await guest.next("tool_result");
  assert.equal(said.tool, "createEvent");
  const args = { title: "An evening by call", startsAt: "2030-05-02T18:30:00Z", capacity: 3, price: "0.05" };
  guest.send({ type: "call_tool", tool: "createEvent", arguments: args, callId: "one" });
  await guest.next("tool_result", ({ callId }) => callId === "one");
  const { token } = await signIn(network, otherHost);
  for (const options of [{}, { headers: { authorization: `Bearer ${token}` } }]) {
    const stranger = await openSession(network, options);
    stranger.send({ type: "connect_mcp", url });
    await stranger.next("mcp_connected");
    stranger.send({ type: "call_tool", tool: "createEvent", arguments: { ...args, title: "A stranger's" } });
    await stranger.next("tool_error");
    stranger.close();
  }
  const { events } = await network.worker.fetch("/api/users/events", { headers }).then((answer) => answer.json());
  const titles = events.map(({ title }) => title);
  assert.ok(titles.includes("An evening in words") && titles.includes("An evening by call"));
  assert.ok(!titles.includes("A stranger's"));
  guest.close();
});

test("another's sign-in does not take over a session that has an owner", async () => {
  const guest = await openGuest(agentUrl(network), { headers: { authorization: `Bearer ${server.token}` } });
  const { token } = await signIn(network, otherHost);
  const { session, token: resume } = guest.welcome;
  const other = await requestSocket(network, `?session=${session}&token=${resume}`, { authorization: `Bearer ${token}` });
  assert.deepEqual([other.status, other.body.type], [403, "urn:events-concierge:problem:not_yours"]);
  guest.close();
});

test("at a public address our wallets are for proven owners only", async () => {
  const open = await startGuests({ vars: { PUBLIC_URL: "https://concierge.example" } });
  try {
    const stranger = await openSession(open);
    stranger.send({ type: "use_wallet", kind: "smart" });
    assert.match((await stranger.next("error")).message, /sign in first/);
    const { token } = await signIn(open);
    for (const headers of [{ authorization: `Bearer ${token}` }, { cookie: `__Host-session=${token}` }]) {
      const owner = await openSession(open, { headers });
      owner.send({ type: "use_wallet", kind: "smart" });
      assert.match((await owner.next("wallet_info")).guestAddress, /^0x/);
      owner.close();
    }
    stranger.close();
  } finally {
    await open.stop();
  }
});
