// The names of the settings, from the list that the Worker reads (src/config/names.rs), and what a deployment needs of
// them. Runs on Node 20 and imports no package.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./process.mjs";

const source = readFileSync(join(root, "src", "config", "names.rs"), "utf8");

/** Settings that anybody may see. */
export const VARIABLES = namesIn("VARIABLES");
/** Settings that are kept as secrets. */
export const SECRETS = namesIn("SECRETS");

function namesIn(list) {
  const body = new RegExp(`pub const ${list}: &\\[&str\\] = &\\[([^;]*)\\];`).exec(source)?.[1] ?? "";
  const names = [...body.matchAll(/"([A-Z0-9_]+)"/g)].map(([, name]) => name);
  if (names.length === 0) throw new Error(`src/config/names.rs has no list ${list}`);
  return names;
}

/** What NETWORK_SET chooses, by set, as src/config/network_set.rs has it. */
export const NETWORK_SETS = networkSets();

function networkSets() {
  const code = readFileSync(join(root, "src", "config", "network_set.rs"), "utf8");
  const coinbase = /COINBASE: &str = "([^"]+)"/.exec(code)?.[1];
  const sets = { local: {}, test: {}, main: {} };
  for (const [, name, kinds, raw, plain] of code.matchAll(/\("([A-Z_]+)", ([\w: |]+)\) => Some\((?:r#"(.+?)"#|"(.+?)"|COINBASE)\)/g)) {
    for (const [, kind] of kinds.matchAll(/Self::(\w+)/g)) sets[kind.toLowerCase()][name] = raw ?? plain ?? coinbase;
  }
  return sets;
}

/** The variables of a deployment with what its NETWORK_SET chooses, as the Worker reads them. */
export function withUsual(vars) {
  const given = Object.fromEntries(Object.entries(vars).filter(([, value]) => String(value).trim() !== ""));
  return { ...NETWORK_SETS[given.NETWORK_SET], ...given };
}

/** Those of `names` that are set in `env`. */
export function settingsIn(env, names) {
  return Object.fromEntries(names.filter((name) => env[name]?.trim()).map((name) => [name, env[name]]));
}

/** Values as a file that wrangler reads back unchanged: with spaces, quotes, dollars and ends of lines. */
export function envFile(values) {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quoted(name, value)}\n`)
    .join("");
}

function quoted(name, value) {
  const quote = ["'", "`"].find((mark) => !value.includes(mark));
  if (quote === undefined) throw new Error(`${name} has both kinds of quotes, ' and \`, which a file of settings cannot hold`);
  // wrangler puts other variables in the place of $NAME, in every kind of quotes.
  return `${quote}${value.replaceAll("$", "\\$")}${quote}`;
}

/**
 * The secrets that a deployment with these variables does not work without. `made`: random keys, which
 * `npm run secrets` makes; `given`: those that another service issues.
 */
export function neededSecrets(vars) {
  const { FACILITATOR_URL: facilitator = "", FACILITATOR_API: api = "off" } = withUsual(vars);
  const made = ["MASTER_KEY"];
  if (facilitator === "self" || api !== "off") made.push("RELAYER_PRIVATE_KEY");
  if (api === "token") made.push("FACILITATOR_TOKENS");
  const isCoinbase = facilitator.startsWith("https://api.cdp.coinbase.com");
  return { made, given: isCoinbase ? ["CDP_API_KEY_ID", "CDP_API_KEY_SECRET"] : [] };
}
