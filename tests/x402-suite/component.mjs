// Our facilitator or our server as a component of the end-to-end suite of the x402 repository. The suite starts it with
// `run.sh` (link.mjs writes it), tells it port, chain and keys in the environment, waits for a line, asks /health, and ends it
// with POST /close. Older versions of the suite name keys and addresses without the role; both names are read.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { createEvent, openServer, post } from "../support/network.mjs";
import { passOn } from "../support/serve.mjs";
import { startWorker } from "../support/worker.mjs";
import { freePort } from "../../dev/lib/ports.mjs";
import { Failure, runMain } from "../../dev/lib/process.mjs";

/** The path that the suite pays for, by `exact` with EIP-3009. */
export const PAID_PATH = "/exact/evm/eip3009";
/** What a client sends to pay, and nothing else of its request. */
const PAYING = ["accept", "authorization", "payment-signature", "x-payment"];

const COMPONENTS = { facilitator: startFacilitator, server: startServer };

async function main([role]) {
  if (!Object.hasOwn(COMPONENTS, role ?? "")) throw new Failure("usage: node tests/x402-suite/component.mjs <facilitator|server>");
  const { answer, worker } = await COMPONENTS[role]();
  const listening = createServer((request, response) => {
    respond(request, response, answer, end).catch((error) => {
      console.error(error);
      response.writeHead(500).end();
    });
  });
  const end = async () => {
    listening.close();
    await worker.stop();
    process.exit(0);
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
  await new Promise((resolve) => listening.listen(Number(setting("PORT")), resolve));
  console.log(role === "facilitator" ? "Facilitator listening" : "Server listening");
}

async function respond(request, response, answer, end) {
  if (request.url === "/health") return json(response, { status: "ok" });
  if (request.method === "POST" && request.url === "/close") {
    json(response, { message: "closing" });
    return end();
  }
  let body = "";
  for await (const part of request) body += part;
  await passOn(await answer(request, body), response);
}

function json(response, value) {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

/** The facilitator of our Worker, whose addresses begin with `/facilitator`. */
async function startFacilitator() {
  const secrets = { RELAYER_PRIVATE_KEY: setting("FACILITATOR_EVM_PRIVATE_KEY", "EVM_PRIVATE_KEY") };
  const worker = await start({ FACILITATOR_URL: "self", FACILITATOR_API: "open" }, secrets);
  const answer = ({ method, url }, body) => {
    const headers = { "content-type": "application/json" };
    return fetch(`${worker.url}/facilitator${url}`, method === "POST" ? { method, headers, body } : { method });
  };
  return { worker, answer };
}

/** One host's server. The suite sends a GET; what it pays for is the tool of ours that may be bought again and again. */
async function startServer() {
  const publicUrl = `http://localhost:${await freePort()}`;
  const worker = await start({ FACILITATOR_URL: setting("FACILITATOR_URL"), PUBLIC_URL: publicUrl });
  const network = { worker, publicUrl };
  const privateKey = generatePrivateKey();
  const server = await openServer(network, { address: privateKeyToAccount(privateKey).address, privateKey });
  const walletAddress = setting("SERVER_EVM_ADDRESS", "EVM_PAYEE_ADDRESS");
  const registered = await post(network, "/api/users/mcp", { userId: server.userId, walletAddress }, server.token);
  if (!registered.ok) throw new Failure(`the payout address is refused: ${await registered.text()}`);
  const { id } = await createEvent(network, server);
  const answer = ({ url, headers }) => {
    if (url !== PAID_PATH) return new Response("not found", { status: 404 });
    const sent = Object.fromEntries(PAYING.filter((name) => headers[name]).map((name) => [name, headers[name]]));
    const body = JSON.stringify({ eventId: id });
    return fetch(server.toolUrl("getEventAnalytics"), { method: "POST", headers: { "content-type": "application/json", ...sent }, body });
  };
  return { worker, answer };
}

function start(vars, secrets = {}) {
  const network = setting("EVM_NETWORK");
  const all = { RPC_URLS: JSON.stringify({ [network]: setting("EVM_RPC_URL") }), NETWORKS: network, PUBLIC_URL: "http://localhost:1", ...vars };
  return startWorker({ vars: all, secrets: { MASTER_KEY: randomBytes(32).toString("hex"), ...secrets } });
}

/** A setting of the suite, under one of its names. */
function setting(...names) {
  const value = names.map((name) => process.env[name]).find(Boolean);
  if (value === undefined) throw new Failure(`${names[0]} is not set; the suite sets it`);
  return value;
}

await runMain(import.meta.url, main);
