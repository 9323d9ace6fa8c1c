// A guest session that loses its memory, its sockets or its answers: nothing is signed twice, nothing is lost.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  answerWith, askForSeat, buySeat, openBuyer, openSession, purchasesOf, sayYes, startGuests, ticketOf, transfers,
} from "../support/guests.mjs";
import { idleCrowd } from "../support/crowd.mjs";
import { startHop } from "../support/hop.mjs";
import { createEvent, openServer, until } from "../support/network.mjs";

let network, server, hop;

before(async () => {
  network = await startGuests();
  server = await openServer(network);
  hop = await startHop(server.mcpUrl);
});
after(async () => {
  await hop?.stop();
  await network?.stop();
});

const event = () => createEvent(network, server);
const own = () => server.registered.mcpUrl;
const sessionOf = ({ welcome }) => welcome.session;

const paidOnce = async (guest) =>
  assert.equal((await transfers(network, guest.account.address, server.payTo)).length, 1, "one transfer");

test("a question outlives the session's memory, on the same socket", async () => {
  const guest = await openBuyer(network, own());
  askForSeat(guest, await event());
  const { confirmationId } = await guest.next("payment_required");
  await network.worker.evict("Guest", sessionOf(guest));
  guest.send({ type: "confirm", confirmationId });
  ticketOf(await guest.next("tool_result"));
  await guest.next("payment_receipt");
  await paidOnce(guest);
  guest.close();
});

test("a question and a request for a signature are repeated to the returning client", async () => {
  const guest = await openBuyer(network, own(), { signs: false });
  askForSeat(guest, await event());
  const { confirmationId } = await guest.next("payment_required");
  await network.worker.evict("Guest", sessionOf(guest), { webSockets: "close" });
  await guest.closed;
  const second = await openSession(network, { resume: guest.welcome });
  const again = await second.next("payment_required");
  assert.deepEqual([again.confirmationId, again.why], [confirmationId, "it still waits for your answer"]);
  second.send({ type: "confirm", confirmationId });
  const asked = await second.next("sign_request");
  await network.worker.evict("Guest", sessionOf(guest), { webSockets: "close" });
  await second.closed;
  const third = await openSession(network, { resume: guest.welcome });
  assert.deepEqual(await third.next("sign_request"), asked, "the same is to be signed");
  await answerWith(third, guest.account, asked);
  ticketOf(await third.next("tool_result"));
  await third.next("payment_receipt");
  await paidOnce(guest);
  third.close();
});

test("an answer that came while nobody was there is told once to who comes back", async () => {
  const guest = await openBuyer(network, hop.url());
  let release;
  hop.hold = new Promise((resolve) => (release = resolve));
  const before = hop.nonces.length;
  askForSeat(guest, await event(), "away");
  await sayYes(guest);
  await until(() => hop.nonces.length > before);
  guest.close();
  await guest.closed;
  hop.hold = undefined;
  release();
  const state = async () => (await purchasesOf(network, guest))[0].state;
  await until(async () => (await state()) === "paid");
  const second = await openSession(network, { resume: guest.welcome });
  const result = await second.next("tool_result");
  assert.equal(result.callId, "away");
  ticketOf(result);
  await second.next("payment_receipt");
  await paidOnce(guest);
  second.close();
  await second.closed;
  const third = await openSession(network, { resume: guest.welcome });
  await third.next("history");
  await third.rest();
  assert.equal(third.messages.filter(({ type }) => type === "tool_result").length, 0);
  third.close();
});

test("a lost answer is fetched with the same payment: one signature, one transfer, one ticket", async () => {
  const guest = await openBuyer(network, hop.url());
  hop.nonces.length = 0;
  hop.drops = 1;
  ticketOf((await buySeat(guest, await event())).result);
  assert.ok(hop.nonces.length >= 2, "the same was sent again");
  assert.equal(new Set(hop.nonces).size, 1);
  assert.equal(guest.messages.filter(({ type }) => type === "sign_request").length, 1);
  await paidOnce(guest);
  guest.close();
});

test("answers lost as long as it tries: it says that it does not know, and finds out later", async () => {
  const guest = await openBuyer(network, hop.url());
  hop.nonces.length = 0;
  hop.drops = 3;
  askForSeat(guest, await event());
  await sayYes(guest);
  const lost = await guest.next("tool_error");
  assert.deepEqual([lost.code, lost.moneyMoved], ["unknown", "unknown"]);
  await network.worker.evict("Guest", sessionOf(guest));
  // A repeat makes the session ask the server at once, without another signature.
  askForSeat(guest, { id: JSON.parse((await purchasesOf(network, guest))[0].arguments).eventId });
  assert.equal((await guest.next("tool_error")).code, "already_under_way", "no second signature meanwhile");
  ticketOf(await guest.next("tool_result"));
  await guest.next("payment_receipt");
  assert.equal(new Set(hop.nonces).size, 1);
  assert.equal(guest.messages.filter(({ type }) => type === "sign_request").length, 1);
  await paidOnce(guest);
  guest.close();
});

test("a signature that never comes ends the call, and its money is free again", async () => {
  const guest = await openBuyer(network, own(), { signs: false, policy: { askAbove: "1.00" } });
  askForSeat(guest, await event());
  await guest.next("sign_request");
  const { spentSession } = await spent(guest);
  assert.equal(spentSession, "0.05");
  await network.worker.guestSql(sessionOf(guest), "UPDATE purchases SET next_check_at = 1 WHERE next_check_at IS NOT NULL");
  await spent(guest);
  const ended = await guest.next("tool_error");
  assert.deepEqual([ended.code, ended.moneyMoved], ["not_signed", "no"]);
  assert.equal((await spent(guest)).spentSession, "0.00");
  guest.close();
});

test("a hundred sleeping sessions answer", async () => {
  await idleCrowd(network, 100);
});

/** Every message arms the alarm anew. */
function spent(guest) {
  guest.send({ type: "set_policy" });
  return guest.next("policy");
}
