// `npm start`, `npm test` and the others: sets up what is missing (setup.mjs), then hands over to
// the real script, on a Node that is new enough for it. Runs on Node 20 and imports no package.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { asksForHelp, COMMANDS } from "./lib/commands.mjs";
import { modernNode } from "./lib/node.mjs";
import { environment, Failure, root, runMain } from "./lib/process.mjs";
import { setup } from "./setup.mjs";

/** Commands that need no built Worker and no built page. */
const NATIVE = ["demo", "agent", "check", "figures", "simulate", "fuzz", "doctor", "secrets", "backup", "restore"];

async function main([name, ...extra]) {
  if (!Object.hasOwn(COMMANDS, name ?? "")) {
    const usage = `usage: node dev/run.mjs <${Object.keys(COMMANDS).join("|")}> [arguments], each with --help`;
    if (asksForHelp([name ?? ""])) return console.log(usage);
    throw new Failure(usage);
  }
  const { script, args = [], help } = COMMANDS[name];
  if (asksForHelp(extra)) return console.log(help);
  await setup({ profile: profileFor(name) });
  if (!existsSync(join(root, script))) throw new Failure(`${script} is missing`);
  process.exitCode = await handOver(modernNode(), [script, ...args, ...extra]);
}

/** The cargo profile of the first build; undefined if the command needs none. */
function profileFor(name) {
  if (NATIVE.includes(name)) return undefined;
  return name === "start" ? "start" : "release";
}

function handOver(node, args) {
  const env = environment();
  env.PATH = [dirname(node), env.PATH].join(delimiter);
  const child = spawn(node, args, { cwd: root, env, stdio: "inherit" });

  // The script ends in an orderly way on its own; we only wait. Ctrl-C on a terminal reaches it
  // without us, and a second signal would tell it to hurry.
  const forwarded = new Set();
  const forward = (signal) => {
    const fromTerminal = signal === "SIGINT" && process.stdin.isTTY;
    if (!fromTerminal && !forwarded.has(signal)) child.kill(signal);
    forwarded.add(signal);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, forward);

  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

await runMain(import.meta.url, main);
