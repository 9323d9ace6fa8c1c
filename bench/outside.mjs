// What the contestants ask, in a process of its own: a facilitator that answers at once and judges nothing, and a node of
// a chain on which everybody has money. The real ones would take most of the time of a paid call.
//   node bench/outside.mjs    prints {"facilitator": URL, "rpc": URL}
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { CHAIN_ID, NETWORK } from "../dev/chain/accounts.mjs";

const USED = "0xe94a0102"; // authorizationState(address,bytes32)
const BALANCE = "0x70a08231"; // balanceOf(address)
const word = (number) => `0x${BigInt(number).toString(16).padStart(64, "0")}`;
const used = new Set();
let block = 100;

const FACILITATOR = {
  "/supported": () => ({ kinds: [2, 1].map((x402Version) => ({ x402Version, scheme: "exact", network: x402Version === 2 ? NETWORK : "base-sepolia" })), extensions: [], signers: {} }),
  "/verify": ({ paymentPayload }) => ({ isValid: true, payer: paymentPayload.payload.authorization.from }),
  "/settle": ({ paymentPayload }) => {
    const { from, nonce } = paymentPayload.payload.authorization;
    used.add(nonce.slice(2).toLowerCase());
    const transaction = `0x${createHash("sha256").update(nonce).digest("hex")}`;
    return { success: true, transaction, network: NETWORK, payer: from };
  },
};

const NODE = {
  eth_chainId: () => `0x${CHAIN_ID.toString(16)}`,
  eth_blockNumber: () => `0x${(block += 1).toString(16)}`,
  eth_getCode: () => "0x",
  eth_call: ([{ data, input }]) => {
    const call = data ?? input;
    if (call.startsWith(BALANCE)) return word(1_000_000_000n);
    return word(call.startsWith(USED) && used.has(call.slice(-64).toLowerCase()) ? 1 : 0);
  },
};

function ofNode({ id, method, params }) {
  const answer = NODE[method];
  if (!answer) return { jsonrpc: "2.0", id, error: { code: -32601, message: `no ${method} here` } };
  return { jsonrpc: "2.0", id, result: answer(params) };
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks)) : {};
  const answer = request.url === "/rpc" ? [body].flat().map(ofNode) : FACILITATOR[request.url]?.(body);
  const text = JSON.stringify(request.url === "/rpc" && !Array.isArray(body) ? answer[0] : answer);
  response.writeHead(answer ? 200 : 404, { "content-type": "application/json", "content-length": Buffer.byteLength(text ?? "") }).end(text);
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const origin = `http://127.0.0.1:${server.address().port}`;
  console.log(JSON.stringify({ facilitator: origin, rpc: `${origin}/rpc` }));
});
