// Money that its owner sends out of a wallet which the deployment keeps, on the real chain.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { openSession } from "../support/guests.mjs";
import { post, signIn, until } from "../support/network.mjs";
import { startStage } from "../support/stage.mjs";

const MONEY = 10_000_000n;
const BASE_SEPOLIA = "eip155:84532";
let stage, network;

before(async () => {
  stage = await startStage();
  network = stage.network;
});
after(() => stage?.stop());

const newAddress = () => privateKeyToAddress(generatePrivateKey());
let requests = 0;
const newRequest = () => `request-of-the-spec-${++requests}`;
const balance = (address) => network.chain.balance(address);

async function person() {
  const privateKey = generatePrivateKey();
  const account = { privateKey, address: privateKeyToAddress(privateKey) };
  const { token } = await signIn(network, account);
  return { account, token, headers: { authorization: `Bearer ${token}` } };
}

/** A session whose smart wallet has money. */
async function withWallet(options) {
  const guest = await openSession(network, options);
  guest.send({ type: "use_wallet", kind: "smart" });
  const { guestAddress } = await guest.next("wallet_info");
  await network.chain.mint(guestAddress, MONEY);
  return Object.assign(guest, { address: guestAddress });
}

function send(guest, changes) {
  const requestId = newRequest();
  const message = { type: "withdraw", requestId, from: guest.address, network: BASE_SEPOLIA, ...changes };
  guest.send(message);
  return message;
}

const ended = (guest) => guest.next("withdrawal", ({ state }) => state === "sent" || state === "failed");

test("the owner sends money out of a wallet that is not on the chain yet, and again when it is", async () => {
  const owner = await person();
  const guest = await withWallet({ headers: owner.headers });
  const to = newAddress();
  const message = send(guest, { to, amount: "2.50" });
  const sent = await ended(guest);
  assert.deepEqual([sent.state, sent.amountUsd, sent.requestId], ["sent", "2.50", message.requestId], sent.message);
  assert.match(sent.txHash, /^0x[0-9a-f]{64}$/);
  assert.deepEqual([await balance(to), await balance(guest.address)], [2_500_000n, 7_500_000n]);
  // The same request again moves nothing; a new one does.
  guest.send(message);
  assert.equal((await ended(guest)).txHash, sent.txHash);
  assert.equal(await balance(to), 2_500_000n);
  send(guest, { to, amount: "7.50" });
  assert.equal((await ended(guest)).state, "sent");
  assert.deepEqual([await balance(to), await balance(guest.address)], [10_000_000n, 0n]);
  guest.send({ type: "show_custody" });
  const { wallets } = await guest.next("custody", ({ wallets }) => wallets[0].leftToday === "490.00");
  assert.deepEqual(wallets[0].balances, [{ network: BASE_SEPOLIA, balance: "0.00" }]);
  guest.close();
});

test("an old sign-in, a sign-out and too large a sum move nothing", async () => {
  const owner = await person();
  const guest = await withWallet({ headers: owner.headers });
  const to = newAddress();
  const refused = async (changes, code) => {
    send(guest, { to, amount: "1.00", ...changes });
    assert.equal((await guest.next("withdrawal_refused")).code, code);
  };
  await refused({ amount: "10.01" }, "insufficient_balance");
  await refused({ amount: "250.01" }, "over_per_withdrawal");
  await refused({ to: guest.address }, "own_address");
  await refused({ from: newAddress() }, "no_kept_wallet");
  // Signed out elsewhere; a session's token is no sign-in.
  assert.equal((await post(network, "/api/auth/sign-out", {}, owner.token)).status, 204);
  send(guest, { to, amount: "1.00", token: guest.welcome.token });
  await guest.closed;
  // Somebody signs in anew and may send. A sign-in in the second of a sign-out does not count.
  await sleep(1_100);
  const { token } = await signIn(network, owner.account);
  const headers = { authorization: `Bearer ${token}` };
  const again = await openSession(network, { resume: guest.welcome, headers });
  again.address = guest.address;
  assert.equal(await balance(to), 0n);
  send(again, { to, amount: "1.00" });
  assert.equal((await ended(again)).state, "sent");
  await until(async () => (await balance(to)) === 1_000_000n);
  again.close();
});

test("a session of nobody has a wallet on the local chain only, and sends with its token", async () => {
  const guest = await withWallet();
  const to = newAddress();
  send(guest, { to, amount: "1.00" });
  assert.equal((await guest.next("withdrawal_refused")).code, "wrong_session_token");
  assert.equal(await balance(to), 0n);
  send(guest, { to, amount: "1.00", token: guest.welcome.token });
  assert.equal((await ended(guest)).state, "sent");
  assert.equal(await balance(to), 1_000_000n);
  guest.close();
});
