// A chain that forgets its newest blocks.
import assert from "node:assert/strict";
import { deployer } from "../../dev/chain/accounts.mjs";

/** `act` runs while the chain makes blocks only when it is told to. */
export async function withoutBlocks({ test }, act) {
  await test.setAutomine(false);
  await test.setIntervalMining({ interval: 0 });
  try {
    return await act();
  } finally {
    await test.setAutomine(true);
    await test.setIntervalMining({ interval: 1 });
  }
}

/** Drops the block with the transaction `hash` and all after it; `isThere` tells whether its money is still there. */
export async function drop({ client }, hash, isThere) {
  const { blockNumber } = await client.getTransactionReceipt({ hash });
  // A new block may come between question and order; then it was one too few.
  while (await isThere()) {
    const depth = Number((await client.getBlockNumber({ cacheTime: 0 })) - blockNumber) + 1;
    await client.request({ method: "anvil_reorg", params: [depth, []] });
  }
}

/** The chain forgets the block of a transaction and all after it. `minesAgain`: another block has the transaction. */
export function reorganize(chain, hash, { minesAgain }) {
  const { client } = chain;
  return withoutBlocks(chain, async () => {
    const { blockNumber } = await client.getTransactionReceipt({ hash });
    const raw = await client.request({ method: "eth_getRawTransactionByHash", params: [hash] });
    const depth = Number((await client.getBlockNumber({ cacheTime: 0 })) - blockNumber) + 1;
    const { hash: forgotten } = await client.getBlock({ blockNumber });
    // Without another transaction, a block that is made within the same second as the forgotten one equals it.
    const other = { from: deployer.address, to: deployer.address, value: "0x1", gas: "0x5208" };
    await client.request({ method: "anvil_reorg", params: [depth, minesAgain ? [[raw, 0], [other, 0]] : []] });
    assert.notEqual((await client.getBlock({ blockNumber })).hash, forgotten, "there was a reorganization");
  });
}
