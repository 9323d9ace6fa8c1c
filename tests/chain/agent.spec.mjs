// `npm run agent` as a person uses it, against what `npm start` runs, on ports of its own.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../dev/lib/ports.mjs";
import { runScript, startHere } from "../support/here.mjs";
import { openTerminal } from "../support/terminal.mjs";

let here, env, state, chain;

before(async () => {
  here = await startHere();
  ({ env, state, chain } = here);
});
after(() => here?.stop());

const run = (script, args = [], changes = {}, typed) => runScript(script, args, { ...env, ...changes }, typed);

async function agent(...args) {
  const one = run("agent", args);
  const code = await one.ended;
  return { code, output: one.output };
}

const earned = () => chain.balance(state.host.walletAddress);

test("within its limit it buys without asking, and shows dollars, a short hash and where to look", async () => {
  const had = await earned();
  const { code, output } = await agent("--limit", "0.10", "rsvp to the rust meetup if it is under 1 dollar");
  assert.equal(code, 0, output);
  assert.match(output, /paid {3}\$0\.05 to 0x\w{4}…\w{4}, seen on the chain\n +0x\w{4}…\w{4} http:\/\/localhost:\d+\/explorer\/tx\/0x[0-9a-f]{64}/);
  assert.match(output, /ticket http:\/\/\S+\/t\/\S+\n.*Done\./);
  assert.doesNotMatch(output, /pay\?/);
  assert.equal(await earned(), had + 50_000n);
});

test("a wallet with a key of its own buys as well", async () => {
  const had = await earned();
  const { code, output } = await agent("--wallet", "key", "--yes", "rsvp to the rust meetup");
  assert.equal(code, 0, output);
  assert.match(output, /pay\? {3}rsvpToEvent: \$0\.05 to /);
  assert.equal(await earned(), had + 50_000n);
});

test("above its limit it asks, and without a terminal nobody says yes", async () => {
  const had = await earned();
  const { code, output } = await agent("--limit", "0.10", "rsvp to the wasm workshop");
  assert.equal(code, 1, output);
  assert.match(output, /pay\? {3}rsvpToEvent: \$0\.25 to 0x\w{4}…\w{4} on eip155:84532/);
  assert.match(output, /declined; nothing was signed/);
  assert.equal(await earned(), had);
});

test("what costs more than the words allow is not bought", async () => {
  const had = await earned();
  const { code, output } = await agent("--limit", "1", "rsvp to the wasm workshop if it is under 0.10 dollars");
  assert.equal(code, 0, output);
  assert.match(output, /agent {2}.*\$0\.25/);
  assert.equal(await earned(), had);
});

test("a server that is not there, or a limit that is none, ends at once with an error", async () => {
  const begin = Date.now();
  const limit = await agent("--limit", "a lot", "list events");
  assert.equal(limit.code, 1, limit.output);
  assert.match(limit.output, /askAbove/);
  const { code, output } = await agent("--door", `http://127.0.0.1:${await freePort()}/mcp`, "list events");
  assert.equal(code, 1, output);
  assert.match(output, /the server cannot be reached/);
  assert.ok(Date.now() - begin < 20_000);
});

test("an option that is not known is told with the usage", async () => {
  const { code, output } = await agent("--sudo", "list events");
  assert.equal(code, 1);
  assert.match(output, /--sudo[^]*usage: npm run agent -- "what to do"/);
  assert.doesNotMatch(output, /\n +at /, "no stack");
});

test("without `npm start` it says what to do", async () => {
  const one = run("agent", ["list events"], { STATE_DIR: path.join(env.STATE_DIR, "none") });
  assert.equal(await one.ended, 1);
  assert.match(one.output, /npm start/);
});

// Longer than the quiet after which a session counts as being at rest.
const A_WHILE = 1_500;

test("`npm run agent` in a terminal waits for its answer, buys on y, and ends with the ticket", async () => {
  const had = await earned();
  const terminal = openTerminal(["npm", "run", "agent", "--", "rsvp to the rust meetup"], env);
  await terminal.sees(/pay\? {3}rsvpToEvent: \$0\.05/);
  await terminal.sees(/\[y\/N\]/);
  await sleep(A_WHILE);
  assert.equal(terminal.isOver, false, "it waits for its person");
  assert.equal(await earned(), had);
  terminal.type("y\r");
  await terminal.sees(/ticket http:\/\/\S+\/t\/\S+/);
  assert.equal(await terminal.ended, 0, terminal.output);
  assert.equal(await earned(), had + 50_000n);
});

test("an answer may come from a pipe", async () => {
  const had = await earned();
  const piped = run("run", ["agent", "rsvp to the rust meetup"], {}, "y\n");
  assert.equal(await piped.ended, 0, piped.output);
  assert.match(piped.output, /ticket http/);
  assert.equal(await earned(), had + 50_000n);
});

test("a word with which people leave a terminal ends it, too", async () => {
  const terminal = openTerminal([process.execPath, "dev/agent.mjs"], env);
  await terminal.sees(/ends\n> /);
  terminal.type("Quit\r");
  assert.equal(await terminal.ended, 0, terminal.output);
});

test("without a sentence it goes on line by line until Ctrl-D", async () => {
  const had = await earned();
  const terminal = openTerminal([process.execPath, "dev/agent.mjs"], env);
  await terminal.sees(/"exit" or Ctrl-D ends\n> /);
  terminal.type("list events\r");
  await terminal.sees(/Rust meetup .*\$0\.05/);
  terminal.type("rsvp to the rust meetup\r");
  await terminal.sees(/\[y\/N\]/);
  await sleep(A_WHILE);
  terminal.type("n\r");
  await terminal.sees(/declined; nothing was signed/);
  assert.equal(await earned(), had);
  await sleep(A_WHILE);
  // Typed before the question, so it is no answer to it; the one after it is.
  terminal.type("rsvp to the rust meetup\ry\r");
  await terminal.sees(/\[y\/N\]/);
  await sleep(A_WHILE);
  assert.equal(await earned(), had);
  terminal.type("y\r");
  await terminal.sees(/ticket http/);
  await sleep(A_WHILE);
  assert.equal(terminal.isOver, false);
  terminal.type("\x04");
  assert.equal(await terminal.ended, 0, terminal.output);
  assert.equal(await earned(), had + 50_000n);
});

test("Ctrl-C at the question pays nothing", async () => {
  const had = await earned();
  const terminal = openTerminal([process.execPath, "dev/agent.mjs", "rsvp to the rust meetup"], env);
  await terminal.sees(/\[y\/N\]/);
  terminal.type("\x03");
  assert.equal(await terminal.ended, 130, terminal.output);
  assert.equal(await earned(), had);
});

test("two agents and a demo at once buy a seat each", async () => {
  const had = await earned();
  const all = [run("agent", ["--yes", "rsvp to the rust meetup"]), run("agent", ["--wallet", "key", "--yes", "rsvp to the rust meetup"]), run("demo"), run("demo")];
  for (const one of all) assert.equal(await one.ended, 0, one.output);
  assert.equal(await earned(), had + 200_000n);
});
