// Third-party wallets: Safe, from its npm artifacts, and Solady's, compiled from its source.
// Neither is part of the repository or of the genesis file; both are put on the chain by the test.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { concat, encodeAbiParameters, encodeDeployData, encodeFunctionData, encodePacked } from "viem";
import { getCreate2Address, hashTypedData, keccak256, pad, parseAbi, slice } from "viem";
import { toFunctionSelector, zeroAddress, zeroHash } from "viem";
import { toSoladySmartAccount } from "viem/account-abstraction";
import { privateKeyToAccount, sign } from "viem/accounts";
import { CHAIN_ID, FACTORY } from "../../dev/chain/accounts.mjs";
import { compile } from "../../dev/chain/genesis.mjs";
import { contractWallet, send } from "./wallets.mjs";

const require = createRequire(import.meta.url);
// Anvil has it at the start, as most chains do: what it deploys has an address that is known before.
const CREATE2_DEPLOYER = "0x4e59b44847b379578588920cA78FbF26c0B4956C";

const safeAbi = parseAbi([
  "function setup(address[] owners, uint256 threshold, address, bytes, address handler, address, uint256, address)",
]);
const proxyFactoryAbi = parseAbi([
  "function createProxyWithNonce(address singleton, bytes initializer, uint256 saltNonce)",
  "function createProxyWithNonceL2(address singleton, bytes initializer, uint256 saltNonce)",
]);
const soladyFactoryAbi = parseAbi(["function createAccount(address owner, bytes32 salt)"]);

const contracts = makeContracts();

/** The factories of all contract wallets that tests have, with the one function that may be called there. */
export const factories = [
  { address: FACTORY, selector: toFunctionSelector("create(address,bytes32)") },
  { address: contracts.safeFactory.address, selector: toFunctionSelector(proxyFactoryAbi[0]) },
  { address: contracts.soladyFactory.address, selector: toFunctionSelector(soladyFactoryAbi[0]) },
];

/** Puts what the wallets are made of on the chain; once for each chain. */
export async function installWallets(chain) {
  for (const { address, code } of Object.values(contracts)) {
    await send(chain, { to: CREATE2_DEPLOYER, data: concat([zeroHash, code]) });
    if (!(await chain.client.getCode({ address }))) throw new Error(`nothing was deployed at ${address}`);
  }
}

/**
 * A Safe with one owner. Its own signature has 65 bytes, as a key's has, and its factory reverts when
 * the wallet is there already. `caller` is another function of the factory that makes the same wallet.
 */
export async function safeWallet(chain, owner, { caller = "createProxyWithNonce" } = {}) {
  const { safe, safeFactory, safeHandler, safeProxy } = contracts;
  const setup = [[owner.address], 1n, zeroAddress, "0x", safeHandler.address, zeroAddress, 0n, zeroAddress];
  const initializer = encodeFunctionData({ abi: safeAbi, functionName: "setup", args: setup });
  const args = [safe.address, initializer, 0n];
  const data = encodeFunctionData({ abi: proxyFactoryAbi, functionName: caller, args });
  const address = getCreate2Address({
    from: safeFactory.address,
    salt: keccak256(encodePacked(["bytes32", "uint256"], [keccak256(initializer), 0n])),
    bytecode: concat([safeProxy, pad(safe.address)]),
  });
  // The owner signs that the Safe says it, not the thing itself.
  const signature = async (digest) => {
    const message = encodeAbiParameters([{ type: "bytes32" }], [digest]);
    const domain = { chainId: CHAIN_ID, verifyingContract: address };
    const types = { SafeMessage: [{ name: "message", type: "bytes" }] };
    const hash = hashTypedData({ domain, types, primaryType: "SafeMessage", message: { message } });
    return sign({ hash, privateKey: owner.privateKey, to: "hex" });
  };
  return contractWallet(chain, { address, factory: safeFactory.address, data, signature });
}

/** Solady's wallet as viem makes it: viem signs (ERC-7739), and wraps by itself. */
export async function soladyWallet(chain, owner) {
  const factoryAddress = contracts.soladyFactory.address;
  const salt = pad(owner.address, { dir: "right", size: 32 });
  const account = privateKeyToAccount(owner.privateKey);
  const wallet = await toSoladySmartAccount({ client: chain.client, owner: account, factoryAddress, salt });
  const args = [owner.address, salt];
  const data = encodeFunctionData({ abi: soladyFactoryAbi, functionName: "createAccount", args });
  return {
    address: wallet.address,
    factory: { address: factoryAddress, selector: slice(data, 0, 4), data },
    signTypedData: (typedData) => wallet.signTypedData(typedData),
    signMessage: (message) => wallet.signMessage(message),
    deploy: () => send(chain, { to: factoryAddress, data }),
  };
}

/** What is deployed, and where it will be. */
function makeContracts() {
  const artifact = (name) =>
    require(`@safe-global/safe-smart-account/build/artifacts/contracts/${name}.sol/${name.split("/").at(-1)}.json`);
  const compiled = compile([fileURLToPath(new URL("contracts/SoladyWallet.sol", import.meta.url))])["SoladyWallet.sol"];
  const from = CREATE2_DEPLOYER;
  const place = (code) => ({ code, address: getCreate2Address({ from, salt: zeroHash, bytecode: code }) });
  const soladyWallet = place(`0x${compiled.SoladyWallet.evm.bytecode.object}`);
  const made = {
    safe: place(artifact("Safe").bytecode),
    safeFactory: place(artifact("proxies/SafeProxyFactory").bytecode),
    safeHandler: place(artifact("handler/CompatibilityFallbackHandler").bytecode),
    soladyWallet,
    soladyFactory: place(
      encodeDeployData({
        abi: compiled.SoladyFactory.abi,
        bytecode: `0x${compiled.SoladyFactory.evm.bytecode.object}`,
        args: [soladyWallet.address],
      }),
    ),
  };
  // Not deployed by itself: the factory carries it.
  return Object.defineProperty(made, "safeProxy", { value: artifact("proxies/SafeProxy").bytecode });
}
