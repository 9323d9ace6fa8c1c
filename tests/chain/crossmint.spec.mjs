// The stand-in for Crossmint is as strict as it says, and its signatures hold on the chain.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { startChain } from "../../dev/chain/chain.mjs";
import { startCrossmint } from "../support/crossmint.mjs";
import { send } from "../support/wallets.mjs";
import { parseErc6492Signature } from "viem";

const { apiKey, typedData, exchanges } = JSON.parse(readFileSync(new URL("../vectors/crossmint.json", import.meta.url)));
const [creation, , order] = exchanges;
let chain, crossmint;

before(async () => {
  chain = await startChain();
  crossmint = await startCrossmint(chain, { apiKey, polls: 0 });
});

after(async () => {
  await crossmint?.stop();
  await chain?.stop();
});

async function ask(method, path, body, headers = {}) {
  const all = { "x-api-key": apiKey, "content-type": "application/json", ...headers };
  const response = await fetch(`${crossmint.url}${path}`, { method, headers: all, body: body && JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

test("an owner has one wallet, and it signs before and after it is on the chain", async () => {
  const made = await ask("POST", creation.path, creation.body);
  assert.deepEqual(made, { status: 201, body: creation.answer.body });
  assert.deepEqual(await ask("POST", creation.path, creation.body), { status: 200, body: made.body });
  const { address } = made.body;
  const signed = async () => {
    const { body } = await ask("POST", order.path, order.body);
    const done = await ask("GET", `${order.path}/${body.id}`);
    assert.equal(done.body.status, "success");
    const signature = done.body.outputSignature;
    assert.ok(await chain.client.verifyTypedData({ ...typedData, address, signature }));
    return signature;
  };
  const maker = parseErc6492Signature(await signed());
  await send(chain, { to: maker.address, data: maker.data });
  assert.equal((await signed()).length, 2 + 2 * 66);
});

test("what the SDK would not send is refused", async () => {
  const changed = (change) => {
    const body = structuredClone(order.body);
    change(body);
    return ["POST", order.path, body];
  };
  const created = (change) => {
    const body = structuredClone(creation.body);
    change(body);
    return ["POST", creation.path, body];
  };
  for (const [status, method, path, body, headers] of [
    [403, "POST", creation.path, creation.body, { "x-api-key": "sk_staging_other" }],
    [415, "POST", creation.path, creation.body, { "content-type": "text/plain" }],
    [404, "POST", creation.path.replace("2025-06-09", "2022-06-09"), creation.body],
    [404, "GET", `${order.path.replace(/0x[0-9a-fA-F]{2}/, "0x00")}/x`],
    [404, "GET", `${order.path}/unknown`],
    [404, "GET", `${order.path}?page=1`],
    [404, "POST", `${order.path}/x/approvals`, {}],
    [400, "GET", order.path.replace("signatures", "balances?tokens=usdc&chains=base-sepolia")],
    [400, "GET", order.path.replace("signatures", "balances?tokens=eth%2Cusdc&chains=base")],
    [400, ...created((body) => (body.type = "mpc"))],
    [400, ...created((body) => (body.chainType = "solana"))],
    [400, ...created((body) => (body.config.adminSigner.type = "server"))],
    [400, ...created((body) => delete body.config.delegatedSigners)],
    [400, ...created((body) => (body.alias = "x"))],
    [400, ...created((body) => (body.owner = "session-a"))],
    [400, ...changed((body) => (body.type = "message"))],
    [400, ...changed((body) => (body.params.signer = "server:0x12"))],
    [400, ...changed((body) => (body.params.chain = "base"))],
    [400, ...changed((body) => (body.params.isSmartWalletSignature = true))],
    [400, ...changed((body) => (body.params.typedData.domain.chainId = 8453))],
    [400, ...changed((body) => (body.params.typedData.domain.chainId = "84532"))],
    [400, ...changed((body) => (body.params.typedData.domain.salt = "0x12"))],
    [400, ...changed((body) => delete body.params.typedData.primaryType)],
  ]) {
    const answer = await ask(method, path, body, headers);
    assert.equal(answer.status, status, `${method} ${path} ${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`);
    assert.equal(answer.body.error, true);
  }
});
