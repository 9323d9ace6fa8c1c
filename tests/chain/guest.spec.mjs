// A guest session at our own server: its wallets, its policy, its tabs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { privateKeyToAccount } from "viem/accounts";
import { payers } from "../../dev/chain/accounts.mjs";
import { createEvent, patch, setLimits, until } from "../support/network.mjs";
import { readyGuest, startStage } from "../support/stage.mjs";
import { askForSeat } from "../support/guests.mjs";

const PRICE = 50_000n;
let stage;

before(async () => {
  stage = await startStage();
  await setLimits(stage.network, stage.server, { callsPerMinute: 1000, unpaidPerMinute: 10_000 });
});
after(() => stage?.stop());

const key = (index) => privateKeyToAccount(payers[index].privateKey);
const balance = (address) => stage.network.chain.balance(address);

test("a smart wallet pays before it is on the chain (ERC-6492), and afterwards (ERC-1271)", async () => {
  const guest = await readyGuest(stage, { policy: { askAbove: "0.05" } });
  const { client } = stage.network.chain;
  assert.equal(await client.getCode({ address: guest.address }), undefined);
  for (const [left, deployed] of [[950_000n, 1], [900_000n, 1]]) {
    const event = await createEvent(stage.network, stage.server);
    askForSeat(guest, event, event.id);
    const receipt = await guest.next("payment_receipt");
    assert.equal(receipt.confirmed, true);
    assert.equal((await client.getTransactionReceipt({ hash: receipt.txHash })).status, "success");
    const { result } = await guest.next("tool_result", ({ callId }) => callId === event.id);
    assert.equal(result.structuredContent.transactionHash, receipt.txHash);
    assert.equal(await balance(guest.address), left);
    await until(() => guest.messages.filter(({ type }) => type === "wallet_deployed").length === deployed);
    assert.ok(await client.getCode({ address: guest.address }));
  }
});

test("a wallet in the browser signs what it is asked, after its person has said yes", async () => {
  const guest = await readyGuest(stage, { wallet: "browser", account: key(0), money: 0n });
  const event = await createEvent(stage.network, stage.server);
  const before = await balance(guest.address);
  askForSeat(guest, event);
  const asked = await guest.next("payment_required");
  assert.deepEqual([asked.amountUsd, asked.payTo, asked.tool], ["0.05", stage.server.payTo, "rsvpToEvent"]);
  assert.ok(!guest.messages.some(({ type }) => type === "sign_request"), "nothing is signed before");
  guest.send({ type: "confirm", confirmationId: asked.confirmationId });
  const receipt = await guest.next("payment_receipt");
  await guest.next("tool_result");
  assert.equal(receipt.payer, guest.address);
  assert.equal(await balance(guest.address), before - PRICE);
});

test("what is declined is never signed, and the call may be made again", async () => {
  const guest = await readyGuest(stage, { wallet: "browser", account: key(1), money: 0n });
  const event = await createEvent(stage.network, stage.server);
  askForSeat(guest, event);
  const { confirmationId } = await guest.next("payment_required");
  guest.send({ type: "cancel", confirmationId });
  const error = await guest.next("tool_error");
  assert.deepEqual([error.code, error.moneyMoved], ["declined", "no"]);
  guest.send({ type: "confirm", confirmationId });
  await guest.next("error");
  askForSeat(guest, event);
  await guest.next("payment_required");
  assert.ok(!guest.messages.some(({ type }) => type === "sign_request"));
});

test("a signature of another wallet is refused, and can be made good", async () => {
  const guest = await stage.guest();
  guest.send({ type: "use_wallet", kind: "browser" });
  assert.match((await guest.next("error")).message, /address/);
  const mine = key(2);
  guest.send({ type: "use_wallet", kind: "browser", address: mine.address });
  await guest.next("wallet_info");
  guest.send({ type: "set_policy", askAbove: "1" });
  guest.send({ type: "connect_mcp", url: stage.mcpUrl });
  await guest.next("mcp_connected");
  askForSeat(guest, await createEvent(stage.network, stage.server));
  const { requestId, typedData } = await guest.next("sign_request");
  const { EIP712Domain: _, ...types } = typedData.types;
  const wrong = await key(3).signTypedData({ ...typedData, types });
  guest.send({ type: "signature", requestId, signature: wrong });
  await guest.next("error");
  guest.send({ type: "signature", requestId, signature: await mine.signTypedData({ ...typedData, types }) });
  await guest.next("payment_receipt");
});

const REFUSALS = [
  ["over the limit of a call", { perCall: "0.04" }, "over_per_call"],
  ["over the limit of the session", { perSession: "0.04" }, "over_per_session"],
  ["over the limit of a day", { perDay: "0.04" }, "over_per_day"],
  ["to a server that is not allowed", { doors: ["https://other.example"] }, "door_not_allowed"],
  ["to a payee that is not allowed", { payTo: ["0x0000000000000000000000000000000000000001"] }, "pay_to_not_allowed"],
];
for (const [what, policy, code] of REFUSALS) {
  test(`a payment ${what} is refused before anything is signed`, async () => {
    const guest = await readyGuest(stage, { policy: { ...policy, askAbove: "1" } });
    askForSeat(guest, stage.event);
    const error = await guest.next("tool_error");
    assert.deepEqual([error.code, error.moneyMoved], [code, "no"], error.result);
    assert.equal(await balance(guest.address), 1_000_000n);
    const { payments } = await (await stage.guest({ resume: guest.welcome })).next("history");
    assert.deepEqual(payments.map(({ state }) => state), ["refused"]);
  });
}

test("a price that was raised since it was listed is refused before anything is signed", async () => {
  const event = await createEvent(stage.network, stage.server);
  const guest = await readyGuest(stage, { policy: { askAbove: "1" } });
  const raised = await patch(stage.network, `/api/users/events/${event.id}`, { price: "0.06" }, stage.server.token);
  assert.equal(raised.status, 200);
  askForSeat(guest, event);
  const error = await guest.next("tool_error");
  assert.equal(error.code, "price_raised", error.result);
  assert.equal(await balance(guest.address), 1_000_000n);
});

test("limits hold when many calls come at once", async () => {
  const guest = await readyGuest(stage, { policy: { askAbove: "1", perSession: "0.12" } });
  const events = await Promise.all(Array.from({ length: 8 }, () => createEvent(stage.network, stage.server)));
  for (const event of events) askForSeat(guest, event, event.id);
  const ended = ({ type }) => type === "tool_result" || type === "tool_error";
  await until(() => guest.messages.filter(ended).length === events.length, 60);
  assert.equal(await balance(guest.address), 1_000_000n - 2n * PRICE);
});

test("every tab hears everything, and any of them may answer", async () => {
  const first = await readyGuest(stage, {});
  const second = await stage.guest({ resume: first.welcome });
  assert.equal(second.welcome.session, first.welcome.session);
  assert.equal(second.welcome.token, undefined, "the token is said once");
  askForSeat(first, await createEvent(stage.network, stage.server));
  const { confirmationId } = await second.next("payment_required");
  second.send({ type: "confirm", confirmationId });
  const receipts = await Promise.all([first.next("payment_receipt"), second.next("payment_receipt")]);
  assert.deepEqual(receipts[0], receipts[1]);
});

test("who comes back after an eviction is asked again, and the answer counts", async () => {
  const guest = await readyGuest(stage, {});
  askForSeat(guest, await createEvent(stage.network, stage.server));
  const { confirmationId } = await guest.next("payment_required");
  await stage.network.worker.evict("Guest", guest.welcome.session, { webSockets: "close" });
  const back = await stage.guest({ resume: guest.welcome });
  const again = await back.next("payment_required");
  assert.equal(again.confirmationId, confirmationId);
  back.send({ type: "confirm", confirmationId });
  await back.next("payment_receipt");
  await back.next("tool_result");
});

test("a session is opened by its own token only, and sees nothing of another", async () => {
  const [one, other] = [await readyGuest(stage, {}), await readyGuest(stage, {})];
  assert.notEqual(one.address, other.address);
  askForSeat(one, await createEvent(stage.network, stage.server));
  const { confirmationId } = await one.next("payment_required");
  other.send({ type: "confirm", confirmationId });
  await other.next("error");
  assert.ok(!JSON.stringify(other.messages).includes(confirmationId));
  const upgrade = async (query) => {
    const headers = { upgrade: "websocket", connection: "Upgrade" };
    return (await stage.network.worker.fetch(`/agent${query}`, { headers })).status;
  };
  const { session } = one.welcome;
  assert.equal(await upgrade(`?session=${session}&token=${other.welcome.token}`), 403);
  assert.equal(await upgrade(`?session=ses_${"0".repeat(24)}&token=${one.welcome.token}`), 404);
  assert.equal(await upgrade(`?session=${session}`), 400);
  assert.equal((await stage.network.worker.fetch("/agent")).status, 426);
});

test("what makes no sense is answered with an error, and the session goes on", async () => {
  const guest = await stage.guest();
  for (const text of ["", "{", "[]", '{"type":"nothing"}', '{"type":"chat"}', '{"type":"connect_mcp","url":5}', "x".repeat(70_000)]) {
    guest.socket.send(text);
    await guest.next("error");
  }
  guest.send({ type: "chat", text: "help" });
  await guest.next("chat");
  guest.send({ type: "set_policy", perCall: "a lot" });
  const { message } = await guest.next("error");
  assert.match(message, /perCall/);
});

test("words buy a seat: found by its title, within a price, after a yes", async () => {
  const guest = await readyGuest(stage, {});
  const event = await createEvent(stage.network, stage.server, { title: "Ferris and friends" });
  guest.send({ type: "connect_mcp", url: stage.mcpUrl });
  await guest.next("mcp_connected");
  guest.send({ type: "chat", text: "rsvp to ferris and friends if it is under 1 cent" });
  await guest.next("chat", ({ text }) => /\$0\.05/.test(text));
  assert.ok(!guest.messages.some(({ type }) => type === "payment_required"));
  guest.send({ type: "chat", text: "book me a seat at ferris and friends" });
  const asked = await guest.next("payment_required");
  assert.equal(asked.arguments.eventId, event.id);
  guest.send({ type: "chat", text: "yes" });
  await guest.next("payment_receipt");
  await guest.next("chat", ({ text }) => /ticket/i.test(text));
});
