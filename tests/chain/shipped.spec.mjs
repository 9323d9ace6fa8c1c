// A deployment with the settings that are shipped takes its first payment, and says clearly what is wrong with a
// facilitator that has moved or does not know the network. In workerd, without the development tools around it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { unstable_readConfig } from "wrangler";
import { NETWORK, payers } from "../../dev/chain/accounts.mjs";
import { startChain } from "../../dev/chain/chain.mjs";
import { startFacilitator } from "../../dev/chain/facilitator.mjs";
import { withUsual } from "../../dev/lib/settings.mjs";
import { createEvent, openServer } from "../support/network.mjs";
import { payFor, rsvp, sign } from "../support/pay.mjs";
import { startPlainRuntime } from "../support/plain-runtime.mjs";

const PUBLIC_URL = "https://concierge.example";
const MOVED_TO = "https://elsewhere.example/v2/x402";
const shipped = withUsual(unstable_readConfig({ config: "wrangler.toml" }).vars);

let chain, reference, deployment, server;
/** What the facilitator does with a request instead of passing it on. */
let facilitator;
/** Where requests went, by host. */
const asked = [];

before(async () => {
  chain = await startChain();
  reference = await startFacilitator({ rpcUrl: chain.url });
  for (const payer of payers.slice(0, 9)) await chain.mint(payer.address, 10_000_000n);
  deployment = await startPlainRuntime({ publicUrl: PUBLIC_URL, internet, vars: { PUBLIC_URL } });
  server = await openServer(deployment);
});
after(async () => {
  await deployment?.stop();
  await reference?.stop();
  await chain?.stop();
});

/** The world as the shipped settings name it: an endpoint of the chain, and the facilitator. */
async function internet({ host, method, path, body }, response) {
  asked.push(`${method} ${host}${path}`);
  const at = new URL(shipped.FACILITATOR_URL);
  const json = { "content-type": "application/json" };
  const pass = async (url) => {
    const passed = await fetch(url, { method, headers: json, ...(method === "POST" && { body }) });
    response.writeHead(passed.status, json).end(await passed.text());
  };
  if (host === at.host && path.startsWith(at.pathname)) {
    const route = path.slice(at.pathname.length);
    const passOn = () => pass(reference.url + route);
    return facilitator ? facilitator(route, response, passOn) : passOn();
  }
  const endpoints = Object.values(JSON.parse(shipped.RPC_URLS)).map((url) => new URL(url));
  if (endpoints.some((endpoint) => endpoint.host === host)) return pass(chain.url);
  response.writeHead(502).end();
}

/** `from`: the one way in that has moved; `names`: whether it says where to. */
const redirects = (status, from, names = true) => (route, response, pass) =>
  route === from ? response.writeHead(status, names ? { location: `${MOVED_TO}${route}?key=secret` } : {}).end() : pass();

const knowsAnotherNetwork = (route, response) => {
  const kinds = [{ x402Version: 2, scheme: "exact", network: "eip155:8453" }];
  const known = { kinds, extensions: [], signers: {} };
  const answer = route === "/supported" ? known : { isValid: false, success: false, invalidReason: "invalid_network", errorReason: "invalid_network", transaction: "" };
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
};

async function booked() {
  const answer = await deployment.worker.fetch("/api/users/events", { headers: { authorization: `Bearer ${server.token}` } });
  return (await answer.json()).events;
}

test("with what is shipped, a deployment takes its first payment", async () => {
  const event = await createEvent(deployment, server, { title: "First" });
  const answer = await rsvp(deployment, server, event, await payFor(deployment, server, event, payers[0]));
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.match(answer.receipt.transaction, /^0x[0-9a-f]{64}$/);
  assert.equal(await chain.balance(server.payTo), 50_000n);
  assert.deepEqual([...new Set(asked.map((line) => new URL(`http://${line.split(" ")[1]}`).host))].sort(), [
    new URL(JSON.parse(shipped.RPC_URLS)[NETWORK]).host,
    new URL(shipped.FACILITATOR_URL).host,
  ].sort());
});

for (const [index, { status, names = true }] of [{ status: 301 }, { status: 302 }, { status: 307 }, { status: 308 }, { status: 308, names: false }].entries()) {
  test(`a facilitator that has moved (${status}${names ? "" : ", to no address"}) has taken nothing, nothing is held, and the log says where it is`, async () => {
    const payer = payers[index + 1];
    const event = await createEvent(deployment, server, { title: `Moved ${status}`, capacity: 1 });
    const payment = await payFor(deployment, server, event, payer);
    const before = await chain.balance(payer.address);
    const logged = deployment.output().length;
    facilitator = redirects(status, "/settle", names);
    const answer = await rsvp(deployment, server, event, payment);
    assert.equal(answer.status, 503, JSON.stringify(answer.body));
    assert.equal(answer.body.moneyMoved, "no", JSON.stringify(answer.body));
    const log = deployment.output().slice(logged);
    assert.ok(log.includes(names ? `${MOVED_TO}/settle` : "it has moved to an address that it does not name"), log);
    assert.ok(!log.includes("key=secret"), log);
    facilitator = undefined;
    // The only seat is free: another wallet buys it at once.
    const other = payers[index + 2];
    const bought = await rsvp(deployment, server, event, await payFor(deployment, server, event, other));
    assert.equal(bought.status, 200, JSON.stringify(bought.body));
    assert.equal(await chain.balance(payer.address), before);
  });
}

test("the same where a contract's signature is to be judged first", async () => {
  const event = await createEvent(deployment, server, { title: "Judged first" });
  const payment = await payFor(deployment, server, event, payers[7]);
  // Longer than a key's: only the chain, and so the facilitator, can judge it.
  payment.payload.signature = `0x${"11".repeat(97)}`;
  const logged = deployment.output().length;
  facilitator = redirects(308, "/verify");
  const answer = await rsvp(deployment, server, event, payment);
  facilitator = undefined;
  assert.equal(answer.status, 503, JSON.stringify(answer.body));
  assert.equal(answer.body.moneyMoved, "no", JSON.stringify(answer.body));
  assert.ok(deployment.output().slice(logged).includes(`${MOVED_TO}/verify`));
});

test("a facilitator that does not know the network is named as what is wrong, and nothing is held", async () => {
  const event = await createEvent(deployment, server, { title: "Unknown network", capacity: 1 });
  const challenge = await rsvp(deployment, server, event);
  const payment = await sign(challenge, payers[8]);
  const before = await chain.balance(payers[8].address);
  facilitator = knowsAnotherNetwork;
  const answer = await rsvp(deployment, server, event, payment);
  facilitator = undefined;
  assert.ok([402, 503].includes(answer.status), JSON.stringify(answer.body));
  assert.match(JSON.stringify(answer.body), /network/);
  assert.equal(await chain.balance(payers[8].address), before);
  const [one] = (await booked()).filter(({ title }) => title === "Unknown network");
  assert.equal(one.seatsLeft, 1, JSON.stringify(one));
});
