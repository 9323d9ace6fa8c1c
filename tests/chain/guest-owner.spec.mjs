// A guest session and its person: who has only the token moves nothing, and neither does who signed out.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { agentUrl, askForSeat, requestSocket, openSession, purchasesOf } from "../support/guests.mjs";
import { createEvent, post, signIn } from "../support/network.mjs";
import { startStage } from "../support/stage.mjs";
import { openGuest } from "../../dev/lib/guest.mjs";

const MONEY = 1_000_000n;
const DAY = 86_400;
let stage, network;

before(async () => {
  stage = await startStage();
  network = stage.network;
});
after(() => stage?.stop());

/** A new user with a token. */
async function person() {
  const privateKey = generatePrivateKey();
  const account = { privateKey, address: privateKeyToAddress(privateKey) };
  const { token } = await signIn(network, account);
  return { account, token, headers: { authorization: `Bearer ${token}` } };
}

/** A session of theirs that pays up to a dollar from a smart wallet that has money, without asking. */
async function ownSession({ headers }) {
  const guest = await openSession(network, { headers });
  guest.send({ type: "use_wallet", kind: "smart" });
  const { guestAddress } = await guest.next("wallet_info");
  await network.chain.mint(guestAddress, MONEY);
  await guest.next("policy");
  guest.send({ type: "set_policy", askAbove: "1.00" });
  await guest.next("policy", ({ policy }) => policy.askAbove === "1.00");
  guest.send({ type: "connect_mcp", url: stage.mcpUrl });
  await guest.next("mcp_connected");
  return Object.assign(guest, { address: guestAddress });
}

const balance = ({ address }) => network.chain.balance(address);
const signOut = ({ token }) => post(network, "/api/auth/sign-out", {}, token);
const of = ({ welcome }) => `?session=${welcome.session}&token=${welcome.token}`;

async function isRefused(query, headers, status, code) {
  const answer = await requestSocket(network, query, headers);
  assert.deepEqual([answer.status, answer.body?.type], [status, `urn:events-concierge:problem:${code}`]);
}

test("a session that was planted in a shared browser never becomes its victim's", async () => {
  const planted = await openSession(network);
  planted.send({ type: "use_wallet", kind: "smart" });
  const { guestAddress: worthless } = await planted.next("wallet_info");
  const victim = await person();
  // The victim's browser has the planted session, and the victim signs in.
  await isRefused(of(planted), victim.headers, 403, "not_yours");
  const own = await ownSession(victim);
  assert.notEqual(own.welcome.session, planted.welcome.session);
  assert.notEqual(own.address, worthless);
  // The attacker's session is as before: no owner, not the victim's wallet, no messages.
  planted.send({ type: "use_wallet", kind: "smart" });
  assert.equal((await planted.next("wallet_info")).guestAddress, worthless);
  const { welcome } = await openSession(network, { resume: planted.welcome });
  assert.equal(welcome.userId, undefined);
  await isRefused(`?session=${own.welcome.session}&token=${planted.welcome.token}`, {}, 403, "wrong_session_token");
  for (const guest of [planted, own]) guest.close();
});

test("the token alone opens no session that has an owner, and another's sign-in does not either", async () => {
  const [victim, thief] = [await person(), await person()];
  const own = await ownSession(victim);
  await isRefused(of(own), {}, 401, "not_signed_in");
  await isRefused(of(own), thief.headers, 403, "not_yours");
  const again = await openSession(network, { resume: own.welcome, headers: victim.headers });
  assert.equal(again.welcome.userId, victim.account.address.toLowerCase());
  for (const guest of [own, again]) guest.close();
});

test("after the sign-out a live socket signs nothing, changes no policy, and is closed", async () => {
  const victim = await person();
  const own = await ownSession(victim);
  const event = await createEvent(network, stage.server);
  assert.equal((await signOut(victim)).status, 204);
  askForSeat(own, event);
  await own.closed;
  assert.equal(await balance(own), MONEY);
  const [purchase] = await purchasesOf(network, own);
  assert.deepEqual([purchase.state, purchase.signature], ["failed", null]);
  await isRefused(of(own), victim.headers, 401, "not_signed_in");
  // A new sign-in of the same person goes on where they were, and hears what came of the call.
  const { token } = await signIn(network, victim.account);
  const headers = { authorization: `Bearer ${token}` };
  const back = await openSession(network, { resume: own.welcome, headers });
  assert.equal((await back.next("tool_error")).code, "sign_in_again");
  await signOut({ token });
  back.send({ type: "set_policy", perCall: "500.00" });
  await back.closed;
  const [{ policy }] = await network.worker.guestSql(own.welcome.session, "SELECT policy FROM session");
  assert.notEqual(JSON.parse(policy).perCall, "500.00");
});

test("with a sign-in that has run out a live socket signs nothing with our wallet and changes no policy", async () => {
  const victim = await person();
  const own = await ownSession(victim);
  const { session } = own.welcome;
  // As if the sign-in of the session were of yesterday: what it may sign with ends.
  await network.worker.guestSql(session, "UPDATE session SET proven_until = ?", Math.floor(Date.now() / 1000) - 1);
  askForSeat(own, await createEvent(network, stage.server));
  const { code, moneyMoved } = await own.next("tool_error");
  assert.deepEqual([code, moneyMoved], ["sign_in_again", "no"]);
  assert.equal(await balance(own), MONEY);
  own.send({ type: "set_policy", perCall: "500.00" });
  assert.match((await own.next("error")).message, /sign in again/);
  own.close();
});

test("a signed-out token begins a session of nobody, and is the host's at no server", async () => {
  const victim = await person();
  await signOut(victim);
  const guest = await openGuest(agentUrl(network), { headers: victim.headers });
  assert.equal(guest.welcome.userId, undefined);
  guest.close();
});

test("a session ends after 30 days without use, or 90 in all; its storage goes, at the latest 30 days after what was paid for", async () => {
  const guest = await openSession(network);
  const { session } = guest.welcome;
  const ago = (days) => Math.floor(Date.now() / 1000) - days * DAY - 1;
  const [{ created_at: created, used_at: used }] = await network.worker.guestSql(session, "SELECT created_at, used_at FROM session");
  for (const [createdAt, usedAt] of [[created, ago(30)], [ago(90), used]]) {
    await network.worker.guestSql(session, "UPDATE session SET created_at = ?, used_at = ?", createdAt, usedAt);
    const open = "INSERT INTO purchases (id, door, tool, arguments, origin, challenge, amount, pay_to, network, payer, state, next_check_at, created_at, updated_at) VALUES ('pur_000000000000000000000000', '', '', '{}', 'call', '{}', 1, '', '', '', 'unknown', 9999999999, 0, 0)";
    await network.worker.guestSql(session, open);
    // The token alone shows what was paid for, and allows nothing else.
    const hears = await openSession(network, { resume: guest.welcome });
    hears.send({ type: "chat", text: "help" });
    assert.match((await hears.next("error")).message, /this session has ended/);
    await hears.closed;
    await network.worker.guestSql(session, "DELETE FROM purchases");
    await network.worker.guestSql(session, "UPDATE session SET created_at = ?, used_at = ?", created, used);
  }
  guest.send({ type: "chat", text: "help" });
  await guest.next("chat");
  await network.worker.guestSql(session, "UPDATE session SET used_at = ?", ago(30));
  guest.send({ type: "chat", text: "help" });
  assert.match((await guest.next("error")).message, /this session has ended/);
  await guest.closed;
  const tables = await network.worker.guestSql(session, "SELECT name FROM sqlite_master WHERE name = 'session'");
  assert.deepEqual(tables, []);
  await isRefused(of(guest), {}, 404, "no_such_session");
});
