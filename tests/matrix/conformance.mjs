// `x402-conformance` (PyPI), somebody else's checks, against our facilitator and against what a paid tool answers.
import { spawn } from "node:child_process";
import { startOwnNetwork } from "../support/facilitators.mjs";
import { createEvent, openServer } from "../support/network.mjs";
import { passOn, serve } from "../support/serve.mjs";

/** What a run has to check at least, so that a suite that checks nothing is seen. */
const CHECKS_MIN = { live: 4, resource: 7 };

/** Runs them, prints a line for each and says whether all hold. `command` is the path of `x402conf`. */
export async function runConformance(command) {
  const network = await startOwnNetwork();
  const server = await openServer(network);
  const event = await createEvent(network, server);
  const asked = await startAsking();
  try {
    const seat = asked.address(server.toolUrl("rsvpToEvent"), { eventId: event.id });
    const analytics = asked.address(server.toolUrl("getEventAnalytics"), { eventId: event.id });
    const runs = [["live", "our facilitator", network.ours.url], ["resource", "the answer 402 for a seat", seat], ["resource", "the answer 402 for analytics", analytics]];
    const results = [];
    for (const [mode, title, url] of runs) results.push(await holds(command, mode, title, url));
    return results.every(Boolean);
  } finally {
    await asked.stop();
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

/** The suite sends an empty GET, and our tools take a POST with arguments: this asks in its name and passes the answer on. */
async function startAsking() {
  const calls = [];
  const { origin, stop } = await serve(async (request, response) => {
    const { url, body } = calls[Number(request.url.slice(1))];
    await passOn(await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body }), response);
  });
  const address = (url, args) => `${origin}/${calls.push({ url, body: JSON.stringify(args) }) - 1}`;
  return { address, stop };
}
