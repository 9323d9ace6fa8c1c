// A guest session pays at a server and goes elsewhere before the answer has come: what it paid for arrives all the same.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { askForSeat, openBuyer, openSession, purchasesOf, sayYes, startGuests, ticketOf, transfers } from "../support/guests.mjs";
import { startHop } from "../support/hop.mjs";
import { createEvent, openServer, until } from "../support/network.mjs";
import { otherHost } from "../../dev/chain/accounts.mjs";

let network, server, other, hop, otherHop;

before(async () => {
  network = await startGuests();
  server = await openServer(network);
  other = await openServer(network, otherHost);
  hop = await startHop(server.mcpUrl);
  otherHop = await startHop(other.mcpUrl);
});
after(async () => {
  await hop?.stop();
  await otherHop?.stop();
  await network?.stop();
});

const count = (guest, type) => guest.messages.filter((message) => message.type === type).length;
const moved = (guest) => transfers(network, guest.account.address, server.payTo);
const rowOf = async (guest) => (await purchasesOf(network, guest))[0];

/** A session that has paid and lost every answer, at a server that is away since. */
async function paidAndLost() {
  const guest = await openBuyer(network, hop.url());
  hop.nonces.length = 0;
  hop.drops = 3;
  askForSeat(guest, await createEvent(network, server), "mine");
  await sayYes(guest);
  const lost = await guest.next("tool_error");
  assert.deepEqual([lost.code, lost.callId], ["unknown", "mine"]);
  hop.isAway = true;
  assert.equal((await moved(guest)).length, 1);
  return guest;
}

/** The wallet paid once, with one signature, and the other server heard nothing of it. */
async function paidOnce(guest) {
  assert.equal((await moved(guest)).length, 1, "one transfer");
  assert.equal(new Set(hop.nonces).size, 1, "one payment");
  assert.equal(count(guest, "sign_request"), 1);
  assert.deepEqual(otherHop.nonces, []);
  const { state, shown, next_check_at: next } = await rowOf(guest);
  assert.deepEqual([state, shown, next], ["paid", 1, null]);
}

test("paid at a server whose answers are lost, then connected to another: the ticket arrives there once", async () => {
  const guest = await paidAndLost();
  guest.send({ type: "connect_mcp", url: otherHop.url() });
  await guest.next("mcp_connected", ({ mcpUrl }) => mcpUrl === otherHop.url());
  // The chain shows the payment before the server is back; that is said, and nothing is given up.
  await guest.next("payment_receipt");
  await until(async () => (await rowOf(guest)).attempts >= 3, 60);
  assert.equal((await rowOf(guest)).refusals, 0);
  hop.isAway = false;
  const result = await guest.next("tool_result", ({ callId }) => callId === "mine");
  ticketOf(result);
  await guest.rest();
  assert.equal(guest.messages.filter(({ type, callId }) => type === "tool_result" && callId === "mine").length, 1);
  assert.equal(count(guest, "payment_receipt"), 1);
  assert.equal(count(guest, "tool_error"), 1);
  await paidOnce(guest);
  guest.close();
});

test("paid, disconnected, the tab closed, the memory gone: the returning client sees the ticket once", async () => {
  const guest = await paidAndLost();
  guest.send({ type: "disconnect_mcp" });
  await guest.next("mcp_disconnected");
  guest.close();
  await guest.closed;
  await network.worker.evict("Guest", guest.welcome.session);
  hop.isAway = false;
  await until(async () => (await rowOf(guest)).shown === 1, 90);
  const second = await openSession(network, { resume: guest.welcome });
  ticketOf(await second.next("tool_result"));
  await second.next("payment_receipt");
  // A line that breaks says nothing of what was heard: the same is told again.
  await network.worker.evict("Guest", guest.welcome.session, { webSockets: "close" });
  await second.closed;
  const third = await openSession(network, { resume: guest.welcome });
  ticketOf(await third.next("tool_result"));
  third.close();
  await third.closed;
  const fourth = await openSession(network, { resume: guest.welcome });
  await fourth.next("history");
  await fourth.rest();
  assert.equal(count(fourth, "tool_result"), 0);
  fourth.close();
  await paidOnce(guest);
});

test("an answer that comes while the session is at another server already is shown there once", async () => {
  const guest = await openBuyer(network, hop.url());
  hop.nonces.length = 0;
  let release;
  hop.hold = new Promise((resolve) => (release = resolve));
  askForSeat(guest, await createEvent(network, server), "late");
  await sayYes(guest);
  await until(() => hop.nonces.length > 0);
  guest.send({ type: "connect_mcp", url: otherHop.url() });
  await guest.next("mcp_connected", ({ mcpUrl }) => mcpUrl === otherHop.url());
  hop.hold = undefined;
  release();
  ticketOf(await guest.next("tool_result", ({ callId }) => callId === "late"));
  await guest.next("payment_receipt");
  await guest.rest();
  assert.equal(guest.messages.filter(({ type, callId }) => type === "tool_result" && callId === "late").length, 1);
  await paidOnce(guest);
  const [{ connection }] = await network.worker.guestSql(guest.welcome.session, "SELECT connection FROM session");
  assert.equal(JSON.parse(connection).url, otherHop.url(), "the answer changes nothing of where the session is");
  guest.close();
});
