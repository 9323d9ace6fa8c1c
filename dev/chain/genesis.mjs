// Makes genesis.json: the contracts' code and the test wallets' money, as anvil's --init takes it.
//   node dev/chain/genesis.mjs           writes it
//   node dev/chain/genesis.mjs --check   rebuilds it from the Solidity source and compares
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { encodeAbiParameters, keccak256, numberToHex, pad } from "viem";
// viem has Multicall3's code but does not export it.
import { multicall3Bytecode } from "../../node_modules/viem/_esm/constants/contracts.js";
import * as accounts from "./accounts.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const file = path.join(here, "genesis.json");
const DOLLAR = 1_000_000n;

const CONTRACTS = ["TestUSDC.sol", "MiniWallet.sol", "UptoProxy.sol"].map((name) => path.join(here, "contracts", name));

export function compile(files = CONTRACTS) {
  const solc = require("solc");
  const sources = Object.fromEntries(
    files.map((name) => [path.basename(name), { content: readFileSync(name, "utf8") }]),
  );
  const input = {
    language: "Solidity",
    sources,
    settings: {
      evmVersion: "cancun",
      optimizer: { enabled: true, runs: 200 },
      metadata: { bytecodeHash: "none", appendCBOR: false },
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
    },
  };
  const readImport = (name) => ({ contents: readFileSync(require.resolve(name), "utf8") });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }));
  const errors = (output.errors ?? []).filter((error) => error.severity === "error");
  if (errors.length) throw new Error(errors.map((error) => error.formattedMessage).join("\n"));
  return output.contracts;
}

function code(contracts, source, name) {
  return `0x${contracts[source][name].evm.deployedBytecode.object}`;
}

/// What a creation code leaves on the chain. Multicall3's copies its tail, which is the runtime code.
function runtimeOf(creation) {
  // `PUSH2 length … PUSH2 offset … CODECOPY … RETURN … INVALID`, as solc writes a constructor.
  const start = creation.indexOf("f3fe");
  if (start < 0) throw new Error("Multicall3's creation code is not as expected");
  return `0x${creation.slice(start + 4)}`;
}

/// Permit2's runtime code, from the creation code that Uniswap's router has for its own tests: the reference source,
/// compiled as the one on other chains, with its functions in another order. What the constructor would fill in, the
/// chain's id and the hash of the domain, stays zero: with another chain id Permit2 hashes the domain at each call.
function permit2() {
  const factory = require.resolve("@uniswap/universal-router/typechain/factories/Permit2__factory.ts");
  const creation = /"0x([0-9a-f]{1000,})"/.exec(readFileSync(factory, "utf8"))?.[1] ?? "";
  // `PUSH2 length SWAP1 DUP2 PUSH2 offset DUP3 CODECOPY`
  const copied = /61(.{4})908161(.{4})8239/.exec(creation);
  if (!copied) throw new Error("Permit2's creation code is not as expected");
  const [length, offset] = copied.slice(1).map((hex) => 2 * Number.parseInt(hex, 16));
  if (creation.length !== offset + length) throw new Error("Permit2's runtime code is not the end of its creation code");
  return `0x${creation.slice(offset)}`;
}

// The key of a mapping's member in storage slot 0 (Solidity's storage layout).
function balanceSlot(address) {
  const types = [{ type: "address" }, { type: "uint256" }];
  return keccak256(encodeAbiParameters(types, [address, 0n]));
}

export function build() {
  const contracts = compile();
  const rich = [accounts.guest, ...accounts.payers];
  const storage = {};
  for (const { address } of rich) {
    storage[balanceSlot(address)] = pad(numberToHex(1000n * DOLLAR), { size: 32 });
  }
  const supply = numberToHex(1000n * DOLLAR * BigInt(rich.length));
  storage[pad("0x1", { size: 32 })] = pad(supply, { size: 32 });
  const alloc = {
    [accounts.USDC]: { balance: "0x0", code: code(contracts, "TestUSDC.sol", "TestUSDC"), storage },
    [accounts.FACTORY]: {
      balance: "0x0",
      code: code(contracts, "MiniWallet.sol", "MiniWalletFactory"),
    },
    [accounts.PERMIT2]: { balance: "0x0", code: permit2() },
    [accounts.UPTO_PROXY]: { balance: "0x0", code: code(contracts, "UptoProxy.sol", "UptoProxy") },
    [accounts.MULTICALL3]: { balance: "0x0", code: runtimeOf(multicall3Bytecode) },
    [accounts.relayer.address]: { balance: numberToHex(10n ** 24n) },
  };
  const genesis = {
    config: { chainId: accounts.CHAIN_ID },
    difficulty: "0x0",
    gasLimit: "0x1c9c380",
    timestamp: "0x0",
    alloc,
  };
  return `${JSON.stringify(genesis, null, 1)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = build();
  if (!process.argv.includes("--check")) {
    writeFileSync(file, built);
    console.log(`genesis: written, ${Math.round(built.length / 1024)} KB`);
  } else if (readFileSync(file, "utf8") === built) {
    console.log("genesis: genesis.json is what the Solidity source gives");
  } else {
    console.error("genesis: genesis.json differs from the Solidity source; run `node dev/chain/genesis.mjs`");
    process.exit(1);
  }
}
