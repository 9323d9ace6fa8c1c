// The demo and the agent at a deployment that is not of this machine, for all it knows: with a key from a file.
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { runToEnd } from "../support/here.mjs";
import { createEvent, openServer } from "../support/network.mjs";
import { startStage } from "../support/stage.mjs";

let stage, network, server, folder, target;

before(async () => {
  stage = await startStage({ isAway: true });
  ({ network } = stage);
  server = await openServer(network);
  await createEvent(network, server, { title: "Rust meetup", timeZone: "Europe/Berlin" });
  folder = mkdtempSync(path.join(tmpdir(), "concierge-deployed-"));
  target = ["--server", server.mcpUrl, "--rpc", network.chain.url];
});
after(async () => {
  await stage?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const run = (script, args, typed) => runToEnd(script, args, { STATE_DIR: path.join(folder, "none") }, typed);

/** A file with a new key, and its address. */
function keyFile(name, mode = 0o600) {
  const [file, key] = [path.join(folder, name), generatePrivateKey()];
  writeFileSync(file, `${key}\n`);
  chmodSync(file, mode);
  return { file, key, address: privateKeyToAccount(key).address };
}

test("a wallet without money is told where test USDC comes from, and nothing is signed", async () => {
  const { file, key, address } = keyFile("poor");
  const { code, output } = await run("demo", [...target, "--key-file", file]);
  assert.equal(code, 1, output);
  assert.match(output, new RegExp(`${address} holds \\$0\\.00 of USDC on Base Sepolia and needs \\$0\\.05: get test USDC for it at https://faucet\\.circle\\.com .*gas is not needed`));
  assert.ok(!output.includes(key.slice(2)));
  assert.doesNotMatch(output, /\n +at /, "no stack");
});

test("with money the demo buys a seat, and ends with the transaction in the explorer", async () => {
  const { file, key, address } = keyFile("rich");
  await network.chain.mint(address, 1_000_000n);
  const { code, output } = await run("demo", [...target, "--key-file", file]);
  assert.equal(code, 0, output);
  assert.match(output, /balance +\$1\.00 of USDC \(test USDC comes from https:\/\/faucet\.circle\.com; gas is not needed\)/);
  assert.match(output, /\$0\.05 +Rust meetup +Fri 1 Mar 2030, 19:30 CET +50 seats left/);
  assert.match(output, /look at it +https:\/\/sepolia\.basescan\.org\/tx\/0x[0-9a-f]{64}\n$/);
  assert.equal(await network.chain.balance(address), 950_000n);
  assert.ok(!output.includes(key.slice(2)));
});

test("the agent pays there with the same key, when its person says yes", async () => {
  const { file, address } = keyFile("agent");
  await network.chain.mint(address, 1_000_000n);
  const scope = new URL(server.mcpUrl).pathname;
  const args = [...target, "--door", `${network.publicUrl}${scope}`, "--key-file", file, "rsvp to the rust meetup"];
  const { code, output } = await run("agent", args, "y\n");
  assert.equal(code, 0, output);
  assert.match(output, new RegExp(`wallet +${address} holds \\$1\\.00 of USDC on Base Sepolia \\(test USDC comes from https://faucet`));
  assert.match(output, /https:\/\/sepolia\.basescan\.org\/tx\/0x[0-9a-f]{64}/);
  assert.match(output, /ticket https:\/\/concierge\.example\/t\//);
  assert.equal(await network.chain.balance(address), 950_000n);
});

test("a new key is made on request, for its owner only, and none is written over", async () => {
  const file = path.join(folder, "new");
  const first = await run("demo", [...target, "--new-key", file]);
  assert.equal(first.code, 1, first.output);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const key = readFileSync(file, "utf8").trim();
  assert.ok(first.output.includes(privateKeyToAccount(key).address));
  assert.ok(!first.output.includes(key.slice(2)));
  const second = await run("demo", [...target, "--new-key", file]);
  assert.match(second.output, /is there already and is kept/);
  assert.equal(readFileSync(file, "utf8").trim(), key);
});

test("a file that others can read is warned about, one that holds no key is refused and not shown", async () => {
  const open = await run("demo", [...target, "--key-file", keyFile("open", 0o644).file]);
  assert.match(open.output, /others on this machine can read .*: chmod 600 /);
  const file = path.join(folder, "words");
  writeFileSync(file, "hunter2 hunter2\n", { mode: 0o600 });
  const words = await run("demo", [...target, "--key-file", file]);
  assert.equal(words.code, 1);
  assert.match(words.output, /has to hold one private key of 64 hex digits/);
  assert.doesNotMatch(words.output, /hunter2/);
  const none = path.join(folder, "nothing-here");
  assert.match((await run("agent", [...target, "--key-file", none, "list events"])).output, /cannot be read \(ENOENT\)/);
  assert.ok(!existsSync(none));
});

test("what cannot be used as a server is told in a sentence", async () => {
  for (const [args, pattern] of [
    [["--server", "not an address"], /--server takes a host's server URL/],
    [["--server", "http://events.example/mcp/users/0123456789abcdef0123456789abcdef"], /has to begin with https/],
    [["--server", `${new URL(server.mcpUrl).origin}/somewhere`], /--server takes a host's server URL/],
    [["--server", "http://127.0.0.1:9/mcp/users/0123456789abcdef0123456789abcdef"], /does not answer/],
    [target, /pay with a key: --key-file FILE, or --new-key FILE/],
  ]) {
    const { code, output } = await run("demo", args);
    assert.equal(code, 1);
    assert.match(output, pattern);
    assert.doesNotMatch(output, /\n +at /, "no stack");
  }
});
