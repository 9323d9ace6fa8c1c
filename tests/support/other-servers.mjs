// Third-party servers: MCP servers of @modelcontextprotocol/sdk over Streamable HTTP, which are
// paid by Cloudflare's `withX402`, or as the MCP transport of x402 says.
import { randomUUID } from "node:crypto";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { HTTPFacilitatorClient, x402ResourceServer } from "@x402/core/server";
import { ExactEvmScheme } from "@x402/evm/exact/server";
import { withX402 } from "agents/x402";
import { z } from "zod";
import { NETWORK } from "../../dev/chain/accounts.mjs";
import { bodyOf } from "./body.mjs";
import { serve } from "./serve.mjs";
import { terms } from "./terms.mjs";

const SERVER = { name: "somebody-else", version: "1.0.0" };
const takes = { number: z.number() };
const squared = ({ number }) => ({ content: [{ type: "text", text: String(number * number) }] });

/** `square`, sold for $0.01 by the `agents` SDK. It has no sessions. */
export function startAgentsServer({ facilitatorUrl, payTo }) {
  return startServer({ hasSessions: false }, () => {
    const facilitator = { url: facilitatorUrl };
    const server = withX402(new McpServer(SERVER), { network: NETWORK, recipient: payTo, facilitator });
    server.paidTool("square", "The square of a number", 0.01, takes, {}, async (args) => squared(args));
    const more = ({ number }) => ({ content: [{ type: "text", text: String(number + 1) }] });
    server.registerTool("add_one", { description: "One more", inputSchema: takes }, more);
    return server;
  });
}

/** `square`, sold for $0.01 as the MCP transport of x402 says, in one version of it. It has sessions. */
export async function startPlainServer({ facilitatorUrl, payTo, version }) {
  const client = new HTTPFacilitatorClient({ url: facilitatorUrl });
  const till = version === 1 ? tillOfVersion1(client, payTo) : await tillOfVersion2(client, payTo);
  return startServer({ hasSessions: true }, () => {
    const server = new McpServer(SERVER);
    const about = { description: "The square of a number", inputSchema: takes };
    server.registerTool("square", about, async (args, { _meta }) => {
      const payment = _meta?.["x402/payment"];
      if (payment === undefined) return challenge(await till.required("payment required"));
      const { requirements, reason } = await till.verify(payment);
      if (reason) return challenge(await till.required(reason));
      const settled = await till.settle(payment, requirements);
      if (!settled.success) return challenge(await till.required(settled.errorReason));
      return { ...squared(args), _meta: { "x402/payment-response": settled } };
    });
    return server;
  });
}

const challenge = (required) => ({
  isError: true,
  structuredContent: required,
  content: [{ type: "text", text: JSON.stringify(required) }],
});

async function tillOfVersion2(client, payTo) {
  const core = new x402ResourceServer(client).register(NETWORK, new ExactEvmScheme());
  await core.initialize();
  const accepts = await core.buildPaymentRequirements({ scheme: "exact", network: NETWORK, payTo, price: "$0.01" });
  const resource = { url: "mcp://tool/square", description: "The square of a number", mimeType: "application/json" };
  return {
    required: (error) => core.createPaymentRequiredResponse(accepts, resource, error),
    async verify(payment) {
      const requirements = core.findMatchingRequirements(accepts, payment);
      if (!requirements) return { reason: "not one of the choices" };
      const { isValid, invalidReason } = await core.verifyPayment(payment, requirements);
      return { requirements, reason: isValid ? undefined : invalidReason };
    },
    settle: (payment, requirements) => core.settlePayment(payment, requirements),
  };
}

function tillOfVersion1(client, payTo) {
  const requirements = terms(1, payTo, { maxAmountRequired: "10000" });
  return {
    required: async (error) => ({ x402Version: 1, error, accepts: [requirements] }),
    async verify(payment) {
      const { isValid, invalidReason } = await client.verify(payment, requirements);
      return { requirements, reason: isValid ? undefined : invalidReason };
    },
    settle: (payment) => client.settle(payment, requirements),
  };
}

/** Serves what `make` makes: one for each session, or for each request. `seen` is every message that came. */
async function startServer({ hasSessions }, make) {
  const sessions = new Map();
  const seen = [];
  const open = async () => {
    const began = { onsessioninitialized: (id) => sessions.set(id, transport) };
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: hasSessions ? randomUUID : undefined,
      ...(hasSessions && began),
    });
    await make().connect(transport);
    return transport;
  };
  const server = await serve(async (request, response) => {
    const body = request.method === "POST" ? JSON.parse(await bodyOf(request)) : undefined;
    seen.push({ headers: request.headers, body });
    const id = request.headers["mcp-session-id"];
    if (id && !sessions.has(id)) return response.writeHead(404).end();
    const transport = id ? sessions.get(id) : await open();
    await transport.handleRequest(request, response, body);
  });
  return { url: `${server.origin}/mcp`, seen, stop: server.stop };
}
