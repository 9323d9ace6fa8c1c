// Smart wallets that pay: of dev/chain/contracts/MiniWallet.sol, with money.
import { concat, createWalletClient, encodeAbiParameters, encodeFunctionData, hashTypedData, http, parseAbi, zeroHash } from "viem";
import { privateKeyToAccount, sign } from "viem/accounts";
import { baseSepolia } from "viem/chains";
import { FACTORY, relayer } from "../../dev/chain/accounts.mjs";

const MAGIC = "0x6492649264926492649264926492649264926492649264926492649264926492";
const factoryAbi = parseAbi([
  "function addressOf(address owner, bytes32 salt) view returns (address)",
  "function create(address owner, bytes32 salt) returns (address)",
]);

/**
 * A wallet of our factory: wraps its signature (ERC-6492) until it is on the chain. `deployed` puts it
 * there; that and the money are transactions of the relayer, so nobody may be paying meanwhile.
 */
export async function miniWallet(network, owner, { tampers = false, deployed = false } = {}) {
  const { client, mint, url } = network.chain;
  const args = [owner.address, zeroHash];
  const address = await client.readContract({ address: FACTORY, abi: factoryAbi, functionName: "addressOf", args });
  await mint(address, 1_000_000n);
  if (deployed) {
    const account = privateKeyToAccount(relayer.privateKey);
    const sender = createWalletClient({ account, chain: baseSepolia, transport: http(url) });
    const hash = await sender.writeContract({ address: FACTORY, abi: factoryAbi, functionName: "create", args });
    await client.waitForTransactionReceipt({ hash });
  }
  return {
    address,
    async signTypedData(typedData) {
      const hash = tampers ? zeroHash : hashTypedData(typedData);
      const signature = concat(["0x01", await sign({ hash, privateKey: owner.privateKey, to: "hex" })]);
      if (await client.getCode({ address })) return signature;
      const data = encodeFunctionData({ abi: factoryAbi, functionName: "create", args });
      const types = [{ type: "address" }, { type: "bytes" }, { type: "bytes" }];
      return concat([encodeAbiParameters(types, [FACTORY, data, signature]), MAGIC]);
    },
  };
}
