// Calling wrangler, and reading what it says to programs.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environment, Failure, root } from "./process.mjs";

/** The wrangler that npm has installed. */
export const WRANGLER = [process.execPath, join(root, "node_modules", "wrangler", "bin", "wrangler.js")];

const NOT_LOGGED_IN = "not logged in at Cloudflare: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN; then try again";

/** `--env` for wrangler. Without one it has to be empty, for there are several. */
export const environmentFlag = (env) => `--env=${env ?? ""}`;

/** The option `name` of a command line, as `--name value` or `--name=value`; the others stay in `rest`. */
export function takeOption(args, ...names) {
  const rest = [];
  let value;
  for (let at = 0; at < args.length; at += 1) {
    const [name, ...after] = args[at].split("=");
    if (!names.includes(name)) rest.push(args[at]);
    else if (after.length > 0) value = after.join("=");
    else value = args[(at += 1)];
    if (names.includes(name) && !value?.trim()) throw new Failure(`${name} needs a value`);
  }
  return { value, rest };
}

/** Runs it on our terminal. `deployed`: what it says of a deployment; `failed`: of a failure. */
export async function runWrangler(wrangler, args) {
  const folder = mkdtempSync(join(tmpdir(), "deploy-"));
  const file = join(folder, "output.ndjson");
  try {
    const env = { ...environment(), WRANGLER_OUTPUT_FILE_PATH: file, WRANGLER_SEND_METRICS: "false" };
    const code = await ended(start(wrangler, args, { env, stdio: "inherit" }));
    const entries = readEntries(file);
    const last = (type) => entries.findLast((entry) => entry?.type === type);
    return { code, deployed: last("deploy"), failed: last("command-failed") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs it and takes what it prints. `input` goes to its standard input. */
export async function askWrangler(wrangler, args, input = "") {
  const env = { ...environment(), WRANGLER_SEND_METRICS: "false" };
  const child = start(wrangler, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  const printed = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => (printed.out += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (printed.err += text));
  child.stdin.on("error", () => {}).end(input);
  const code = await ended(child);
  return { code, ...printed };
}

/** Fails if wrangler says for sure that nobody is logged in. Anything else shows when it deploys. */
export async function mustBeLoggedIn(wrangler) {
  const { out } = await askWrangler(wrangler, ["whoami", "--json"]);
  if (readJson(out)?.loggedIn === false) throw new Failure(NOT_LOGGED_IN);
}

/** The names of the secrets that are set; undefined if that cannot be found out. */
export async function secretsOf(wrangler, env, rest = []) {
  const { code, out } = await askWrangler(wrangler, ["secret", "list", environmentFlag(env), "--format", "json", ...rest]);
  const list = code === 0 ? readJson(out) : undefined;
  const names = Array.isArray(list) ? list.map((secret) => secret?.name) : undefined;
  return names?.every((name) => typeof name === "string") ? names : undefined;
}

/** What to do about a failure, as far as it is known. */
export function remedyOf({ code, message = "" } = {}) {
  if (/workers\.dev subdomain/i.test(message)) {
    return "your account has no workers.dev subdomain yet: open the address above once, or run `npm run deploy` in a terminal, which asks for a name; or deploy to a domain of yours: `npm run deploy -- --url https://…`";
  }
  if (code === 10000 || /CLOUDFLARE_API_TOKEN|wrangler login|not authenticated|authentication error/i.test(message)) return NOT_LOGGED_IN;
  return undefined;
}

function start([program, ...first], args, options) {
  return spawn(program, [...first, ...args], { cwd: root, ...options });
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new Failure(`wrangler does not start: ${error.message}`)));
    child.on("close", (code, signal) => resolve(code ?? signal));
  });
}

function readEntries(file) {
  try {
    return readFileSync(file, "utf8").split("\n").map(readJson);
  } catch {
    return [];
  }
}

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
