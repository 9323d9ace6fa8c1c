// Commands of npm packages beside this file.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The script behind a package's command. */
export function command(name, from = name) {
  const file = fileURLToPath(new URL(`node_modules/${from}/package.json`, import.meta.url));
  const { bin } = JSON.parse(readFileSync(file, "utf8"));
  return fileURLToPath(new URL(`node_modules/${from}/${typeof bin === "string" ? bin : bin[name]}`, import.meta.url));
}

/** What a run that succeeds has to say on the side; a failure throws. */
export async function complaints(script, ...args) {
  const { stderr } = await promisify(execFile)(process.execPath, [script, ...args]);
  return stderr.trim();
}

/** Runs it and gives what it has printed, also when it ends with an error, as it does for a tool's error. */
export async function output(script, ...args) {
  const done = await promisify(execFile)(process.execPath, [script, ...args]).catch((error) => error);
  if (!done.stdout) throw new Error(done.stderr || done.message);
  return done.stdout;
}

/** The JSON in a text. */
export const jsonIn = (text) => JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
