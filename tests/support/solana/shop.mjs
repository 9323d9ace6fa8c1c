// A shop of somebody else that takes USDC on Solana: one thing for a price, over HTTP in both versions of x402, and over
// MCP. It asks a facilitator with the server classes of @x402/core, and hands out nothing before it is paid.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { decodePaymentSignatureHeader, encodePaymentRequiredHeader, encodePaymentResponseHeader } from "@x402/core/http";
import { HTTPFacilitatorClient, x402ResourceServer } from "@x402/core/server";
import { ExactSvmScheme } from "@x402/svm/exact/server";
import { bodyOf } from "../body.mjs";
import { serve } from "../serve.mjs";
import { SOLANA, SOLANA_USDC, SOLANA_V1 } from "./tokens.mjs";

export const PRICE = 50_000n;
const TOOL = "thing";

/** Starts it. `memo` is what payments have to bear, `url` where the thing is, `mcpUrl` where the tool is, `sold` how often it was bought. */
export async function startSolanaShop({ facilitatorUrl, payTo, memo }) {
  const client = new HTTPFacilitatorClient({ url: facilitatorUrl });
  const core = new x402ResourceServer(client).register(SOLANA, new ExactSvmScheme());
  await core.initialize();
  const price = { amount: String(PRICE), asset: SOLANA_USDC, extra: memo === undefined ? {} : { memo } };
  const accepts = await core.buildPaymentRequirements({ scheme: "exact", network: SOLANA, payTo, price, maxTimeoutSeconds: 60 });
  const shop = { sold: 0, accepts };
  const server = await serve(async (request, response) => {
    if (request.url === "/mcp") return answerOverMcp(request, response, till);
    const { status, headers, body } = await till(paymentOf(request.headers));
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  });
  const url = `${server.origin}/${TOOL}`;
  const first = await accepts[0];
  const old = { ...first, network: SOLANA_V1, maxAmountRequired: first.amount, resource: url, description: TOOL, mimeType: "application/json" };

  async function till(payment) {
    const isOld = payment?.x402Version === 1;
    const refused = async (error) => {
      const required = await core.createPaymentRequiredResponse(accepts, { url, description: TOOL, mimeType: "application/json" }, error);
      const headers = { "payment-required": encodePaymentRequiredHeader(required) };
      return { status: 402, headers, required, body: { x402Version: 1, error, accepts: [old] } };
    };
    if (payment === undefined) return refused("payment required");
    const terms = isOld ? old : core.findMatchingRequirements(accepts, payment);
    if (!terms) return refused("not one of the choices");
    const verdict = await client.verify(payment, terms).catch((error) => error);
    if (!verdict.isValid) return refused(verdict.invalidReason ?? verdict.message);
    const settled = await client.settle(payment, terms).catch((error) => error);
    if (!settled.success) return refused(settled.errorReason ?? settled.message);
    shop.sold += 1;
    const name = isOld ? "x-payment-response" : "payment-response";
    return { status: 200, headers: { [name]: encodePaymentResponseHeader(settled) }, settled, body: { [TOOL]: shop.sold } };
  }

  return Object.assign(shop, { url, mcpUrl: `${server.origin}/mcp`, stop: server.stop });
}

function paymentOf(headers) {
  const text = headers["payment-signature"] ?? headers["x-payment"];
  return text && decodePaymentSignatureHeader(text);
}

async function answerOverMcp(request, response, till) {
  const server = new McpServer({ name: "solana-shop", version: "1.0.0" });
  server.registerTool(TOOL, { description: "A thing", inputSchema: {} }, async (_, { _meta }) => {
    const { status, required, settled, body } = await till(_meta?.["x402/payment"]);
    const said = status === 200 ? body : required;
    const content = [{ type: "text", text: JSON.stringify(said) }];
    if (status !== 200) return { isError: true, structuredContent: said, content };
    return { structuredContent: said, content, _meta: { "x402/payment-response": settled } };
  });
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  await server.connect(transport);
  const text = request.method === "POST" ? await bodyOf(request) : "";
  await transport.handleRequest(request, response, text ? JSON.parse(text) : undefined);
}
