// A third-party shop: the resource server of @x402/core, which asks a facilitator through
// its HTTPFacilitatorClient. We only carry its requests and answers over HTTP.
import { HTTPFacilitatorClient, x402HTTPResourceServer, x402ResourceServer } from "@x402/core/server";
import { ExactEvmScheme } from "@x402/evm/exact/server";
import { UptoEvmScheme } from "@x402/evm/upto/server";
import { NETWORK } from "../../dev/chain/accounts.mjs";
import { serve } from "./serve.mjs";

/**
 * Sells one thing at `price` (as "$0.01"), or with the scheme `upto` for the part of it that `settled` says (as "30%").
 * Gives `url`, the official `client` of the facilitator, and `stop`.
 */
export async function startShop({ facilitatorUrl, payTo, price, scheme = "exact", settled }) {
  const client = new HTTPFacilitatorClient({ url: facilitatorUrl });
  const served = scheme === "upto" ? new UptoEvmScheme() : new ExactEvmScheme();
  const core = new x402ResourceServer(client).register(NETWORK, served);
  const accepts = { scheme, network: NETWORK, payTo, price };
  const part = settled && { amount: settled };
  const shop = new x402HTTPResourceServer(core, { "GET /thing": { accepts, description: "a thing" } });
  await shop.initialize();
  const server = await serve((request, response) => {
    sells(shop, request, part).then(
      ({ status, headers, body }) => response.writeHead(status, headers).end(JSON.stringify(body)),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
  return { url: `${server.origin}/thing`, client, stop: server.stop };
}

async function sells(shop, { headers, method, url }, part) {
  const adapter = {
    getHeader: (name) => headers[name.toLowerCase()],
    getMethod: () => method,
    getPath: () => url,
    getUrl: () => `http://${headers.host}${url}`,
    getAcceptHeader: () => headers.accept ?? "",
    getUserAgent: () => headers["user-agent"] ?? "",
  };
  const request = { adapter, path: url, method };
  const checked = await shop.processHTTPRequest(request);
  if (checked.type === "payment-error") return checked.response;
  const { paymentPayload, paymentRequirements, declaredExtensions } = checked;
  const context = { request };
  const settled = await shop.processSettlement(paymentPayload, paymentRequirements, declaredExtensions, context, part);
  if (!settled.success) return settled.response;
  return { status: 200, headers: settled.headers, body: { thing: "here" } };
}
