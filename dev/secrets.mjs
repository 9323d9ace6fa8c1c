// `npm run secrets`: makes the secrets that a deployment needs and shows them once. `-- --put` sets them at Cloudflare,
// `-- --dev` writes .dev.vars for `npx wrangler dev`. What is set already is left alone: with another MASTER_KEY nobody
// could sign in as before, and nothing that is sealed could be opened. Only `-- --rotate` replaces it.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { privateKeyToAddress } from "viem/accounts";
import { knownAddress, readConfig } from "./deploy.mjs";
import { Failure, root, runMain } from "./lib/process.mjs";
import { rotate, rotated, rotateHere } from "./lib/rotation.mjs";
import { neededSecrets } from "./lib/settings.mjs";
import { askWrangler, environmentFlag, mustBeLoggedIn, secretsOf, takeOption, WRANGLER } from "./lib/wrangler.mjs";

const FLAGS = ["--put", "--dev", "--relayer", "--rotate", "--rotated", "--anyway"];
const MAKE = {
  MASTER_KEY: () => randomBytes(32).toString("hex"),
  RELAYER_PRIVATE_KEY: () => `0x${randomBytes(32).toString("hex")}`,
  FACILITATOR_TOKENS: () => randomBytes(24).toString("base64url"),
};

/** Makes what is needed and not there yet. Gives it. */
export async function secrets(args, { wrangler = WRANGLER, config = readConfig, folder = root, say = console.log, known, ask } = {}) {
  const { value: url, rest: withoutUrl } = takeOption(args, "--url");
  const { value: env, rest } = takeOption(withoutUrl, "--env", "-e");
  const unknown = rest.filter((arg) => !FLAGS.includes(arg));
  if (unknown.length > 0) throw new Failure(`npm run secrets does not know ${unknown.join(" ")}; it takes -- ${FLAGS.join(" ")} --env <name> --url <address>`);
  const [isRotation, isOver, isHere, anyway] = ["--rotate", "--rotated", "--dev", "--anyway"].map((flag) => rest.includes(flag));
  if (isRotation && isOver) throw new Failure("--rotate begins a rotation and --rotated ends it: give one of them");
  if (isRotation || isOver) {
    const newKey = MAKE.MASTER_KEY;
    if (isHere) return rotateHere(folder, { over: isOver, anyway, newKey, say });
    const address = () => knownAddress(url, env, { config, known });
    return (isOver ? rotated : rotate)({ wrangler, env, address, anyway, newKey, say, ask });
  }
  if (isHere) return forThisMachine(folder, say);
  const { made, given } = neededSecrets((await config(env)).vars);
  const wanted = [...new Set([...made, ...(rest.includes("--relayer") ? ["RELAYER_PRIVATE_KEY"] : [])])];
  const isPut = rest.includes("--put");
  const names = isPut ? await notYetSet(wrangler, env, wanted) : wanted;
  const values = Object.fromEntries(names.map((name) => [name, MAKE[name]()]));
  const flag = env ? ` --env ${env}` : "";
  if (names.length === 0) say("nothing to make: all secrets that are needed are set");
  else show(values, say);
  if (isPut && names.length > 0) await put(wrangler, env, values, say);
  if (!isPut) {
    say("\nSet them at Cloudflare; each command asks for its value:");
    for (const name of names) say(`  npx wrangler secret put ${name}${flag}`);
  }
  for (const name of given) say(`  npx wrangler secret put ${name}${flag}   (from https://portal.cdp.coinbase.com)`);
  return values;
}

function show(values, say) {
  say("Shown once; keep them where you keep passwords:\n");
  for (const [name, value] of Object.entries(values)) say(`${name}=${value}`);
  if (values.RELAYER_PRIVATE_KEY) {
    say(`\nThe relayer pays for gas from ${privateKeyToAddress(values.RELAYER_PRIVATE_KEY)}: send it a little of the network's coin, and nothing else.`);
  }
}

async function notYetSet(wrangler, env, wanted) {
  await mustBeLoggedIn(wrangler);
  const present = await secretsOf(wrangler, env);
  if (present === undefined) {
    throw new Failure("which secrets are set cannot be found out, so that none is replaced; deploy first (`npm run deploy`), then try again");
  }
  return wanted.filter((name) => !present.includes(name));
}

async function put(wrangler, env, values, say) {
  const { code, out, err } = await askWrangler(wrangler, ["secret", "bulk", environmentFlag(env)], JSON.stringify(values));
  if (code === 0) return say(`\nset at Cloudflare: ${Object.keys(values).join(", ")}`);
  // Wrangler repeats no value; should it ever, ours do not go further.
  const said = Object.values(values).reduce((text, value) => text.replaceAll(value, "…"), `${out}${err}`.trim());
  throw new Failure(`${said}\nwrangler did not take them; they are shown above: set them with \`npx wrangler secret put <name>\``);
}

/** .dev.vars, from its example, with keys in the place of those that are empty. */
function forThisMachine(folder, say) {
  const file = join(folder, ".dev.vars");
  const from = existsSync(file) ? file : join(folder, ".dev.vars.example");
  const made = [];
  let text = readFileSync(from, "utf8");
  if (!/^MASTER_KEY=/m.test(text)) text = `${text.trimEnd()}\nMASTER_KEY=\n`;
  if (!/^PUBLIC_URL=./m.test(text)) text = `${text.trimEnd()}\nPUBLIC_URL=http://localhost:8787\n`;
  text = text.replace(/^(MASTER_KEY|RELAYER_PRIVATE_KEY|FACILITATOR_TOKENS)=[ \t]*$/gm, (_, name) => {
    made.push(name);
    return `${name}=${MAKE[name]()}`;
  });
  writeFileSync(file, text, { mode: 0o600 });
  say(made.length > 0 ? `.dev.vars has a new ${made.join(", ")}; start with \`npx wrangler dev\`` : ".dev.vars has all keys that it needs");
  return made;
}

await runMain(import.meta.url, secrets);
