// The MCP conformance suite against the guest agent as a client: every scenario that a revision of the specification
// requires of clients, but those of OAuth, for the reason below.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { agentUrl } from "../support/guests.mjs";
import { startNetwork } from "../support/network.mjs";

const SCENARIOS = {
  "2026-07-28": [
    "tools_call",
    "request-metadata",
    "sep-2322-client-request-state",
    "http-standard-headers",
    "http-custom-headers",
    "http-invalid-tool-headers",
    "json-schema-ref-no-deref",
  ],
  "2025-11-25": ["initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry"],
};
/** Not required of the revision, and run as well. */
const MORE = { "2026-07-28": ["json-schema-2020-12-preservation"], "2025-11-25": [] };
/**
 * Not run: the guest has no OAuth client. It signs in nowhere, pays instead, and never sends a token to other people's
 * servers; one that wants a sign-in is told apart by its status (401, 403) and the person is told so.
 */
const isOAuth = (scenario) => scenario.startsWith("auth/");

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const suite = here("../../node_modules/@modelcontextprotocol/conformance/dist/index.js");
const client = here("../support/conformance-client.mjs");
let network, results;

before(async () => {
  network = await startNetwork();
  results = mkdtempSync(path.join(tmpdir(), "conformance-"));
});
after(async () => {
  await network?.stop();
  if (results) rmSync(results, { recursive: true, force: true });
});

/** The scenarios that a revision requires of clients, as the suite lists them. */
function required(revision) {
  const file = here(`../../node_modules/@modelcontextprotocol/conformance/requirements/${revision}.yaml`);
  const [, list] = /^client:\n((?: {2}- .*\n)+)/m.exec(readFileSync(file, "utf8"));
  return list.trim().split("\n").map((line) => line.replace(/^\s*- /, ""));
}

function conformance(args) {
  const command = `${process.execPath} ${client} ${agentUrl(network)}`;
  const child = spawn(process.execPath, [suite, "client", "--command", command, "-o", results, ...args]);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

for (const [version, scenarios] of Object.entries(SCENARIOS)) {
  test(`${version}: every required scenario is run but those of OAuth`, () => {
    const wanted = required(version).filter((scenario) => !isOAuth(scenario));
    assert.deepEqual([...scenarios].sort(), wanted.sort());
  });
  for (const scenario of [...scenarios, ...MORE[version]]) {
    test(`${version}: ${scenario}`, async () => {
      const { code, output } = await conformance(["--scenario", scenario, "--spec-version", version]);
      assert.equal(code, 0, output);
      // A scenario that does not exist at this version would pass by not running.
      assert.doesNotMatch(output, /SKIPPED: scenario/);
    });
  }
}
