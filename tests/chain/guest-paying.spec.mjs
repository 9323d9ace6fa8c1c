// A guest session pays at our own server, settled by our own facilitator: wallets, signatures, tabs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { getAddress } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import {
  answerWith, askForSeat, buySeat, openBuyer, openSession, purchasesOf, sayYes, startGuests, ticketOf, transfers,
} from "../support/guests.mjs";
import { createEvent, openServer } from "../support/network.mjs";
import { isNonceUsed } from "../support/usdc.mjs";

const WRAPPED = /6492649264926492649264926492649264926492649264926492649264926492$/;
let network, server, url;

before(async () => {
  network = await startGuests();
  server = await openServer(network);
  url = server.registered.mcpUrl;
});
after(() => network?.stop());

const event = (changes) => createEvent(network, server, changes);
const earned = () => network.chain.balance(server.payTo);

test("a smart wallet pays before it is on the chain and afterwards, and its making is told once", async () => {
  const [first, second] = [await event(), await event()];
  const guest = await openSession(network);
  guest.send({ type: "use_wallet", kind: "smart" });
  const { guestWalletDeployed, ...info } = await guest.next("wallet_info");
  const guestAddress = getAddress(info.guestAddress);
  assert.equal(guestWalletDeployed, false);
  await network.chain.mint(guestAddress, 1_000_000n);
  guest.send({ type: "connect_mcp", url });
  await guest.next("mcp_connected");
  const had = await earned();
  for (const one of [first, second]) {
    const { asked, result, receipt } = await buySeat(guest, one);
    assert.deepEqual([asked.amountUsd, asked.payTo], ["0.05", server.payTo]);
    ticketOf(result);
    assert.deepEqual([receipt.payer, receipt.amountUsd, receipt.confirmed], [guestAddress, "0.05", true]);
    const { status } = await network.chain.client.getTransactionReceipt({ hash: receipt.txHash });
    assert.equal(status, "success");
  }
  await guest.next("wallet_info", ({ balance }) => balance === "0.90");
  assert.equal(guest.messages.filter(({ type }) => type === "wallet_deployed").length, 1);
  assert.ok(await network.chain.client.getCode({ address: guestAddress }));
  const [undeployed, deployed] = (await purchasesOf(network, guest)).map(({ signature }) => signature);
  assert.match(undeployed, WRAPPED);
  assert.doesNotMatch(deployed, WRAPPED);
  assert.equal(await network.chain.balance(guestAddress), 900_000n);
  assert.equal(await earned(), had + 100_000n);
  guest.close();
});

test("a wrong signature is refused with a reason, and the right one after it pays", async () => {
  const guest = await openBuyer(network, url, { signs: false });
  askForSeat(guest, await event());
  await sayYes(guest);
  const asked = await guest.next("sign_request");
  assert.equal(asked.address, guest.account.address);
  guest.send({ type: "signature", requestId: asked.requestId, signature: "0x12" });
  assert.match((await guest.next("error")).message, /sign again/);
  const stranger = privateKeyToAccount(generatePrivateKey());
  await answerWith(guest, stranger, asked);
  assert.match((await guest.next("error")).message, new RegExp(`one of ${stranger.address}.*choose the account ${guest.account.address}`));
  assert.equal((await purchasesOf(network, guest))[0].signature, null);
  await answerWith(guest, guest.account, asked);
  ticketOf(await guest.next("tool_result"));
  await guest.next("payment_receipt");
  assert.equal((await transfers(network, guest.account.address, server.payTo)).length, 1);
  await answerWith(guest, guest.account, asked);
  assert.match((await guest.next("error")).message, /no such payment waits/);
  guest.close();
});

test("what is declined is not signed, before the question and after it", async () => {
  const guest = await openBuyer(network, url, { signs: false });
  askForSeat(guest, await event());
  const { confirmationId } = await guest.next("payment_required");
  guest.send({ type: "cancel", confirmationId });
  assert.equal((await guest.next("tool_error")).code, "declined");
  assert.equal(guest.messages.filter(({ type }) => type === "sign_request").length, 0);
  guest.send({ type: "confirm", confirmationId });
  assert.match((await guest.next("error")).message, /no such payment waits/);
  askForSeat(guest, await event());
  const again = await sayYes(guest);
  const asked = await guest.next("sign_request");
  guest.send({ type: "cancel", confirmationId: again.confirmationId });
  assert.equal((await guest.next("tool_error")).moneyMoved, "no");
  await answerWith(guest, guest.account, asked);
  assert.match((await guest.next("error")).message, /no such payment waits/);
  assert.equal(await isNonceUsed(network, guest.account.address, asked.typedData.message.nonce), false);
  assert.ok((await purchasesOf(network, guest)).every(({ state, signature }) => state === "declined" && signature === null));
  guest.close();
});

test("two tabs hear the same, and either may answer", async () => {
  const guest = await openBuyer(network, url, { signs: false });
  const other = await openSession(network, { resume: guest.welcome });
  assert.equal(other.welcome.session, guest.welcome.session);
  assert.equal(other.welcome.token, undefined, "the token is said once");
  await other.next("history");
  const [begin, otherBegin] = [guest.messages.length, other.messages.length];
  askForSeat(guest, await event(), "mine");
  await sayYes(other);
  await answerWith(other, guest.account, await other.next("sign_request"));
  for (const tab of [guest, other]) {
    assert.equal((await tab.next("tool_result")).callId, "mine");
    await tab.next("payment_receipt");
    await tab.rest();
  }
  assert.deepEqual(other.messages.slice(otherBegin), guest.messages.slice(begin));
  guest.close();
  other.close();
});

test("two answers at once, two confirmations at once: one signature, one transfer", async () => {
  const guest = await openBuyer(network, url, { signs: false });
  const other = await openSession(network, { resume: guest.welcome });
  askForSeat(guest, await event());
  const { confirmationId } = await guest.next("payment_required");
  for (const tab of [guest, other]) tab.send({ type: "confirm", confirmationId });
  const asked = await guest.next("sign_request");
  await Promise.all([guest, other].map((tab) => answerWith(tab, guest.account, asked)));
  ticketOf(await guest.next("tool_result"));
  await guest.next("payment_receipt");
  await guest.rest();
  const count = (type) => guest.messages.filter((message) => message.type === type).length;
  assert.deepEqual(["sign_request", "tool_result", "payment_receipt"].map(count), [1, 1, 1]);
  assert.equal((await transfers(network, guest.account.address, server.payTo)).length, 1);
  guest.close();
  other.close();
});

test("twenty equal calls at once, paid without asking, are one signature", async () => {
  const guest = await openBuyer(network, url, { policy: { askAbove: "1.00" } });
  const one = await event();
  for (let index = 0; index < 20; index += 1) askForSeat(guest, one, `call ${index}`);
  await guest.next("tool_result");
  await guest.next("payment_receipt");
  await guest.rest();
  const count = (type) => guest.messages.filter((message) => message.type === type).length;
  assert.equal(count("sign_request"), 1);
  assert.equal(count("tool_result") + count("tool_error"), 20, "every call is answered");
  assert.equal((await transfers(network, guest.account.address, server.payTo)).length, 1);
  guest.close();
});
