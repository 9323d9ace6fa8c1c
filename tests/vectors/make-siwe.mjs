// Writes siwe.json: sign-in messages as viem writes and signs them. The nonce is one that the
// tests' keys make at the tests' time. Run it with Node 22: `node tests/vectors/make-siwe.mjs`.
import { writeFileSync } from "node:fs";
import { parseSignature, serializeSignature, signatureToCompactSignature, toHex } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { createSiweMessage } from "viem/siwe";

// The well-known test mnemonic; its keys are worthless everywhere.
const MNEMONIC = "test test test test test test test test test test test junk";
const host = mnemonicToAccount(MNEMONIC);
const somebodyElse = mnemonicToAccount(MNEMONIC, { addressIndex: 1 });
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const NOW = 1795262400;
const NONCE = "6b0188ec070707070707070707070707f9e1047aa6b41a396ff372bd475d6a65";

const at = (seconds) => new Date(seconds * 1000);
const seconds = (date) => date && Math.floor(date.getTime() / 1000);

async function made(name, verdict, changes = {}, { signer = host, spoil = (same) => same } = {}) {
  const fields = {
    address: host.address,
    chainId: 84532,
    domain: "localhost:8787",
    uri: "http://localhost:8787",
    nonce: NONCE,
    version: "1",
    issuedAt: at(NOW),
    ...changes,
  };
  const message = createSiweMessage(fields);
  const signature = spoil(await signer.signMessage({ message }));
  const { version, issuedAt, expirationTime, notBefore, ...rest } = fields;
  const times = {
    issuedAt: seconds(issuedAt),
    expirationTime: seconds(expirationTime),
    notBefore: seconds(notBefore),
  };
  return { name, verdict, message, signature, fields: { ...rest, ...times } };
}

function highS(signature) {
  const { r, s, yParity } = parseSignature(signature);
  const flipped = toHex(CURVE_ORDER - BigInt(s), { size: 32 });
  return serializeSignature({ r, s: flipped, yParity: 1 - yParity });
}

function compact(signature) {
  const { r, yParityAndS } = signatureToCompactSignature(parseSignature(signature));
  return r + yParityAndS.slice(2);
}

const v = (signature) => Number.parseInt(signature.slice(-2), 16);
const withV = (change) => (signature) => signature.slice(0, -2) + toHex(change(v(signature)), { size: 1 }).slice(2);
const statement = "Sign in to Events Concierge";
const everything = {
  scheme: "http",
  statement,
  uri: "http://localhost:8787/my-mcp?from=page#top",
  issuedAt: at(NOW + 0.5),
  expirationTime: at(NOW + 60),
  notBefore: at(NOW - 60),
  requestId: "request-7",
  resources: ["https://example.org/terms", "ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq"],
};

const vectors = [
  await made("with a statement", "ok", { statement }),
  await made("without a statement", "ok"),
  await made("with everything", "ok", everything),
  await made("with no resources in the list", "ok", { resources: [] }),
  await made("with a request id", "ok", { requestId: "r", resources: ["https://example.org"] }),
  await made("a minute ahead of us", "ok", { issuedAt: at(NOW + 60) }),
  await made("v of zero or one", "ok", { statement }, { spoil: withV((v) => v - 27) }),
  await made("another site", "OtherSite", { domain: "evil.example", uri: "https://evil.example" }),
  await made("our name, another address", "OtherSite", { uri: "http://localhost:87870" }),
  await made("our name before another", "OtherSite", { uri: "http://localhost:8787.evil.example" }),
  await made("our name as a user", "OtherSite", { uri: "http://localhost:8787@evil.example" }),
  await made("another scheme", "OtherSite", { scheme: "https" }),
  await made("another chain", "OtherChain", { chainId: 1 }),
  await made("a nonce of somebody else", "Nonce", { nonce: "a1b2c3d4" }),
  await made("a nonce with another end", "Nonce", { nonce: NONCE.replace(/^./, "7") }),
  await made("too far ahead", "Time", { issuedAt: at(NOW + 61) }),
  await made("too old", "Time", { issuedAt: at(NOW - 361) }),
  await made("ended", "Time", { expirationTime: at(NOW) }),
  await made("not begun", "Time", { notBefore: at(NOW + 1) }),
  await made("signed by somebody else", "AskChain", { statement }, { signer: somebodyElse }),
  await made("s in the upper half", "AskChain", { statement }, { spoil: highS }),
  await made("v with a chain id in it", "AskChain", { statement }, { spoil: withV((v) => v + 10) }),
  await made("compact (EIP-2098)", "AskChain", { statement }, { spoil: compact }),
  await made("not hex", "Signature", { statement }, { spoil: (signature) => signature.replace(/..$/, "zz") }),
  await made("of a contract wallet", "AskChain", { statement }, { spoil: (signature) => signature + "64".repeat(32) }),
];
writeFileSync(new URL("siwe.json", import.meta.url), `${JSON.stringify(vectors, null, 2)}\n`);
