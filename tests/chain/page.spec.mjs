// What the page asks the Worker for, beside what hosts and guests do anyway: settings, test money, signing
// out, the raw messages, and the public pages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { NETWORK, otherHost, otherRelayer, USDC } from "../../dev/chain/accounts.mjs";
import { openGuest } from "../../dev/lib/guest.mjs";
import { agentUrl, askForSeat, buySeat, openBuyer, sayYes } from "../support/guests.mjs";
import { createEvent, get, openServer, post, signIn } from "../support/network.mjs";
import { readyGuest, startStage } from "../support/stage.mjs";

let stage;
let network;

before(async () => {
  stage = await startStage();
  ({ network } = stage);
});
after(() => stage?.stop());

test("the settings say what the page can offer here", async () => {
  const settings = await get(network, "/api/settings").then((answer) => answer.json());
  const { networks, ...flags } = settings;
  assert.deepEqual(flags, { local: true, faucet: true, smartWallets: true, crossmint: false, emailSignIn: false });
  assert.deepEqual(networks, [{
    network: NETWORK,
    name: "Base Sepolia",
    chainId: 84532,
    asset: USDC,
    explorer: `${network.publicUrl}/explorer`,
    isTestnet: true,
  }]);
});

test("the faucet brings ten test dollars, and never uses the relayer's nonces", async () => {
  const { address } = privateKeyToAccount(generatePrivateKey());
  const { client } = network.chain;
  const nonce = () => client.getTransactionCount({ address: otherRelayer.address });
  const before = await nonce();
  const answer = await post(network, "/api/local/faucet", { address });
  const { amount, txHash, ...rest } = await answer.json();
  assert.deepEqual([answer.status, amount, rest], [200, "10.00", { address }]);
  assert.equal((await client.waitForTransactionReceipt({ hash: txHash })).status, "success");
  assert.equal(await network.chain.balance(address), 10_000_000n);
  assert.equal(await nonce(), before);
});

test("the faucet names what is wrong with a request", async () => {
  for (const body of [{}, { address: "0x12" }, { address: 5 }, [], { address: otherHost.address, amount: "1" }]) {
    const answer = await post(network, "/api/local/faucet", body);
    assert.equal(answer.status, 422);
    assert.match((await answer.json()).detail, /^address: /);
  }
});

test("away from the developer's machine there is no faucet", async () => {
  const away = await startStage({ isAway: true });
  try {
    const { local, faucet } = await get(away.network, "/api/settings").then((answer) => answer.json());
    assert.deepEqual([local, faucet], [false, false]);
    const answer = await post(away.network, "/api/local/faucet", { address: otherHost.address });
    assert.equal(answer.status, 404);
    // Nor a page that has our endpoint asked about transactions.
    assert.equal((await get(away.network, `/explorer/tx/0x${"1".repeat(64)}`)).status, 404);
    assert.match(await get(away.network, `/explorer/address/${otherHost.address}`).then((page) => page.text()), /own machine only/);
  } finally {
    await away.stop();
  }
});

test("signing out takes the browser's session away, and ends every other one of the user", async () => {
  const [session, other] = [await signIn(network, otherHost), await signIn(network, otherHost)];
  const answer = await post(network, "/api/auth/sign-out", {}, session.token);
  assert.equal(answer.status, 204);
  assert.match(answer.headers.get("set-cookie"), /^__Host-session=; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=0/);
  for (const token of [session.token, other.token]) {
    const refused = await network.worker.fetch("/api/users/me", { headers: { authorization: `Bearer ${token}` } });
    assert.deepEqual([refused.status, (await refused.json()).type], [401, "urn:events-concierge:problem:not_signed_in"]);
  }
  const later = await signIn(network, otherHost);
  const me = await network.worker.fetch("/api/users/me", { headers: { authorization: `Bearer ${later.token}` } });
  assert.notEqual(me.status, 401);
});

test("raw messages go to the client that asked for them, the x402 payment among them, the owner's token never", async () => {
  const event = await createEvent(network, stage.server);
  const token = stage.server.token;
  const watching = await openGuest(agentUrl(network, "?raw=1"), { headers: { authorization: `Bearer ${token}` } });
  const { session, token: resume } = watching.welcome;
  const other = await openGuest(agentUrl(network, `?session=${session}&token=${resume}`), { headers: { authorization: `Bearer ${token}` } });
  try {
    watching.send({ type: "use_wallet", kind: "smart" });
    const { guestAddress } = await watching.next("wallet_info");
    await network.chain.mint(guestAddress, 1_000_000n);
    watching.send({ type: "connect_mcp", url: stage.mcpUrl });
    await watching.next("mcp_connected");
    askForSeat(watching, event);
    await sayYes(watching);
    await watching.next("payment_receipt");
    const seen = watching.messages.filter(({ type }) => type === "exchange");
    const paid = seen.find(({ requestBody }) => requestBody.includes('"x402/payment"'));
    assert.ok(paid, "the paid call is shown");
    assert.deepEqual([paid.method, paid.status, paid.error], ["POST", 200, null]);
    assert.match(paid.responseBody, /transactionHash/);
    assert.ok(seen.every(({ requestHeaders }) => requestHeaders.every(([name]) => name !== "authorization")));
    assert.ok(!JSON.stringify(seen).includes(token));
    assert.ok(!other.messages.some(({ type }) => type === "exchange"), "others hear none of it");
  } finally {
    watching.close();
    other.close();
  }
});

test("a question names the price in the smallest unit, and the history names wallets that came to the chain", async () => {
  const guest = await readyGuest(stage);
  const { asked, receipt } = await buySeat(guest, await createEvent(network, stage.server));
  assert.equal(asked.amount, "50000");
  const isThere = ({ deployments }) => deployments.length > 0;
  const { payments, deployments } = await guest.next("history", isThere);
  assert.deepEqual(
    [payments[0].amount, payments[0].payer, payments[0].explorerUrl],
    ["50000", guest.address, `${network.publicUrl}/explorer/tx/${receipt.txHash}`],
  );
  const { at, ...deployed } = deployments[0];
  assert.deepEqual(deployed, {
    address: guest.address,
    network: NETWORK,
    txHash: receipt.txHash,
    explorerUrl: `${network.publicUrl}/explorer/tx/${receipt.txHash}`,
  });
  assert.match(at, /^20/);
});

test("answers that ask for payment are counted apart from what was sold", async () => {
  const server = await openServer(network, otherHost);
  const event = await createEvent(network, server);
  const url = server.toolUrl("rsvpToEvent").replace(network.worker.url, "");
  for (let asked = 0; asked < 3; asked += 1) {
    assert.equal((await post(network, url, { eventId: event.id })).status, 402);
  }
  const serverUrl = `${network.publicUrl}/mcp/users/${server.scope}`;
  const guest = await openBuyer(network, serverUrl, { policy: { askAbove: "1" } });
  askForSeat(guest, event);
  await guest.next("payment_receipt");
  guest.close();
  const answer = await network.worker.fetch("/api/users/revenue", { headers: { authorization: `Bearer ${server.token}` } });
  const revenue = await answer.json();
  assert.deepEqual([revenue.total, revenue.rsvpsByDay[0].count], ["0.05", 1]);
  assert.deepEqual(revenue.unpaidByEvent, [{ key: event.id, count: 4 }]);
});

test("the pages of host and event lead to the chat and to the checkout, and run no script", async () => {
  const event = await createEvent(network, stage.server, { title: "<script>alert(1)</script>" });
  const leads = {
    [`/e/${stage.server.scope}`]: `/?door=${encodeURIComponent(stage.mcpUrl)}`,
    [`/e/${stage.server.scope}/${event.id}`]: `/buy/${stage.server.scope}/${event.id}`,
  };
  for (const [path, onwards] of Object.entries(leads)) {
    const answer = await get(network, path);
    const html = await answer.text();
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("content-security-policy"), /^default-src 'none'/);
    // What is no program: data for search engines.
    assert.doesNotMatch(html.replace(/<script type="application\/ld\+json">/g, ""), /<script/);
    assert.match(html, /&#60;script&#62;|&lt;script&gt;/);
    assert.ok(html.includes(`"${network.publicUrl}${onwards}"`) || html.includes(`"${onwards}"`), `${path} leads to ${onwards}`);
    assert.match(html, /<meta property="og:title"/);
  }
});

test("a transaction and a wallet of the local chain have a page here, and nowhere else", async () => {
  const account = privateKeyToAccount(generatePrivateKey());
  const { transactionHash } = await network.chain.mint(account.address, 1_230_000n);
  const page = await get(network, `/explorer/tx/${transactionHash}`);
  const html = await page.text();
  assert.equal(page.status, 200, html);
  assert.match(page.headers.get("content-security-policy"), /default-src 'none'/);
  assert.match(html, /\$1\.23 USDC from/);
  assert.match(html, /Carried out, in block \d+/);
  const link = new RegExp(`${network.publicUrl}(/explorer/address/${account.address})`).exec(html)[1];
  assert.match(await get(network, link).then((answer) => answer.text()), /\$1\.23 USDC/);
  for (const path of [`/explorer/tx/0x${"1".repeat(64)}`, "/explorer/tx/0x12", "/explorer/address/0x12", "/explorer"]) {
    assert.equal((await get(network, path)).status, 404, path);
  }
});
