// The Solana of the tests: the machine behind the JSON-RPC interface of a node, on this computer, with USDC at the
// address that it has on devnet.
import { bodyOf } from "../body.mjs";
import { serve } from "../serve.mjs";
import { RpcError } from "./asked.mjs";
import { startMachine, SYSTEM_PROGRAM } from "./machine.mjs";
import { methodsOf } from "./methods.mjs";
import { mintData, readToken, SOLANA_USDC, TOKEN_PROGRAM, tokenAccountOf, tokenData } from "./tokens.mjs";

const BODY_BYTES_MAX = 50 * 1024;
/** As much USDC as there is in the world, in atomic units. */
const SUPPLY = 1_000_000_000_000_000n;
const SOL = 1_000_000_000n;

/**
 * Starts it. All amounts are atomic units, a millionth of a USDC each, as `bigint`.
 * - `fund(address, usdc)` gives USDC to somebody, `openAccount(owner)` makes the place where it is kept and says where,
 *   `balanceOf(owner)` is what is there now; `giveSol(address, lamports)` sets what somebody has to pay
 *   fees with.
 * - `expire()` makes every blockhash run out that was handed out before.
 * - `setConfirmationDelay(ms, finalMs)`: so much later a transaction is `confirmed`, and `finalized`.
 * - `hold()`: transactions are taken and do not land; `release()` lands them as far as they are good still, in their order.
 * - `drop(signature)`: the fork with this transaction is given up, as it can happen before it is confirmed.
 * - `counts` says how often each method was called, `machine` is what runs behind it.
 */
export async function startSolanaChain() {
  const machine = startMachine();
  const methods = methodsOf(machine);
  const counts = {};
  const server = await serve(async (request, response) => {
    const answer = (status, text, type = "text/plain") => response.writeHead(status, { "content-type": type }).end(text);
    if (request.method !== "POST") return answer(405, "Used HTTP Method is not allowed. POST or OPTIONS is required\n");
    if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) return answer(415, "Supplied content type is not allowed. Content-Type: application/json is required\n");
    const body = await bodyOf(request);
    if (body.length > BODY_BYTES_MAX) return answer(413, "Payload Too Large\n");
    answer(200, written(answerTo(methods, counts, body)), "application/json");
  });
  const put = (address, data, programAddress) => {
    const lamports = machine.svm.minimumBalanceForRentExemption(BigInt(data.length));
    machine.write({ address, data, programAddress, executable: false, lamports, space: BigInt(data.length) });
  };
  put(SOLANA_USDC, mintData(SUPPLY), TOKEN_PROGRAM);
  const balanceOf = async (owner) => readToken(machine.account(await tokenAccountOf(owner)))?.amount ?? 0n;
  const fund = async (owner, usdc) => {
    const address = await tokenAccountOf(owner);
    put(address, tokenData(owner, (await balanceOf(owner)) + usdc), TOKEN_PROGRAM);
    return address;
  };
  return {
    rpcUrl: server.origin,
    mint: SOLANA_USDC,
    counts,
    machine,
    fund,
    balanceOf,
    openAccount: (owner) => fund(owner, 0n),
    giveSol: (address, lamports = SOL) =>
      machine.write({ address, lamports, data: new Uint8Array(), programAddress: SYSTEM_PROGRAM, executable: false, space: 0n }),
    drop: machine.drop,
    expire: machine.expire,
    setConfirmationDelay: (confirmed, finalized = 3 * confirmed) => Object.assign(machine.delays, { confirmed, finalized }),
    hold: () => (machine.held ??= []),
    release: () => {
      const held = machine.held ?? [];
      machine.held = undefined;
      held.forEach(machine.send);
    },
    stop: server.stop,
  };
}

function answerTo(methods, counts, body) {
  let asked;
  try {
    asked = JSON.parse(body);
  } catch {
    return failed(null, { code: -32700, message: "Parse error" });
  }
  return Array.isArray(asked) ? asked.map((call) => answerToCall(methods, counts, call)) : answerToCall(methods, counts, asked);
}

function answerToCall(methods, counts, call) {
  const { jsonrpc, id, method, params = [] } = call ?? {};
  if (jsonrpc !== "2.0" || id === undefined || typeof method !== "string") return failed(id ?? null, { code: -32600, message: "Invalid request" });
  if (!Object.hasOwn(methods, method)) return failed(id, { code: -32601, message: "Method not found" });
  if (!Array.isArray(params)) return failed(id, { code: -32602, message: "`params` should be an array" });
  counts[method] = (counts[method] ?? 0) + 1;
  try {
    return { jsonrpc, id, result: methods[method](params) };
  } catch (error) {
    if (error instanceof RpcError) return failed(id, error.body);
    return failed(id, { code: -32603, message: `Internal error: ${error.message}` });
  }
}

const failed = (id, error) => ({ jsonrpc: "2.0", id, error });

/** A node writes numbers up to 64 bits. */
const written = (value) => JSON.stringify(value, (_, one) => (typeof one === "bigint" ? JSON.rawJSON(String(one)) : one));
