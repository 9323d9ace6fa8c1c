// In the real runtime: an agent with the official client waits for a seat at a full event, hears of it, and gets it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { z } from "zod";
import { payers } from "../../dev/chain/accounts.mjs";
import { assertBooksAreClean } from "../support/audit.mjs";
import { createEvent, openServer, startNetwork, until } from "../support/network.mjs";
import { callTool, payFor, payingClient, proofFor, rsvp } from "../support/pay.mjs";

const [first, second] = payers;
const Events = z.looseObject({ events: z.array(z.looseObject({ name: z.string(), delivery: z.array(z.string()) })) });
const Polled = z.looseObject({
  events: z.array(z.looseObject({ eventId: z.string(), name: z.string(), timestamp: z.iso.datetime(), data: z.looseObject({}), cursor: z.string() })),
  cursor: z.string(),
  truncated: z.boolean(),
  hasMore: z.boolean(),
  nextPollMs: z.number(),
});
let network, server;

before(async () => {
  network = await startNetwork();
  server = await openServer(network);
});
after(() => network?.stop());

test("an agent in line hears that a seat is held, and buys it with the call that it hears", async () => {
  const event = await createEvent(network, server, { capacity: 1, refundPercent: 100, startsAt: "2030-03-01T18:30:00Z" });
  const payment = await payFor(network, server, event, first);
  assert.equal((await rsvp(network, server, event, payment)).status, 200);
  const wanted = { eventId: event.id };
  const refused = await callTool(network, server, "joinWaitlist", wanted);
  const joined = await callTool(network, server, "joinWaitlist", wanted, undefined, { "sign-in-with-x": await proofFor(refused, second) });
  assert.deepEqual([joined.body.state, joined.body.place], ["waiting", 1], JSON.stringify(joined.body));

  const client = new Client({ name: "an agent in line", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new StreamableHTTPClientTransport(new URL(server.mcpUrl)));
  assert.ok(client.getServerCapabilities().extensions["io.modelcontextprotocol/events"]);
  const { events } = await client.request({ method: "events/list", params: {} }, Events);
  assert.deepEqual([events[0].name, events[0].delivery], ["waitlist.offered", ["poll"]]);
  const { method, params } = joined.body.subscribe;
  const poll = (cursor) => client.request({ method, params: { ...params, cursor } }, Polled);
  const quiet = await poll(params.cursor);
  assert.deepEqual([quiet.events, quiet.truncated], [[], false]);

  const cancelled = await callTool(network, server, "cancelRsvp", { ...wanted, refund: "0.05" }, payment);
  assert.equal(cancelled.body.cancelled, true, JSON.stringify(cancelled.body));
  const heard = await until(async () => {
    const answer = await poll(quiet.cursor);
    return answer.events.length === 1 && answer;
  });
  const { next } = heard.events[0].data;
  const challenge = await client.callTool({ name: next.tool, arguments: next.arguments });
  const seat = await payingClient(second).createPaymentPayload(challenge.structuredContent);
  const bought = await client.callTool({ name: next.tool, arguments: next.arguments, _meta: { "x402/payment": seat } });
  assert.equal(bought.structuredContent.success, true, JSON.stringify(bought));
  assert.equal(bought.structuredContent.rsvp.payer, second.address);
  await until(() => poll(heard.cursor).then(() => false, ({ code }) => code === -32011));
  await client.close();
  await assertBooksAreClean(network.worker, server.scope);
});
