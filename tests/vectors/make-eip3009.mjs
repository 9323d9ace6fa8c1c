// Writes eip3009.json: authorizations as viem hashes and signs them, and signatures that USDC
// refuses. Run it with Node 22: `node tests/vectors/make-eip3009.mjs`.
import { writeFileSync } from "node:fs";
import { DEFAULT_ASSETS } from "@x402/evm";
import { hashTypedData, parseSignature, serializeSignature, toHex } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { usdc } from "viem/tokens";

// The well-known test mnemonic; its keys are worthless everywhere.
const payer = mnemonicToAccount("test test test test test test test test test test test junk");
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const FIELDS = [
  ["address", "from"],
  ["address", "to"],
  ["uint256", "value"],
  ["uint256", "validAfter"],
  ["uint256", "validBefore"],
  ["bytes32", "nonce"],
];
const types = { TransferWithAuthorization: FIELDS.map(([type, name]) => ({ type, name })) };
// Names in the tokens' EIP-712 domains that the reference implementation does not list.
const UNLISTED = { 80002: "USDC", 43113: "USD Coin" };

function domainOf(chainId) {
  const verifyingContract = usdc.addresses[chainId];
  const asset = DEFAULT_ASSETS[`eip155:${chainId}`]?.find(
    ({ asset }) => asset.toLowerCase() === verifyingContract.toLowerCase(),
  );
  const { name, version } = asset ?? { name: UNLISTED[chainId], version: "2" };
  return { name, version, chainId, verifyingContract };
}

function authorization(changes = {}) {
  return {
    from: payer.address,
    to: "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
    value: "50000",
    validAfter: "0",
    validBefore: "1795262700",
    nonce: toHex(7, { size: 32 }),
    ...changes,
  };
}

async function made(name, chainId, changes, spoil) {
  const domain = domainOf(chainId);
  const message = authorization(changes);
  const typed = { domain, types, primaryType: "TransferWithAuthorization", message };
  const signature = await payer.signTypedData(typed);
  return {
    name,
    network: `eip155:${chainId}`,
    domain,
    authorization: message,
    digest: hashTypedData(typed),
    signature: spoil ? spoil(signature) : signature,
    signer: spoil ? null : payer.address,
  };
}

// The same signature with the other `s`: valid mathematics, refused by the token.
function highS(signature) {
  const { r, s, yParity } = parseSignature(signature);
  const flipped = toHex(CURVE_ORDER - BigInt(s), { size: 32 });
  return serializeSignature({ r, s: flipped, yParity: 1 - yParity });
}

// The same signature with `v` as zero or one.
const zeroOrOne = (signature) => `${signature.slice(0, -2)}0${Number.parseInt(signature.slice(-2), 16) - 27}`;
const withV = (v) => (signature) => signature.slice(0, -2) + v;

const LARGEST = (2n ** 256n - 1n).toString();
const vectors = [
  await made("Base", 8453),
  await made("Base Sepolia", 84532),
  await made("Polygon", 137),
  await made("Polygon Amoy", 80002),
  await made("Avalanche", 43114),
  await made("Avalanche Fuji", 43113),
  await made("Sei", 1329),
  await made("Sei testnet", 1328),
  await made("the largest numbers", 8453, { value: LARGEST, validBefore: LARGEST, nonce: `0x${"ff".repeat(32)}` }),
  await made("a window that has a beginning", 84532, { validAfter: "1795262399", nonce: toHex(8, { size: 32 }) }),
  await made("s in the upper half", 84532, {}, highS),
  await made("v of zero or one", 8453, {}, zeroOrOne),
  await made("v of 29", 137, {}, withV("1d")),
  await made("v with a chain id in it", 137, {}, withV("25")),
  await made("one byte too few", 84532, {}, (signature) => signature.slice(0, -2)),
  await made("one byte too many", 84532, {}, (signature) => `${signature}00`),
  await made("nothing", 84532, {}, () => "0x"),
  await made("only zeros", 84532, {}, () => `0x${"00".repeat(64)}1b`),
];
writeFileSync(new URL("eip3009.json", import.meta.url), `${JSON.stringify(vectors, null, 2)}\n`);
