// What several sessions of one owner spend together.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { askForSeat, openBuyer, openSession, richKey, ticketOf, transfers } from "../support/guests.mjs";
import { createEvent, setLimits, signIn, until } from "../support/network.mjs";
import { startStage } from "../support/stage.mjs";

const MONEY = 1_000_000n;
const PRICE = 50_000n;
let stage, network;

before(async () => {
  stage = await startStage();
  network = stage.network;
  await setLimits(network, stage.server, { callsPerMinute: 1000, unpaidPerMinute: 10_000 });
});
after(() => stage?.stop());

const event = () => createEvent(network, stage.server);
const ended = ({ type }) => type === "tool_result" || type === "tool_error";
const codes = (guests) => guests.flatMap(({ messages }) => messages.filter(({ type }) => type === "tool_error").map(({ code }) => code));

async function ownSession(headers) {
  const guest = await openSession(network, { headers });
  guest.send({ type: "use_wallet", kind: "smart" });
  const { guestAddress } = await guest.next("wallet_info");
  guest.send({ type: "connect_mcp", url: stage.mcpUrl });
  await guest.next("mcp_connected");
  return Object.assign(guest, { address: guestAddress });
}

test("two sessions of one user at once spend a day's limit once, under one policy", async () => {
  const privateKey = generatePrivateKey();
  const { token } = await signIn(network, { privateKey, address: privateKeyToAddress(privateKey) });
  const headers = { authorization: `Bearer ${token}` };
  const guests = [await ownSession(headers), await ownSession(headers)];
  const [one, other] = guests;
  assert.equal(one.address, other.address);
  await network.chain.mint(one.address, MONEY);
  await one.next("policy");
  one.send({ type: "set_policy", perDay: "0.10", askAbove: "1.00" });
  await one.next("policy", ({ policy }) => policy.perDay === "0.10");
  const events = await Promise.all(Array.from({ length: 6 }, event));
  for (const [index, seat] of events.entries()) askForSeat(guests[index % 2], seat, seat.id);
  await until(() => guests.flatMap(({ messages }) => messages.filter(ended)).length === events.length, 60);
  assert.equal(await network.chain.balance(one.address), MONEY - 2n * PRICE);
  assert.deepEqual(codes(guests), Array(4).fill("over_per_day"));
  const third = await openSession(network, { headers });
  const { policy } = await third.next("policy");
  assert.deepEqual([policy.perDay, policy.askAbove], ["0.10", "1.00"]);
  for (const guest of [...guests, third]) guest.close();
});

test("two sessions with one wallet of a browser spend a day's limit once, and nobody uses it up by naming the wallet", async () => {
  const account = await richKey(network);
  const policy = { perDay: "0.10", askAbove: "1.00" };
  const stranger = await openBuyer(network, stage.mcpUrl, { account, policy, signs: false });
  for (let index = 0; index < 2; index += 1) {
    askForSeat(stranger, await event());
    await stranger.next("sign_request");
  }
  const guests = [];
  for (let index = 0; index < 2; index += 1) guests.push(await openBuyer(network, stage.mcpUrl, { account, policy }));
  for (const guest of guests) {
    askForSeat(guest, await event());
    ticketOf(await guest.next("tool_result"));
  }
  for (const guest of guests) {
    askForSeat(guest, await event());
    const { code, moneyMoved } = await guest.next("tool_error");
    assert.deepEqual([code, moneyMoved], ["over_per_day", "no"]);
  }
  assert.equal((await transfers(network, account.address, stage.server.payTo)).length, 2);
  for (const guest of [stranger, ...guests]) guest.close();
});
