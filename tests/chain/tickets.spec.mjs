// Everything that a wallet has bought at any host, in the real runtime: with a proof of the official package, and with a
// session.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { otherHost, payers } from "../../dev/chain/accounts.mjs";
import { createEvent, get, openServer, post, signIn, startNetwork, until } from "../support/network.mjs";
import { callTool, payFor, proofFor, sign } from "../support/pay.mjs";

let network, one, other;

before(async () => {
  network = await startNetwork();
  one = await openServer(network);
  other = await openServer(network, otherHost);
});
after(() => network?.stop());

const [buyer, stranger] = payers;

/** The list of a wallet that proves itself. */
async function ticketsOf(payer) {
  const refused = await network.worker.fetch("/api/tickets");
  assert.equal(refused.status, 401);
  assert.equal(refused.headers.get("www-authenticate"), "Bearer");
  const header = await proofFor({ body: await refused.json() }, payer);
  const answer = await network.worker.fetch("/api/tickets", {
    headers: { "sign-in-with-x": header },
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  assert.equal(answer.headers.get("cache-control"), "no-store");
  return { header, ...(await answer.json()) };
}

test("a ticket and a secret of two hosts are found again by a proof and by a session, and by nobody else", async () => {
  const event = await createEvent(network, one);
  const payment = await payFor(network, one, event, buyer);
  const seat = await callTool(network, one, "rsvpToEvent", { eventId: event.id }, payment);
  assert.equal(seat.status, 200, JSON.stringify(seat.body));
  // The list is sorted by the second.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const stored = await post(
    network,
    "/api/users/secrets",
    { name: "Key", value: "sk-live-77", price: "0.10" },
    other.token,
  );
  const secretId = (await stored.json()).id;
  const ask = await callTool(network, other, "retrieveSecret", { secretId });
  const sold = await callTool(network, other, "retrieveSecret", { secretId }, await sign(ask, buyer));
  assert.equal(sold.body.secret, "sk-live-77", JSON.stringify(sold.body));

  const list = await until(async () => {
    const found = await ticketsOf(buyer);
    return found.tickets.length === 2 && found;
  });
  assert.deepEqual(list.unavailable, []);
  const [secret, ticket] = list.tickets;
  assert.deepEqual([secret.kind, secret.state, secret.host.scope], ["secret", "valid", other.scope]);
  assert.deepEqual([ticket.kind, ticket.state, ticket.ticketUrl], ["seat", "valid", seat.body.ticketUrl]);
  assert.equal(JSON.stringify(list).includes("sk-live-77"), false);

  const again = await network.worker.fetch("/api/tickets", {
    headers: { "sign-in-with-x": list.header },
  });
  assert.deepEqual([again.status, (await again.json()).title], [401, "nonce used"]);
  assert.deepEqual((await ticketsOf(stranger)).tickets, []);
  const token = (await signIn(network, buyer)).token;
  const own = await get(network, "/api/tickets", token).then((answer) => answer.json());
  assert.deepEqual(own.tickets, list.tickets);
  const theirs = await get(network, "/api/tickets", other.token).then((answer) => answer.json());
  assert.deepEqual(theirs.tickets, [], "a host does not see what its guests buy");
  await network.worker.fetch("/api/auth/sign-out", {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal((await get(network, "/api/tickets", token)).status, 401);
});

test("no header of a caller is a question of ours to a host", async () => {
  const command = JSON.stringify({
    action: {
      BoughtBy: {
        holders: [{ wallet: buyer.address, network: null }],
        after: null,
        limit: 9,
      },
    },
  });
  const answer = await network.worker.fetch(`/e/${one.scope}`, {
    headers: { "x-concierge-command": command },
  });
  assert.equal(answer.status, 200);
  assert.equal((await answer.text()).includes(buyer.address), false);
});
