// The commands of the README, and of the pages that a newcomer reads next, typed as they stand there.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { root } from "../../dev/lib/process.mjs";
import { startHere } from "../support/here.mjs";

const blocksOf = (page) => [...readFileSync(path.join(root, page), "utf8").matchAll(/```sh\n([^]*?)```/g)].map(([, text]) => text);
const blocks = ["README.md", "docs/connect.md", "docs/guest-agent.md"].flatMap(blocksOf);
const typed = new Set();
let here, folder;

before(async () => {
  here = await startHere();
  // Where the README is read, .dev/ is the state of what runs.
  folder = mkdtempSync(path.join(tmpdir(), "concierge-readme-"));
  symlinkSync(here.folder, path.join(folder, ".dev"));
  symlinkSync(path.join(root, "dev"), path.join(folder, "dev"));
  mkdirSync(path.join(here.folder, "mail"), { recursive: true });
});
after(async () => {
  await here?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** A block as a shell takes it; `input` comes from standard input. */
async function shell(text, { cwd = root, input = "" } = {}) {
  typed.add(text);
  const child = spawn("bash", ["-euo", "pipefail", "-c", text], { cwd, env: { ...process.env, ...here.env } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  child.stdin.end(input);
  const code = await new Promise((resolve) => child.on("close", resolve));
  return { code, output };
}

const blockWith = (text) => blocks.find((block) => block.includes(text));

test("the first command is the one that these tests have started with", () => {
  assert.match(blocks[0], /^npm start\b/);
  typed.add(blocks[0]);
});

test("the README names the command that the tests of a change are run with", () => {
  const readme = readFileSync(path.join(root, "README.md"), "utf8");
  const command = readFileSync(path.join(root, ".ci/run"), "utf8").trim().split("\n").at(-1);
  assert.ok(readme.includes(`\`${command}\``), command);
});

test("the demo", async () => {
  const { code, output } = await shell(blockWith("npm run demo"));
  assert.equal(code, 0, output);
  assert.match(output, /look at it +http:\/\/localhost:\d+\/explorer\/tx\/0x/);
});

test("the agent, which is told yes", async () => {
  const { code, output } = await shell(blockWith("npm run agent"), { input: "y\n" });
  assert.equal(code, 0, output);
  assert.match(output, /ticket http/);
});

test("the session with curl buys a seat", async () => {
  const { host, guest } = here.state;
  const [earned, had] = [await here.chain.balance(host.walletAddress), await here.chain.balance(guest.address)];
  const { code, output } = await shell(blockWith("curl"), { cwd: folder });
  assert.equal(code, 0, output);
  assert.match(output, /"title":"Rust meetup"/);
  assert.match(output, /HTTP\/1\.1 402 /);
  assert.match(output, /signed: \$0\.05 of USDC from 0x\w{4}…\w{4} to 0x\w{4}…\w{4} on Base Sepolia/);
  assert.match(output, /"ticketUrl":"http:[^"]+\/t\//);
  assert.equal(await here.chain.balance(host.walletAddress), earned + 50_000n);
  assert.equal(await here.chain.balance(guest.address), had - 50_000n);
});

test("the helper signs for no more than it may, and only a challenge", async () => {
  const dear = await shell("node dev/pay.mjs .dev/challenge.txt --limit 0.04", { cwd: folder });
  assert.equal(dear.code, 1);
  assert.match(dear.output, /asks for \$0\.05, more than \$0\.04; nothing was signed/);
  const none = await shell("node dev/pay.mjs .dev/state.json", { cwd: folder });
  assert.equal(none.code, 1);
  assert.match(none.output, /holds no challenge/);
});

test("no command of these pages was left out", () => {
  assert.deepEqual(
    blocks.filter((block) => !typed.has(block)),
    [],
  );
});
