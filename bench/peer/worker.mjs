// A peer: the same tools in TypeScript's way, on npm `agents`. Events are in KV, payments are `withX402`.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { createLegacyMcpHandler, McpAgent } from "agents/mcp";
import { withX402 } from "agents/x402";
import { z } from "zod";

const PRICE_USD = 0.05;

function serverOf(env) {
  const x402 = { network: env.NETWORK, recipient: env.PAY_TO, facilitator: { url: env.FACILITATOR_URL } };
  const server = withX402(new McpServer({ name: "peer", version: "1.0.0" }), x402);
  const said = (value) => ({ content: [{ type: "text", text: JSON.stringify(value) }] });
  server.tool("listEvents", "Lists the events", {}, async () => {
    const { keys } = await env.EVENTS.list({ prefix: "event:" });
    return said(await Promise.all(keys.map(({ name }) => env.EVENTS.get(name, "json"))));
  });
  server.tool("getEvent", "One event", { eventId: z.string() }, async ({ eventId }) => said(await env.EVENTS.get(`event:${eventId}`, "json")));
  for (const name of ["createEvent", "updateEvent", "cancelEvent"]) {
    server.tool(name, "For the host", { title: z.string(), startsAt: z.string(), capacity: z.number(), price: z.string() }, async () => said({}));
  }
  server.paidTool("rsvpToEvent", "Buys a seat", PRICE_USD, { eventId: z.string() }, {}, async ({ eventId }) => {
    const event = await env.EVENTS.get(`event:${eventId}`, "json");
    const id = crypto.randomUUID();
    await env.EVENTS.put(`rsvp:${eventId}:${id}`, JSON.stringify({ id, eventId }));
    return said({ id, title: event?.title });
  });
  return server;
}

export class PeerAgent extends McpAgent {
  async init() {
    this.server = serverOf(this.env);
  }
}

const agent = PeerAgent.serve("/agent", { binding: "PEER" });

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/health") return new Response("ok");
    if (pathname.startsWith("/agent")) return agent.fetch(request, env, ctx);
    if (pathname === "/fill") {
      await env.EVENTS.put("event:one", JSON.stringify({ id: "one", title: "An event", price: "0.05", capacity: 50 }));
      return new Response("ok");
    }
    return createLegacyMcpHandler(serverOf(env), { route: "/mcp", enableJsonResponse: true })(request, env, ctx);
  },
};
