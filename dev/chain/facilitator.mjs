// The reference facilitator (@x402/core and @x402/evm) behind HTTP, for x402 versions 1 and 2.
// Standalone: node dev/chain/facilitator.mjs --rpc http://127.0.0.1:8545 --port 4020
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { x402Facilitator } from "@x402/core/facilitator";
import { toFacilitatorEvmSigner } from "@x402/evm";
import { registerExactEvmScheme } from "@x402/evm/exact/facilitator";
import { ExactEvmSchemeV1 } from "@x402/evm/exact/v1/facilitator";
import { UptoEvmScheme } from "@x402/evm/upto/facilitator";
import { createWalletClient, http, publicActions } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";
import { FACTORY, NETWORK, relayer } from "./accounts.mjs";

const BODY_BYTES_MAX = 256 * 1024;

/**
 * Starts a facilitator that sends through `rpcUrl`. It deploys wallets of `factories` only, and serves the scheme
 * `upto` beside `exact` if `upto` says so. `stats` counts what it was asked.
 */
export async function startFacilitator({
  port = 0,
  rpcUrl,
  relayerKey = relayer.privateKey,
  factories = [FACTORY],
  upto = false,
}) {
  const facilitator = makeFacilitator(rpcUrl, relayerKey, factories, upto);
  const stats = { verify: 0, settle: 0 };
  const server = createServer((request, response) => {
    answer(facilitator, stats, request).then(
      ([status, body]) => send(response, status, body),
      (error) => send(response, 500, { error: String(error?.shortMessage ?? error?.message ?? error) }),
    );
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const stop = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    });
  return { url: `http://127.0.0.1:${server.address().port}`, stats, stop };
}

function makeFacilitator(rpcUrl, relayerKey, factories, upto) {
  const account = privateKeyToAccount(relayerKey);
  const wallet = createWalletClient({ account, chain: baseSepolia, transport: http(rpcUrl) }).extend(publicActions);
  wallet.pollingInterval = 50;
  // The reference signer does not count nonces: of many settlements at once it loses most. One
  // transaction is sent after the other; receipts are waited for side by side.
  const queued = queue();
  const signer = toFacilitatorEvmSigner({
    address: account.address,
    getCode: (args) => wallet.getCode(args),
    readContract: (args) => wallet.readContract(args),
    verifyTypedData: (args) => wallet.verifyTypedData(args),
    writeContract: (args) => queued(() => wallet.writeContract({ ...args, account })),
    sendTransaction: (args) => queued(() => wallet.sendTransaction({ ...args, account })),
    waitForTransactionReceipt: (args) => wallet.waitForTransactionReceipt(args),
  });
  const facilitator = new x402Facilitator();
  const options = { eip6492AllowedFactories: factories, simulateInSettle: true };
  registerExactEvmScheme(facilitator, { signer, networks: NETWORK, ...options });
  facilitator.registerV1("base-sepolia", new ExactEvmSchemeV1(signer, options));
  if (upto) facilitator.register(NETWORK, new UptoEvmScheme(signer));
  return facilitator;
}

function queue() {
  let last = Promise.resolve();
  return (task) => {
    const run = last.then(task);
    last = run.catch(() => {});
    return run;
  };
}

async function answer(facilitator, stats, request) {
  const path = new URL(request.url, "http://localhost").pathname;
  if (request.method === "GET" && path === "/supported") return [200, facilitator.getSupported()];
  if (request.method !== "POST" || !["/verify", "/settle"].includes(path)) return [404, { error: "not found" }];
  const { paymentPayload, paymentRequirements } = JSON.parse(await readBody(request));
  if (path === "/verify") {
    stats.verify += 1;
    return [200, await facilitator.verify(paymentPayload, paymentRequirements)];
  }
  stats.settle += 1;
  return [200, await facilitator.settle(paymentPayload, paymentRequirements)];
}

async function readBody(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Error("the body is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function send(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body, (_, value) => (typeof value === "bigint" ? value.toString() : value)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // A dead RPC makes the reference packages leave a rejection behind; that must not end the server.
  process.on("unhandledRejection", (error) => console.error("facilitator:", error?.shortMessage ?? error));
  const { values } = parseArgs({ options: { rpc: { type: "string" }, port: { type: "string" } } });
  if (!values.rpc) {
    console.error("facilitator: say where the chain is: --rpc http://127.0.0.1:8545");
    process.exit(2);
  }
  const { url } = await startFacilitator({ rpcUrl: values.rpc, port: Number(values.port ?? 0) });
  console.log(`facilitator: ${url}`);
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));
}
