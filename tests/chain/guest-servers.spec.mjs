// A guest session at servers of three kinds: our own, one of Cloudflare's `agents` SDK, and servers that speak
// plain x402 over MCP, in both versions.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { privateKeyToAccount } from "viem/accounts";
import { otherHost, payers } from "../../dev/chain/accounts.mjs";
import { createEvent, until } from "../support/network.mjs";
import { startStage } from "../support/stage.mjs";
import { watchOutgoing } from "../support/outgoing.mjs";
import { startAgentsServer, startPlainServer } from "../support/other-servers.mjs";

let stage, agents, outgoing;
const plain = {};

before(async () => {
  stage = await startStage();
  outgoing = watchOutgoing();
  const payTo = otherHost.address;
  const [theirs, ours] = [stage.network.facilitator.url, `${stage.network.worker.url}/facilitator`];
  agents = await startAgentsServer({ facilitatorUrl: theirs, payTo });
  for (const version of [1, 2]) {
    const open = (facilitatorUrl) => startPlainServer({ facilitatorUrl, payTo, version });
    plain[version] = { theirs: await open(theirs), ours: await open(ours) };
  }
});
after(async () => {
  outgoing?.stop();
  const servers = [agents, ...Object.values(plain).flatMap(Object.values)];
  await Promise.all(servers.map((server) => server?.stop()));
  await stage?.stop();
});

/** A guest at a server, whose wallet has a dollar; `account` is a wallet in a browser. */
async function arrives(url, account) {
  const guest = await stage.guest({ account });
  guest.send({ type: "use_wallet", kind: account ? "browser" : "smart", ...(account && { address: account.address }) });
  const { guestAddress } = await guest.next("wallet_info");
  await stage.network.chain.mint(guestAddress, 1_000_000n);
  guest.send({ type: "connect_mcp", url });
  return { guest, address: guestAddress, connected: await guest.next("mcp_connected") };
}

/** Calls a tool, which is `sent` with what the guest adds, says yes, and compares everything that is said of the payment with the chain. */
async function pays({ guest, address }, { tool, args, sent = args, payTo, price }) {
  const { chain } = stage.network;
  const [had, earned] = [await chain.balance(address), await chain.balance(payTo)];
  guest.send({ type: "call_tool", tool, arguments: args, callId: "one" });
  const asked = await guest.next("payment_required");
  assert.deepEqual([asked.tool, asked.payTo, asked.arguments], [tool, payTo, sent]);
  guest.send({ type: "confirm", confirmationId: asked.confirmationId });
  const receipt = await guest.next("payment_receipt");
  const { result } = await guest.next("tool_result", ({ callId }) => callId === "one");
  const { confirmed, payer, payTo: paid, amount } = receipt;
  assert.deepEqual([confirmed, payer, paid, amount], [true, address, payTo, String(price)]);
  const seen = await chain.client.getTransactionReceipt({ hash: receipt.txHash });
  assert.equal(seen.status, "success");
  const moved = (await chain.transfers(payTo)).filter(({ transactionHash }) => transactionHash === receipt.txHash);
  assert.deepEqual(moved.map(({ args: { from, value } }) => [from, value]), [[address, price]]);
  assert.equal(await chain.balance(address), had - price);
  assert.equal(await chain.balance(payTo), earned + price);
  for (const one of [guest, await stage.guest({ resume: guest.welcome })]) {
    const isPaid = ({ payments }) => payments[0]?.state === "paid" && payments[0].txHash === receipt.txHash;
    await guestHistory(one, isPaid);
  }
  return result;
}

const guestHistory = (guest, matches) => guest.next("history", matches, 5);

const WALLETS = [
  ["a smart wallet", () => undefined],
  ["a wallet in a browser", (index) => privateKeyToAccount(payers[index].privateKey)],
];

for (const [index, [wallet, account]] of WALLETS.entries()) {
  test(`${wallet} pays our own server without leaving the deployment`, async () => {
    const event = await createEvent(stage.network, stage.server);
    outgoing.left.length = 0;
    const here = await arrives(stage.mcpUrl, account(10 + index));
    assert.equal(here.connected.protocol, "2026-07-28");
    const tool = here.connected.tools.find(({ name }) => name === "rsvpToEvent");
    assert.equal(tool.isPaid, true);
    const args = { eventId: event.id };
    // So that a server can say before any payment that this wallet has a seat.
    const sent = { ...args, walletAddress: here.address };
    const result = await pays(here, { tool: "rsvpToEvent", args, sent, payTo: stage.server.payTo, price: 50_000n });
    assert.equal(result.structuredContent.success, true);
    assert.match(result.structuredContent.ticketUrl, /\/t\//);
    // The chain alone was asked: neither a server nor a facilitator over HTTP.
    assert.deepEqual(new Set(outgoing.left.map((url) => new URL(url).origin)), new Set([stage.network.chain.url]));
  });

  test(`${wallet} pays a server of the agents SDK`, async () => {
    const here = await arrives(agents.url, account(20 + index));
    assert.equal(here.connected.server, "somebody-else");
    const tools = here.connected.tools.map(({ name, isPaid, price }) => [name, isPaid, price]);
    assert.deepEqual(tools, [["square", true, "0.01"], ["add_one", false, undefined]]);
    here.guest.send({ type: "call_tool", tool: "add_one", arguments: { number: 1 } });
    assert.equal((await here.guest.next("tool_result")).result.content[0].text, "2");
    const result = await pays(here, { tool: "square", args: { number: 7 }, payTo: otherHost.address, price: 10_000n });
    assert.equal(result.content[0].text, "49");
    assert.ok(outgoing.left.includes(agents.url), "whatever the Worker fetches is seen");
    const payments = agents.seen.map(({ body }) => body?.params?._meta?.["x402/payment"]).filter(Boolean);
    assert.equal(typeof payments.at(-1), "string", "in base64, as nothing else is read there");
  });

  for (const version of [1, 2]) {
    for (const facilitator of ["theirs", "ours"]) {
      const name = facilitator === "ours" ? "our facilitator" : "the reference facilitator";
      test(`${wallet} pays a server of plain x402, version ${version}, settled by ${name}`, async () => {
        const server = plain[version][facilitator];
        const here = await arrives(server.url, account(index * 4 + version * 2 + (facilitator === "ours" ? 1 : 0)));
        assert.deepEqual(here.connected.tools.map(({ name: tool }) => tool), ["square"]);
        const wanted = { tool: "square", args: { number: 9 }, payTo: otherHost.address, price: 10_000n };
        const result = await pays(here, wanted);
        assert.equal(result.content[0].text, "81");
        const payments = server.seen.map(({ body }) => body?.params?._meta?.["x402/payment"]).filter(Boolean);
        assert.ok(payments.length > 0 && payments.every(({ x402Version }) => x402Version === version));
      });
    }
  }
}

test("no server but our own ever hears a token of the session or of its owner", async () => {
  const headers = { authorization: `Bearer ${stage.server.token}`, cookie: "__Host-session=secret-cookie" };
  const owner = await stage.guest({ headers });
  assert.equal(owner.welcome.userId, stage.server.userId);
  owner.send({ type: "connect_mcp", url: stage.mcpUrl });
  const own = await owner.next("mcp_connected");
  assert.ok(own.tools.some(({ name }) => name === "createEvent"), "at its own server the owner is known");
  for (const server of [agents, plain[1].ours, plain[2].theirs]) {
    server.seen.length = 0;
    owner.send({ type: "connect_mcp", url: server.url });
    await owner.next("mcp_connected", ({ mcpUrl }) => mcpUrl === server.url);
    owner.send({ type: "call_tool", tool: "square", arguments: { number: 2 } });
    await until(() => server.seen.some(({ body }) => body?.method === "tools/call"));
    for (const { headers: sent, body } of server.seen) {
      assert.deepEqual(Object.keys(sent).filter((name) => /authorization|cookie|concierge/.test(name)), []);
      const all = JSON.stringify([sent, body]);
      for (const secret of [stage.server.token, owner.welcome.token, owner.welcome.session, stage.server.userId]) {
        assert.ok(!all.includes(secret));
      }
    }
  }
});
