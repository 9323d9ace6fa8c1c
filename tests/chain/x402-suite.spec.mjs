// Our facilitator and our server as components of the end-to-end suite of the x402 repository, started and asked in the way
// that the suite does it. The suite itself is not here.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { x402Client, x402HTTPClient } from "@x402/core/client";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment } from "@x402/fetch";
import { privateKeyToAccount } from "viem/accounts";
import { NETWORK, otherHost, otherRelayer, payers } from "../../dev/chain/accounts.mjs";
import { startChain } from "../../dev/chain/chain.mjs";
import { startFacilitator } from "../../dev/chain/facilitator.mjs";
import { freePort } from "../../dev/lib/ports.mjs";
import { PAID_PATH } from "../x402-suite/component.mjs";
import { link } from "../x402-suite/link.mjs";
import { until } from "../support/network.mjs";

const READY_SECONDS = 60;
let chain, reference, repository, folders;
const running = [];

before(async () => {
  chain = await startChain();
  reference = await startFacilitator({ rpcUrl: chain.url });
  repository = mkdtempSync(path.join(tmpdir(), "x402-repository-"));
  for (const folder of ["facilitators", "servers/typescript/http"]) mkdirSync(path.join(repository, "e2e", folder), { recursive: true });
  folders = link(repository);
});
after(async () => {
  for (const { child } of running) child.kill("SIGKILL");
  await reference?.stop();
  await chain?.stop();
  if (repository) rmSync(repository, { recursive: true, force: true });
});

/** Starts a component as the suite does: `run.sh` in its folder, ready when it has printed its line. */
async function start(folder, line, env) {
  const port = await freePort();
  const set = { PORT: String(port), EVM_NETWORK: NETWORK, EVM_RPC_URL: chain.url, ...env };
  const child = spawn("bash", ["run.sh"], { cwd: folder, env: { ...process.env, ...set }, stdio: "pipe" });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const ended = new Promise((resolve) => child.on("close", resolve));
  running.push({ child });
  await until(() => {
    assert.equal(child.exitCode, null, output);
    return output.includes(line);
  }, READY_SECONDS);
  const url = `http://localhost:${port}`;
  assert.deepEqual(await fetch(`${url}/health`).then((answer) => answer.json()), { status: "ok" });
  return { url, ended };
}

/** Ends it as the suite does. */
async function close({ url, ended }) {
  assert.equal((await fetch(`${url}/close`, { method: "POST" })).status, 200);
  assert.equal(await ended, 0);
}

const startServer = (facilitatorUrl, env = { SERVER_EVM_ADDRESS: otherHost.address }) => start(folders.server, "Server listening", { FACILITATOR_URL: facilitatorUrl, ...env });

/** Pays as the suite's client with `@x402/fetch` does, and checks what moved. */
async function pays(server, payer) {
  const [had, earned] = [await chain.balance(payer.address), await chain.balance(otherHost.address)];
  const client = new x402Client().register("eip155:*", new ExactEvmScheme(privateKeyToAccount(payer.privateKey)));
  const answer = await wrapFetchWithPayment(fetch, client)(`${server.url}${PAID_PATH}`, { method: "GET" });
  const data = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(data));
  const settled = new x402HTTPClient(client).getPaymentSettleResponse((name) => answer.headers.get(name));
  assert.deepEqual([settled.success, settled.network, settled.payer], [true, NETWORK, payer.address]);
  const { status } = await chain.client.getTransactionReceipt({ hash: settled.transaction });
  assert.equal(status, "success");
  const paid = had - (await chain.balance(payer.address));
  assert.ok(paid > 0n);
  assert.equal((await chain.balance(otherHost.address)) - earned, paid);
}

test("our server with another facilitator: paid twice by one wallet, then closed", async () => {
  const server = await startServer(reference.url);
  await pays(server, payers[0]);
  await pays(server, payers[0]);
  await close(server);
});

test("our facilitator behind our server, with the names of older versions of the suite", async () => {
  const facilitator = await start(folders.facilitator, "Facilitator listening", { EVM_PRIVATE_KEY: otherRelayer.privateKey });
  const { kinds } = await fetch(`${facilitator.url}/supported`).then((answer) => answer.json());
  assert.deepEqual(kinds.map(({ x402Version, scheme }) => [x402Version, scheme]).sort(), [[1, "exact"], [2, "exact"], [2, "upto"]]);
  const server = await startServer(facilitator.url, { EVM_PAYEE_ADDRESS: otherHost.address });
  await pays(server, payers[1]);
  await close(server);
  await close(facilitator);
});

test("a component without what the suite has to set ends with 1 and says what is missing", async () => {
  const child = spawn("bash", ["run.sh"], { cwd: folders.facilitator, env: { PATH: process.env.PATH, PORT: "1" }, stdio: "pipe" });
  let output = "";
  child.stderr.on("data", (data) => (output += data));
  assert.equal(await new Promise((resolve) => child.on("close", resolve)), 1);
  assert.match(output, /FACILITATOR_EVM_PRIVATE_KEY is not set/);
});

test("the configurations name what the suite looks for", () => {
  const read = (folder) => JSON.parse(readFileSync(path.join(folder, "test.config.json"), "utf8"));
  const [facilitator, server] = [read(folders.facilitator), read(folders.server)];
  assert.deepEqual([facilitator.type, facilitator.x402Versions, facilitator.evm.assetTransferMethods], ["facilitator", [1, 2], ["eip3009"]]);
  assert.deepEqual([server.type, server.x402Version, server.endpoints.map((endpoint) => endpoint.path)], ["server", 2, [PAID_PATH, "/health", "/close"]]);
  assert.ok(folders.facilitator.endsWith(path.join("facilitators", "external-proxies", "events-concierge")));
});
