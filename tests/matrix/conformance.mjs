// `x402-conformance` (PyPI), somebody else's checks, against our facilitator and against what a paid tool answers.
import { spawn } from "node:child_process";
import { startOwnNetwork } from "../support/facilitators.mjs";
import { createEvent, openServer, patch } from "../support/network.mjs";

/** What a run has to check at least, so that a suite that checks nothing is seen. */
const CHECKS_MIN = { live: 4, resource: 7 };

/** Runs them, prints a line for each and says whether all hold. `command` is the path of `x402conf`. */
export async function runConformance(command) {
  const network = await startOwnNetwork();
  const server = await openServer(network);
  await createEvent(network, server);
  // Of a host that chose to be found, scanners get 402 for an empty GET.
  await patch(network, "/api/users/me", { listed: true }, server.token);
  try {
    const tools = ["rsvpToEvent", "getEventAnalytics"].map((tool) => ["resource", `the answer 402 of ${tool}`, server.toolUrl(tool)]);
    const runs = [["live", "our facilitator", network.ours.url], ...tools];
    const results = [];
    for (const [mode, title, url] of runs) results.push(await holds(command, mode, title, url));
    return results.every(Boolean);
  } finally {
    await network.stop();
  }
}

async function holds(command, mode, title, url) {
  const child = spawn(command, [mode, url, "--fail-on-error"], { stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  const code = await new Promise((resolve) => child.on("close", resolve));
  const checks = JSON.parse(output).results.flatMap((result) => result.checks);
  const failed = checks.filter(({ pass }) => !pass);
  const isGood = code === 0 && failed.length === 0 && checks.length >= CHECKS_MIN[mode];
  console.log(`${isGood ? "✔" : "✖"} x402-conformance, ${title}: ${checks.length - failed.length} of ${checks.length} checks hold`);
  for (const { check, detail } of failed) console.log(`  ${check}: ${JSON.stringify(detail)}`);
  return isGood;
}
