// Writes crossmint.json: the requests that Crossmint's own SDK makes, with the answers of our stand-in
// (tests/support/crossmint.mjs). Signatures are those of a wallet on the local chain. The SDK is large
// (139 MB with what it needs), so it is no dependency of ours; install it somewhere else:
//   npm install --prefix FOLDER --ignore-scripts @crossmint/wallets-sdk@1.1.0
//   node tests/vectors/make-crossmint.mjs FOLDER
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { CHAIN_ID, USDC } from "../../dev/chain/accounts.mjs";
import { startChain } from "../../dev/chain/chain.mjs";
import { freePort } from "../../dev/lib/ports.mjs";
import { startCrossmint } from "../support/crossmint.mjs";

const folder = process.argv[2];
if (!folder) throw new Error("name the folder with the SDK; the head of this file says how");
const { import: importsOf, require: requireOf } = resolver(folder);
// The SDK checks that a key was signed by Crossmint. Ours is not.
requireOf("tweetnacl").sign.detached.verify = () => true;
const bs58 = await importsOf("bs58");
const { createCrossmint, CrossmintWallets, EVMWallet } = await importsOf("@crossmint/wallets-sdk");
const apiKey = `sk_staging_${bs58.default.encode(Buffer.from("project.0:signature"))}`;

// Nothing leaves this machine; the SDK would send its log to Datadog.
const realFetch = globalThis.fetch;
const headers = new Set();
globalThis.fetch = (url, options) => {
  if (!String(url).startsWith("http://127.0.0.1:")) throw new Error(`no request to ${url}`);
  if (String(url).includes("/api/")) headers.add(Object.keys(options?.headers ?? {}).map((name) => name.toLowerCase()).sort().join());
  return realFetch(url, options);
};

const typedData = {
  domain: { name: "USDC", version: "2", chainId: CHAIN_ID, verifyingContract: USDC },
  types: {
    TransferWithAuthorization: [
      { name: "from", type: "address" },
      { name: "to", type: "address" },
      { name: "value", type: "uint256" },
      { name: "validAfter", type: "uint256" },
      { name: "validBefore", type: "uint256" },
      { name: "nonce", type: "bytes32" },
    ],
  },
  primaryType: "TransferWithAuthorization",
};

const chain = await startChain({ port: await freePort() });
const standIn = await startCrossmint(chain, { apiKey, polls: 2, ends: ["success", "success", "failed"] });
try {
  const wallets = CrossmintWallets.from(createCrossmint({ apiKey, overrideBaseUrl: standIn.url }));
  const wallet = EVMWallet.from(await wallets.createWallet({ chain: "base-sepolia", recovery: { type: "api-key" }, owner: "userId:session-a" }));
  await chain.mint(wallet.address, 1_500_000n);
  await wallet.balances();
  const message = { from: wallet.address, to: "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc", value: "50000", validAfter: "0", validBefore: "1795262700", nonce: `0x${"07".repeat(32)}` };
  const order = { ...typedData, message, chain: "base-sepolia" };
  const undeployed = await wallet.signTypedData(order);
  const verifies = (signature) => chain.client.verifyTypedData({ ...typedData, message, address: wallet.address, signature });
  if (!(await verifies(undeployed.signature))) throw new Error("the signature of a wallet that is not there yet is refused");
  await deploy(undeployed.signature);
  const deployed = await wallet.signTypedData(order);
  if (!(await verifies(deployed.signature))) throw new Error("the wallet refuses its signature");
  const failed = await wallet.signTypedData(order).then(() => false, () => true);
  if (!failed) throw new Error("a failed signature is none");
  const refusals = standIn.requests.filter(({ answer }) => answer.status >= 400);
  if (refusals.length) throw new Error(`the SDK was refused: ${JSON.stringify(refusals)}`);
  const vectors = { apiKey, headers: [...headers], typedData: { ...typedData, message }, exchanges: standIn.requests };
  writeFileSync(new URL("crossmint.json", import.meta.url), `${JSON.stringify(vectors, null, 2)}\n`);
} finally {
  await standIn.stop();
  await chain.stop();
}
process.exit(0);

async function deploy(signature) {
  const { parseErc6492Signature } = await import("viem");
  const { send } = await import("../support/wallets.mjs");
  const { address, data } = parseErc6492Signature(signature);
  await send(chain, { to: address, data });
}

function resolver(folder) {
  const require = createRequire(join(folder, "index.cjs"));
  const sdk = createRequire(require.resolve("@crossmint/wallets-sdk"));
  const find = (name) => (name.startsWith("@crossmint/") ? require.resolve(name).replace(/\.cjs$/, ".js") : sdk.resolve(name));
  return { require: (name) => sdk(name), import: (name) => import(pathToFileURL(find(name))) };
}
