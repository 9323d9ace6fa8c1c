// The local chain: anvil with our genesis, told to be Base Sepolia.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { createPublicClient, createTestClient, createWalletClient, http, parseAbi } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";
import { freePort } from "../lib/ports.mjs";
import * as accounts from "./accounts.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const genesisFile = path.join(here, "genesis.json");
const READY_MILLIS = 15_000;

export const usdcAbi = parseAbi([
  "function balanceOf(address) view returns (uint256)",
  "function mint(address to, uint256 value)",
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)",
]);

/** A client of the chain at `url`, with what the demo and the tests ask most. */
export function chainClient(url) {
  const transport = http(url);
  const client = createPublicClient({ chain: baseSepolia, transport, pollingInterval: 100 });
  const test = createTestClient({ chain: baseSepolia, mode: "anvil", transport });
  const relayer = createWalletClient({
    account: privateKeyToAccount(accounts.relayer.privateKey),
    chain: baseSepolia,
    transport,
  });
  const usdc = { address: accounts.USDC, abi: usdcAbi };
  return {
    client,
    test,
    balance: (address) => client.readContract({ ...usdc, functionName: "balanceOf", args: [address] }),
    transfers: (to) =>
      client.getContractEvents({ ...usdc, eventName: "Transfer", args: { to }, fromBlock: 0n }),
    async mint(to, value) {
      const hash = await relayer.writeContract({ ...usdc, functionName: "mint", args: [to, value] });
      return client.waitForTransactionReceipt({ hash });
    },
  };
}

/** Starts the chain. With `stateFile` it goes on where it stopped. */
export async function startChain({ port = 0, stateFile, log = () => {} } = {}) {
  if (!stateFile) return startAnvil(port, fromGenesis(), { log });
  const goesOn = existsSync(stateFile);
  if (!goesOn) await writeFirstState(stateFile);
  // Written every few seconds too, so that a kill loses little.
  const args = ["--load-state", stateFile, "--dump-state", stateFile, "--state-interval", 5];
  const chain = await startAnvil(port, args, { log, kept: goesOn && stateFile });
  if (goesOn) await addNewContracts(chain);
  return chain;
}

// A kept state may be older than some contract of the genesis; those that came later need no storage.
async function addNewContracts({ client, test }) {
  const { alloc } = JSON.parse(readFileSync(genesisFile, "utf8"));
  for (const [address, { code, storage }] of Object.entries(alloc)) {
    if (!code || storage || (await client.getCode({ address }))) continue;
    await test.setCode({ address, bytecode: code });
  }
}

// Without a timestamp of its own the chain would live in 1970 and refuse every payment.
function fromGenesis() {
  return ["--init", genesisFile, "--timestamp", Math.floor(Date.now() / 1000)];
}

// Anvil does not take a genesis and a state file together, so the first state is made beforehand.
async function writeFirstState(stateFile) {
  mkdirSync(path.dirname(stateFile), { recursive: true });
  const chain = await startAnvil(0, fromGenesis(), {});
  const dump = await chain.client.request({ method: "anvil_dumpState" });
  await chain.stop();
  writeFileSync(`${stateFile}.new`, gunzipSync(Buffer.from(dump.slice(2), "hex")));
  renameSync(`${stateFile}.new`, stateFile);
}

async function startAnvil(port, more, { log = () => {}, kept }) {
  port ||= await freePort();
  const args = ["--chain-id", accounts.CHAIN_ID, "--port", port, "--host", "127.0.0.1"];
  args.push("--block-time", 1, "--mixed-mining", ...more);
  const child = spawn(anvil(), args.map(String), { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      log(data);
      output = (output + data).slice(-2000);
    });
  }
  const url = `http://127.0.0.1:${port}`;
  await ready(url, child, () => output, kept);
  const chain = chainClient(url);
  await chain.test.mine({ blocks: 1 });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    await exited;
  };
  return { url, port, pid: child.pid, child, stop, ...chain };
}

async function ready(url, child, output, kept) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId" });
  const end = Date.now() + READY_MILLIS;
  while (Date.now() < end) {
    if (child.exitCode !== null) {
      const hint = kept
        ? `its kept state may be damaged (${kept}); \`npm start -- --fresh\` begins anew`
        : output().trim();
      throw new Error(`the local chain stopped at once: ${hint}`);
    }
    try {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(url, { method: "POST", headers, body });
      if (answer.ok) return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  child.kill("SIGKILL");
  throw new Error(`the local chain does not answer at ${url} after ${READY_MILLIS / 1000} s`);
}

/** The binary itself: the npm wrapper would be a second process that has to be stopped. */
function anvil() {
  const require = createRequire(import.meta.url);
  const name = `@foundry-rs/anvil-${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  const exe = process.platform === "win32" ? "anvil.exe" : "anvil";
  try {
    return path.join(path.dirname(require.resolve(`${name}/package.json`)), "bin", exe);
  } catch {
    throw new Error(`${name} is not installed; run \`npm install\` on this platform`);
  }
}
