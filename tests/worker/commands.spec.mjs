// What a command says before it does anything: help, and a sentence where something is wrong. No Worker is needed.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { getAddress } from "viem";
import { COMMANDS } from "../../dev/lib/commands.mjs";
import { NETWORKS, SOLANA_NETWORKS } from "../../dev/lib/networks.mjs";
import { Failure, inOneSentence, root } from "../../dev/lib/process.mjs";
import { columns, dollars, when } from "../../dev/lib/terminal.mjs";

const run = (...args) => spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", input: "" });

test("every npm script has help, and showing it does nothing else", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const names = new Set(Object.values(scripts).map((line) => /^node dev\/run\.mjs (\w+)/.exec(line)?.[1]));
  assert.deepEqual([...names].sort(), Object.keys(COMMANDS).sort());
  for (const name of names) {
    for (const flag of ["--help", "-h"]) {
      const { status, stdout, stderr } = run("dev/run.mjs", name, flag);
      assert.deepEqual([status, stderr], [0, ""], name);
      assert.equal(stdout.trim(), COMMANDS[name].help, name);
    }
  }
});

test("a script that is run without npm has the same help", () => {
  for (const script of ["dev/agent.mjs", "dev/demo.mjs", "dev/start.mjs", "dev/doctor.mjs", "dev/pay.mjs", "dev/backup.mjs", "dev/restore.mjs", "bench/run.mjs", "bench/facilitators.mjs"]) {
    const { status, stdout } = run(script, "--help");
    assert.equal(status, 0, script);
    assert.match(stdout, /^(npm|node) /, script);
  }
});

test("an option that is not known is one sentence with a next step", () => {
  for (const script of ["dev/demo.mjs", "dev/doctor.mjs", "dev/agent.mjs", "dev/pay.mjs", "dev/start.mjs", "dev/simulate.mjs", "dev/fuzz.mjs", "dev/backup.mjs", "dev/restore.mjs"]) {
    const { status, stdout, stderr } = run(script, "--sudo");
    assert.equal(status, 1, script);
    assert.equal(stdout, "", script);
    assert.match(stderr, /--help|usage:|it takes/, script);
    assert.doesNotMatch(stderr, /\n +at /, script);
  }
});

test("what nobody has thought of is a sentence too", () => {
  const error = new TypeError("x is not a function\nmore");
  assert.equal(inOneSentence(error), "this should not have happened: x is not a function; DEBUG=1 in front of the command shows where");
  assert.equal(inOneSentence(new Failure("do this")), "do this");
});

test("times, money and columns are written for people", () => {
  assert.equal(when("2027-03-01T17:30:00Z", "Europe/Berlin"), "Mon 1 Mar 2027, 18:30 CET");
  assert.equal(when("2027-03-01T17:30:00Z"), "Mon 1 Mar 2027, 17:30 UTC");
  assert.equal(when("2027-03-01T17:30:00Z", "Mars/Olympus"), "Mon 1 Mar 2027, 17:30 UTC");
  assert.equal(when("soon", "Europe/Berlin"), "soon");
  assert.deepEqual(["0", "50000", "1234567", "1000000"].map(dollars), ["$0.00", "$0.05", "$1.234567", "$1.00"]);
  assert.deepEqual(columns([["a", "b"], ["long", "c"], ["übung", "d", "e"]]), ["  a      b", "  long   c", "  übung  d  e"]);
});

test("the scripts know the networks of the Worker, with the same USDC", () => {
  const source = readFileSync(join(root, "src", "chain", "networks.rs"), "utf8");
  const field = (block, name) => new RegExp(`${name}: (?:address!\\()?"?([^",)]+)`).exec(block)[1];
  const blocks = source.split("    Network {\n").slice(1);
  const theirs = blocks.map((block) => ({
    network: field(block, "caip2"),
    v1: field(block, "v1_name"),
    usdc: `0x${field(block, "usdc")}`,
    name: field(block, "name"),
    token: field(block, "eip712_name"),
    explorer: field(block, "explorer"),
    isTestnet: field(block, "is_testnet") === "true",
  }));
  assert.deepEqual(NETWORKS.map(({ chain: _, ...facts }) => facts), theirs);
  for (const { usdc } of NETWORKS) assert.equal(getAddress(usdc.toLowerCase()), usdc, "its checksum (EIP-55)");
  const ofSolana = readFileSync(join(root, "src", "chain", "solana", "networks.rs"), "utf8").split("    SolanaNetwork {\n").slice(1);
  assert.deepEqual(SOLANA_NETWORKS, ofSolana.map((block) => ({ network: field(block, "caip2"), isTestnet: field(block, "is_testnet") === "true" })));
  assert.equal(source.match(/eip712_version: "2"/g).length, NETWORKS.length);
});
