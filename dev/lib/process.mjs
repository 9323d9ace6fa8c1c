// Starting programs and saying what went wrong: shared by the scripts in dev/. Runs on Node 20 and
// imports no package, because it has to work before anything is installed.
import { spawn, spawnSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { delimiter, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { asksForHelp, helpOf } from "./commands.mjs";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** An error for people: its message says what happened and what to do, a stack would only hide it. */
export class Failure extends Error {}

/** The options and words of `npm run <command>`; `config` as `parseArgs` takes it. */
export function parseOptions(command, config) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new Failure(`${error.message.split("\n")[0]}; \`npm run ${command} -- --help\` lists the options`);
  }
}

/** The environment in which our own programs are found before those of the machine. */
export const environment = () => ({
  ...process.env,
  PATH: [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter),
});

/** Runs a program in the project's folder, its output on ours. Fails unless it ends with 0. */
export function run(command, args, { env = environment(), stdio = "inherit", hint } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio });
    child.on("error", (error) => reject(new Failure(`${command} does not start: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve();
      const line = [command, ...args.slice(0, 2)].join(" ");
      reject(new Failure(hint ?? `\`${line}\` failed (${signal ?? `exit code ${code}`}), see above`));
    });
  });
}

/** What a program prints, or undefined if it is missing or fails. For quick questions only. */
export function output(command, args) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** Says what is going on, and afterwards how long it took if anybody had time to wonder. */
export async function step(title, work) {
  const started = performance.now();
  const notice = setTimeout(() => console.log(`${title} ...`), 1000);
  try {
    return await work();
  } finally {
    clearTimeout(notice);
    const seconds = (performance.now() - started) / 1000;
    if (seconds >= 1) console.log(`${title}: ${seconds.toFixed(1)} s`);
  }
}

/**
 * Runs `main` if the module at `url` is the program that was started. Prints its help if that is asked for, and
 * one sentence if it fails; DEBUG=1 shows where in the code that was.
 */
export async function runMain(url, main) {
  if (process.argv[1] === undefined || realpathSync(process.argv[1]) !== fileURLToPath(url)) return;
  const args = process.argv.slice(2);
  const help = asksForHelp(args) && helpOf(relative(realpathSync(root), fileURLToPath(url)).split(sep).join("/"));
  if (help) return console.log(help);
  try {
    await main(args);
  } catch (error) {
    console.error(inOneSentence(error));
    process.exitCode = 1;
  }
}

/** What went wrong, for people. */
export function inOneSentence(error) {
  if (error instanceof Failure) return error.message;
  if (process.env.DEBUG) return error?.stack ?? String(error);
  const [first] = String(error?.shortMessage ?? error?.message ?? error).split("\n");
  return `this should not have happened: ${first}; DEBUG=1 in front of the command shows where`;
}
