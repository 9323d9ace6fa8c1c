// `npm run matrix`: every client of the rows calls a free tool and buys a seat, on a local chain. Writes what they did
// into the table of docs/clients.md.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "../../dev/build.mjs";
import { bundle } from "../../dev/bundle.mjs";
import { payers } from "../../dev/chain/accounts.mjs";
import { Failure, parseOptions, root, runMain, step } from "../../dev/lib/process.mjs";
import { runSpec } from "../../dev/lib/specs.mjs";
import { startOwnNetwork } from "../support/facilitators.mjs";
import { createEvent, openServer, patch, startNetwork } from "../support/network.mjs";
import { documentedPrograms, runProgram, settingsFor, transactionIn } from "../support/programs.mjs";
import { buysASeat } from "../support/seats.mjs";
import { approvePermit2 } from "../support/upto.mjs";
import { runConformance } from "./conformance.mjs";
import { install } from "./install.mjs";
import { ROWS } from "./rows.mjs";
import { expected, tableOf, titleOf, writeTable } from "./table.mjs";

const logs = path.join(root, ".dev/matrix/logs");
const python = path.join(root, ".dev/matrix/python");
const CAPACITY = 200;

async function main(args) {
  const { values } = parseOptions("matrix", { args, options: { only: { type: "string", default: "" } } });
  const chosen = ROWS.filter((row) => row.name.includes(values.only));
  if (chosen.length === 0) throw new Failure(`no client of the matrix has "${values.only}" in its name`);
  const documented = documentedPrograms();
  const codeOf = (language) => documented.find((program) => program.language === language).code;
  const commandOf = await install(codeOf("Rust"));
  writeFileSync(path.join(python, "buy.py"), codeOf("Python"));
  await step("build", () => build().then(bundle));

  const results = new Map();
  const note = (row, result) => {
    results.set(row, result);
    console.log(`${result === expected(row) ? "✔" : "✖"} ${`${row.language} ${titleOf(row)}`.replaceAll("`", "").padEnd(64)} ${row.speaks.padEnd(24)} ${result}`);
  };
  await runTests(chosen.filter(({ test }) => test), note);
  const programs = chosen.filter(({ test }) => !test);
  await runPrograms(programs.filter(({ upto }) => !upto), commandOf, note);
  await runUpto(programs.filter(({ upto }) => upto), commandOf, note);
  const conforms = values.only !== "" || (await runConformance(path.join(python, "mcp1/bin/x402conf")));
  if (values.only === "") writeTable(tableOf((row) => results.get(row)));
  const wrong = chosen.filter((row) => results.get(row) !== expected(row)).length;
  console.log(`${chosen.length - wrong} of ${chosen.length} clients as expected${values.only === "" ? "; the table is in docs/clients.md" : ""}`);
  if (wrong > 0 || !conforms) process.exitCode = 1;
}

/** The rows that `npm test` has already: their files are run, and each row is a test of them. */
async function runTests(rows, note) {
  mkdirSync(logs, { recursive: true });
  for (const file of new Set(rows.map(({ test }) => test.file))) {
    await runSpec(file, 0, { folder: logs });
    const tap = readFileSync(path.join(logs, `${file.split("/").slice(1).join("-")}.tap`), "utf8");
    const passed = new Set([...tap.matchAll(/^ok \d+ - (.*)$/gm)].map(([, title]) => title));
    for (const row of rows.filter(({ test }) => test.file === file)) note(row, passed.has(row.test.title) ? expected(row) : `does not pay; see ${file}`);
  }
}

/** The rows that are programs: one after the other, each with a wallet that has no seat yet. */
async function runPrograms(rows, commandOf, note) {
  const network = await startNetwork();
  try {
    const server = await openServer(network);
    // A host that is found has the longer challenges: how its tools are called is in them.
    await patch(network, "/api/users/me", { listed: true }, server.token);
    const events = [];
    for (const [index, row] of rows.entries()) {
      if (index % payers.length === 0) events.push(await createEvent(network, server, { capacity: CAPACITY }));
      const place = { network, server, event: events.at(-1) };
      note(row, await resultOf(row, place, payers[index % payers.length], commandOf));
    }
  } finally {
    await network.stop();
  }
}

/** The rows that allow the price of two seats: one is left, and the wallet has approved Permit2. */
async function runUpto(rows, commandOf, note) {
  if (rows.length === 0) return;
  const network = await startOwnNetwork();
  try {
    const server = await openServer(network);
    for (const [index, row] of rows.entries()) {
      const event = await createEvent(network, server, { capacity: 1 });
      await approvePermit2(network.chain, payers[index]);
      note(row, await resultOf(row, { network, server, event }, payers[index], commandOf));
    }
  } finally {
    await network.stop();
  }
}

const resultOf = (row, place, payer, commandOf) =>
  (row.fault ? cannotPay : pays)(row, place, payer, commandOf).then(
    () => expected(row),
    (error) => {
      writeFileSync(path.join(logs, "last-failure.log"), String(error.stack));
      return `does not pay: ${reasonIn(String(error.message))}`;
    },
  );

/** The line that says most: the first that names an error, after the one with the command. */
function reasonIn(message) {
  const [first, ...lines] = message.trim().split("\n").map((line) => line.trim());
  return (lines.find((line) => /error/i.test(line)) ?? first).slice(0, 200);
}

async function pays(row, place, payer, commandOf) {
  await buysASeat(place, payer, async () => {
    const printed = await started(row, place, payer, commandOf);
    if (row.documented) return transactionIn(printed);
    const { free, paid } = JSON.parse(printed.trim().split("\n").at(-1));
    assert.ok(JSON.stringify(free).includes(place.event.id), "the free tool names the event");
    return transactionIn(JSON.stringify(paid));
  });
}

/** A client that cannot pay says why, and no money moves. */
async function cannotPay(row, { network, server, event }, payer, commandOf) {
  const had = await network.chain.balance(payer.address);
  await assert.rejects(started(row, { network, server, event }, payer, commandOf), row.fault.shows);
  assert.equal(await network.chain.balance(payer.address), had);
}

function started(row, place, payer, commandOf) {
  const program = row.documented === "Python" ? [row.at, "buy.py"] : row.documented ? ["rust", "documented"] : row.program;
  const { command, cwd } = commandOf(program);
  return runProgram(command, { cwd, env: settingsFor(place, payer) });
}

await runMain(import.meta.url, main);
