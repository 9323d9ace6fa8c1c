// The local network itself: the contracts are what their source says, the chain keeps its state,
// the facilitator settles many payments at once.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { guest, MULTICALL3, payers, UPTO_PROXY } from "../../dev/chain/accounts.mjs";
import { startChain } from "../../dev/chain/chain.mjs";
import { build } from "../../dev/chain/genesis.mjs";
import { createEvent, openServer, startNetwork, until } from "../support/network.mjs";
import { payFor, rsvp } from "../support/pay.mjs";

test("genesis.json is what the Solidity source gives", () => {
  const kept = readFileSync(new URL("../../dev/chain/genesis.json", import.meta.url), "utf8");
  assert.equal(kept, build(), "run `node dev/chain/genesis.mjs`");
});

/** The newest block in the file. It is written every few seconds, so half of it may be there. */
function writtenUpTo(stateFile) {
  try {
    return JSON.parse(readFileSync(stateFile, "utf8")).best_block_number;
  } catch {
    return 0;
  }
}

test("the chain keeps its state, also when it is killed, and lives in the present", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "chain-"));
  const stateFile = path.join(folder, "chain.json");
  try {
    let chain = await startChain({ stateFile });
    const had = await chain.balance(guest.address);
    await chain.mint(guest.address, 5n);
    await chain.stop();
    chain = await startChain({ stateFile });
    assert.equal(await chain.balance(guest.address), had + 5n);
    const { blockNumber } = await chain.mint(guest.address, 7n);
    await until(() => writtenUpTo(stateFile) >= blockNumber);
    chain.child.kill("SIGKILL");
    await new Promise((resolve) => chain.child.once("exit", resolve));
    chain = await startChain({ stateFile });
    assert.equal(await chain.balance(guest.address), had + 12n);
    const { timestamp } = await chain.client.getBlock();
    assert.ok(Math.abs(Number(timestamp) - Date.now() / 1000) < 5);
    assert.ok(await chain.client.getCode({ address: MULTICALL3 }));
    // As in a state from before that contract.
    await chain.test.setCode({ address: UPTO_PROXY, bytecode: "0x" });
    await chain.stop();
    chain = await startChain({ stateFile });
    assert.ok(await chain.client.getCode({ address: UPTO_PROXY }));
    await chain.stop();
    writeFileSync(stateFile, "{");
    await assert.rejects(startChain({ stateFile }), /--fresh/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("twenty payments at once are all settled", async () => {
  const network = await startNetwork();
  try {
    const server = await openServer(network);
    const event = await createEvent(network, server);
    const payments = await Promise.all(
      payers.slice(0, 20).map((payer, index) => payFor(network, server, event, payer, 1 + (index % 2))),
    );
    const answers = await Promise.all(payments.map((payment) => rsvp(network, server, event, payment)));
    assert.deepEqual(answers.map(({ status }) => status), Array(20).fill(200));
    assert.equal(await network.chain.balance(server.payTo), 20n * 50_000n);
  } finally {
    await network.stop();
  }
});
