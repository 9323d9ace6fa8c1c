// The MCP conformance suite against a real host's server: every scenario that needs no test tools.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { createEvent, openServer, startNetwork } from "../support/network.mjs";

const SCENARIOS = {
  "2026-07-28": [
    "server-stateless",
    "tools-list",
    "resources-list",
    "prompts-list",
    "caching",
    "sep-2164-resource-not-found",
    "dns-rebinding-protection",
    "server-sse-multiple-streams",
    "input-required-result-unsupported-methods",
    "http-header-validation",
  ],
  "2025-11-25": [
    "server-initialize",
    "ping",
    "tools-list",
    "resources-list",
    "prompts-list",
    "dns-rebinding-protection",
    "server-session-lifecycle",
    "server-sse-multiple-streams",
  ],
};
const suite = fileURLToPath(new URL("../../node_modules/@modelcontextprotocol/conformance/dist/index.js", import.meta.url));
const baseline = fileURLToPath(new URL("expected-failures.yml", import.meta.url));
let network, url, results;

before(async () => {
  network = await startNetwork();
  const server = await openServer(network);
  await createEvent(network, server);
  // The suite tests DNS rebinding only where it sees a local name.
  url = server.mcpUrl.replace("127.0.0.1", "localhost");
  results = mkdtempSync(path.join(tmpdir(), "conformance-"));
});
after(async () => {
  await network?.stop();
  if (results) rmSync(results, { recursive: true, force: true });
});

function conformance(args) {
  const child = spawn(process.execPath, [suite, "server", "--url", url, "-o", results, ...args]);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

for (const [version, scenarios] of Object.entries(SCENARIOS)) {
  for (const scenario of scenarios) {
    test(`${version}: ${scenario}`, async () => {
      const args = ["--scenario", scenario, "--spec-version", version];
      if (scenario === "server-stateless") args.push("--expected-failures", baseline);
      const { code, output } = await conformance(args);
      assert.equal(code, 0, output);
      // A scenario that does not exist at this version would pass by not running.
      assert.doesNotMatch(output, /SKIPPED: scenario/);
    });
  }
}
