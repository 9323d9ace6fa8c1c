// Wallets with money: as many keys as a test needs, and wallets that are contracts.
import { concat, createWalletClient, encodeAbiParameters, encodeFunctionData, hashTypedData, http } from "viem";
import { keccak256, multicall3Abi, parseAbi, toHex, zeroHash } from "viem";
import { privateKeyToAccount, sign } from "viem/accounts";
import { baseSepolia } from "viem/chains";
import { FACTORY, MULTICALL3, relayer, USDC } from "../../dev/chain/accounts.mjs";
import { usdcAbi } from "../../dev/chain/chain.mjs";

const MAGIC = "0x6492649264926492649264926492649264926492649264926492649264926492";
const MINTS_PER_TRANSACTION = 100;
const factoryAbi = parseAbi([
  "function addressOf(address owner, bytes32 salt) view returns (address)",
  "function create(address owner, bytes32 salt) returns (address)",
]);

/** A wallet of our factory: wraps its signature (ERC-6492) until it is on the chain. It has no money yet. */
export async function miniWallet(chain, owner, { tampers = false } = {}) {
  const args = [owner.address, zeroHash];
  const address = await chain.client.readContract({ address: FACTORY, abi: factoryAbi, functionName: "addressOf", args });
  return {
    address,
    async signTypedData(typedData) {
      const hash = tampers ? zeroHash : hashTypedData(typedData);
      const signature = concat(["0x01", await sign({ hash, privateKey: owner.privateKey, to: "hex" })]);
      if (await chain.client.getCode({ address })) return signature;
      const data = encodeFunctionData({ abi: factoryAbi, functionName: "create", args });
      const types = [{ type: "address" }, { type: "bytes" }, { type: "bytes" }];
      return concat([encodeAbiParameters(types, [FACTORY, data, signature]), MAGIC]);
    },
  };
}

/**
 * The same with money. `deployed` puts it on the chain; that and the money are transactions of the
 * relayer, so nobody may be paying meanwhile.
 */
export async function fundedWallet({ chain }, owner, { deployed = false, ...options } = {}) {
  const wallet = await miniWallet(chain, owner, options);
  await chain.mint(wallet.address, 1_000_000n);
  if (deployed) {
    const account = privateKeyToAccount(relayer.privateKey);
    const sender = createWalletClient({ account, chain: baseSepolia, transport: http(chain.url) });
    const args = [owner.address, zeroHash];
    const hash = await sender.writeContract({ address: FACTORY, abi: factoryAbi, functionName: "create", args });
    await chain.client.waitForTransactionReceipt({ hash });
  }
  return wallet;
}

/** `count` accounts that nobody else has: those of another `name` are others. They have no money yet. */
export function accountsOf(name, count) {
  return Array.from({ length: count }, (_, index) => {
    const privateKey = keccak256(toHex(`${name} ${index}`));
    return { privateKey, address: privateKeyToAccount(privateKey).address };
  });
}

/** Gives each of them test USDC, in few transactions. Not while the facilitator sends its own. */
export async function mintAll(chain, addresses, value) {
  const account = privateKeyToAccount(relayer.privateKey);
  const wallet = createWalletClient({ account, chain: baseSepolia, transport: http(chain.url) });
  const calls = addresses.map((to) => ({
    target: USDC,
    allowFailure: false,
    callData: encodeFunctionData({ abi: usdcAbi, functionName: "mint", args: [to, value] }),
  }));
  for (let done = 0; done < calls.length; done += MINTS_PER_TRANSACTION) {
    const args = [calls.slice(done, done + MINTS_PER_TRANSACTION)];
    const hash = await wallet.writeContract({ address: MULTICALL3, abi: multicall3Abi, functionName: "aggregate3", args });
    await chain.client.waitForTransactionReceipt({ hash });
  }
}
