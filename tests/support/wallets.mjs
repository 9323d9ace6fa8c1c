// Wallets with money: as many keys as a test needs, and wallets that are contracts.
import { concat, createWalletClient, encodeFunctionData, hashMessage, hashTypedData, http, keccak256 } from "viem";
import { multicall3Abi, parseAbi, serializeErc6492Signature, slice, toHex, zeroHash } from "viem";
import { privateKeyToAccount, sign } from "viem/accounts";
import { baseSepolia } from "viem/chains";
import { deployer, FACTORY, MULTICALL3, relayer, USDC } from "../../dev/chain/accounts.mjs";
import { usdcAbi } from "../../dev/chain/chain.mjs";

const MINTS_PER_TRANSACTION = 100;
const factoryAbi = parseAbi([
  "function addressOf(address owner, bytes32 salt) view returns (address)",
  "function create(address owner, bytes32 salt) returns (address)",
]);

/** Sends a transaction from the deployer's account, so that no facilitator's nonce changes. */
export async function send(chain, transaction) {
  const account = privateKeyToAccount(deployer.privateKey);
  const sender = createWalletClient({ account, chain: baseSepolia, transport: http(chain.url) });
  const hash = await sender.sendTransaction(transaction);
  const receipt = await chain.client.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success") throw new Error(`${hash} failed`);
  return receipt;
}

/**
 * A wallet that is a contract. `data` is what its factory is called with, `signature` gives what the
 * contract itself accepts under a digest; that is wrapped (ERC-6492) until the wallet is on the chain.
 */
export function contractWallet(chain, { address, factory, data, signature }) {
  const signs = async (digest) => {
    const bare = await signature(digest);
    if (await chain.client.getCode({ address })) return bare;
    return serializeErc6492Signature({ address: factory, data, signature: bare });
  };
  return {
    address,
    factory: { address: factory, selector: slice(data, 0, 4), data },
    signTypedData: (typedData) => signs(hashTypedData(typedData)),
    signMessage: ({ message }) => signs(hashMessage(message)),
    deploy: () => send(chain, { to: factory, data }),
  };
}

/** A wallet of our factory, or of a copy of it. It has no money yet. */
export async function miniWallet(chain, owner, { tampers = false, factory = FACTORY } = {}) {
  const args = [owner.address, zeroHash];
  const question = { address: factory, abi: factoryAbi, functionName: "addressOf", args };
  const address = await chain.client.readContract(question);
  const data = encodeFunctionData({ abi: factoryAbi, functionName: "create", args });
  const signature = async (digest) => {
    const hash = tampers ? zeroHash : digest;
    return concat(["0x01", await sign({ hash, privateKey: owner.privateKey, to: "hex" })]);
  };
  return contractWallet(chain, { address, factory, data, signature });
}

/**
 * The same with money. The relayer mints it, so nothing else may use the relayer's nonce meanwhile. `deployed` puts it
 * on the chain.
 */
export async function fundedWallet({ chain }, owner, { deployed = false, ...options } = {}) {
  const wallet = await miniWallet(chain, owner, options);
  await chain.mint(wallet.address, 1_000_000n);
  if (deployed) await wallet.deploy();
  return wallet;
}

/** `count` accounts derived from `name`, without money. */
export function accountsOf(name, count) {
  return Array.from({ length: count }, (_, index) => {
    const privateKey = keccak256(toHex(`${name} ${index}`));
    return { privateKey, address: privateKeyToAccount(privateKey).address };
  });
}

/** Gives each of them test USDC, in few transactions. Not while the facilitator sends: they share an account. */
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
