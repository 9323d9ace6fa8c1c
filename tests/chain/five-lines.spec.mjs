// The programs of docs/clients.md that need nothing but npm, run as they stand there. `npm run matrix` runs all of them.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { payers } from "../../dev/chain/accounts.mjs";
import { root } from "../../dev/lib/process.mjs";
import { payingPrograms } from "../../web/src/pages/host/settings/programs.ts";
import { createEvent, openServer, startNetwork } from "../support/network.mjs";
import { documentedPrograms, runProgram, settingsFor, transactionIn } from "../support/programs.mjs";
import { buysASeat } from "../support/seats.mjs";

const programs = documentedPrograms();
const COMMANDS = { TypeScript: process.execPath, curl: "bash" };
let place, folder;

before(async () => {
  const network = await startNetwork();
  const server = await openServer(network);
  place = { network, server, event: await createEvent(network, server) };
  folder = mkdtempSync(path.join(tmpdir(), "concierge-programs-"));
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
});
after(async () => {
  await place?.network.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

for (const [index, [language, command]] of Object.entries(COMMANDS).entries()) {
  test(`the program in ${language} buys a seat`, async () => {
    const { file, code } = programs.find((program) => program.language === language);
    writeFileSync(path.join(folder, file), code);
    const env = { ...settingsFor(place, payers[index]), PATH: [path.dirname(process.execPath), process.env.PATH].join(path.delimiter) };
    await buysASeat(place, payers[index], async () => transactionIn(await runProgram([command, file], { cwd: folder, env })));
  });
}

test("each program is about five lines beside what it imports and prints", () => {
  const isWork = (line) => line.trim() !== "" && !/^\s*(import|from|use|\}|#\[|async fn|Ok\(|console\.log|print)/.test(line);
  const lines = programs.map(({ language, code }) => [language, code.split("\n").filter(isWork).length]);
  assert.deepEqual(lines.map(([language]) => language), ["TypeScript", "Python", "Rust", "curl"]);
  assert.deepEqual(lines.filter(([, count]) => count > 6), []);
});

test("the versions that the document names are those that are tested", () => {
  const { devDependencies } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const named = programs.flatMap(({ install }) => [...(/`npm install ([^`]+)`/.exec(install)?.[1] ?? "").matchAll(/(\S+)@([\d.]+)/g)]);
  assert.equal(named.length, 4);
  for (const [, name, version] of named) assert.ok(`${devDependencies[name]}.`.startsWith(`${version}.`), `${name} ${version}`);
});

test("the page shows the same programs, with the address of the host's tool", () => {
  const [settings, ...shown] = payingPrograms("https://events.example/mcp/users/abc").snippets;
  assert.deepEqual(shown.map(({ text }) => text), programs.map(({ code }) => code.trimEnd()));
  assert.match(settings.text, /^export TOOL_URL=https:\/\/events\.example\/x402\/users\/abc\/tools\/rsvpToEvent\n/);
  for (const [index, { label }] of shown.entries()) {
    const { language, install } = programs[index];
    assert.ok(label.startsWith(language), label);
    for (const [, command] of install.matchAll(/`((?:npm|pip|cargo add) [^`]+)`/g)) assert.ok(label.includes(command), `${label}: ${command}`);
  }
});
