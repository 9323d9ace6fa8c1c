// `npm run secrets -- --rotate` and `-- --rotated`: a new MASTER_KEY beside the old one, and later without it. All
// settings of a step go to Cloudflare in one request, so that no moment has half of them.
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getJson } from "./deployment.mjs";
import { identityKeys, keyId, masterKey } from "./keys.mjs";
import { Failure } from "./process.mjs";
import { askWrangler, environmentFlag, mustBeLoggedIn, secretsOf } from "./wrangler.mjs";

const GIVE_KEY =
  "--rotate needs the key that is set now, which Cloudflare never shows again: `read -rs MASTER_KEY && export MASTER_KEY`, paste it, and run this once more";
const UNDER_WAY =
  "a rotation is under way: MASTER_KEY_PREVIOUS is set. End it with `npm run secrets -- --rotated` first, or what is still sealed with that key is lost (--anyway does not wait for it)";
const HALF =
  "MASTER_KEY_PREVIOUS is set and IDENTITY_KEYS is not: put the old key back as MASTER_KEY, remove MASTER_KEY_PREVIOUS, then rotate";

/** The new settings; `present` are the names that are set. The identity keys are those of the first key, for ever. */
function newSettings(current, given, present, newKey) {
  const identity = present.includes("IDENTITY_KEYS") ? {} : { IDENTITY_KEYS: identityKeys(current) };
  return { MASTER_KEY: newKey(), MASTER_KEY_PREVIOUS: given.trim(), ...identity };
}

function mayRotate(present, anyway) {
  if (!present.includes("MASTER_KEY_PREVIOUS")) return;
  if (!present.includes("IDENTITY_KEYS")) throw new Failure(HALF);
  if (!anyway) throw new Failure(UNDER_WAY);
}

/** Sets a new key at Cloudflare. `address()` is that of the deployment. Gives what was set. */
export async function rotate({ wrangler, env, address, anyway, newKey, say, ask = getJson, current: given = process.env.MASTER_KEY }) {
  const current = masterKey(given);
  if (given?.trim() && !current) throw new Failure("MASTER_KEY in the environment is no key: 64 hex digits, or 32 bytes in base64");
  if (!current) throw new Failure(GIVE_KEY);
  const present = await presentSecrets(wrangler, env);
  if (!present.includes("MASTER_KEY")) throw new Failure("there is no MASTER_KEY to rotate: `npm run secrets -- --put` makes the first one");
  mayRotate(present, anyway);
  await mustBeItsKey(current, await address(), ask);
  const values = newSettings(current, given, present, newKey);
  show(values, say);
  await change(wrangler, env, values);
  say(`
Set at Cloudflare: ${Object.keys(values).join(", ")}. All sessions have ended; addresses, wallets and credentials are the same.
Secrets are sealed anew in the background, which takes minutes with few hosts. Then remove the old key:
  npm run secrets -- --rotated${env ? ` --env ${env}` : ""}
Keep the old key as long as you keep backups of storage from before.`);
  return values;
}

/** Removes the previous key at Cloudflare, when nothing needs it any more. Whether it was there. */
export async function rotated({ wrangler, env, address, anyway, say, ask = getJson }) {
  const present = await presentSecrets(wrangler, env);
  if (!present.includes("MASTER_KEY_PREVIOUS")) {
    say("no rotation is under way: MASTER_KEY_PREVIOUS is not set");
    return false;
  }
  if (!anyway) mustBeSealedAnew((await ask(`${await address()}/health`)).keys);
  await change(wrangler, env, { MASTER_KEY_PREVIOUS: null });
  say("MASTER_KEY_PREVIOUS is removed. The rotation is over.");
  return true;
}

/** Both steps in .dev.vars. */
export function rotateHere(folder, { over, anyway, newKey, say }) {
  const file = join(folder, ".dev.vars");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const value = (name) => new RegExp(`^${name}=['"]?([^\\s'"]+)['"]?[ \\t]*$`, "m").exec(text)?.[1];
  const present = ["MASTER_KEY", "MASTER_KEY_PREVIOUS", "IDENTITY_KEYS"].filter(value);
  const without = (names) => text.split("\n").filter((line) => !names.some((name) => line.startsWith(`${name}=`)));
  if (over) {
    writeSecretly(file, without(["MASTER_KEY_PREVIOUS"]).join("\n"));
    return say(".dev.vars has no MASTER_KEY_PREVIOUS any more");
  }
  const current = masterKey(value("MASTER_KEY"));
  if (!current) throw new Failure(".dev.vars has no MASTER_KEY to rotate: `npm run secrets -- --dev` makes one");
  mayRotate(present, anyway);
  const values = newSettings(current, value("MASTER_KEY"), present, newKey);
  const lines = Object.entries(values).map(([name, one]) => `${name}=${one}`);
  const rest = without(Object.keys(values)).join("\n").trimEnd();
  writeSecretly(file, `${rest}\n${lines.join("\n")}\n`);
  return say(`.dev.vars has a new ${Object.keys(values).join(", ")}; start with \`npx wrangler dev\``);
}

function writeSecretly(file, text) {
  writeFileSync(file, text, { mode: 0o600 });
  chmodSync(file, 0o600);
}

async function presentSecrets(wrangler, env) {
  await mustBeLoggedIn(wrangler);
  const present = await secretsOf(wrangler, env);
  if (present === undefined) throw new Failure("which secrets are set cannot be found out, so that nothing is changed; try again");
  return present;
}

/** Another key than the one that is set would give all hosts other addresses. */
async function mustBeItsKey(current, address, ask) {
  const { keys } = await ask(`${address}/health`);
  if (!Number.isInteger(keys?.id)) throw new Failure(`${address} does not say which key it has: \`npm run deploy\` first, for it is an older release`);
  if (keys.id !== keyId(current)) throw new Failure(`MASTER_KEY in the environment is not the key of ${address}; nothing is changed`);
}

function mustBeSealedAnew(keys) {
  const { isSealedAnew, hostsOpen, unopened } = keys ?? {};
  if (!isSealedAnew) {
    const left = hostsOpen > 0 ? `${hostsOpen} hosts still have secrets that are sealed with it` : "not all hosts were asked yet";
    throw new Failure(`MASTER_KEY_PREVIOUS is still needed: ${left}. The cron goes on every two minutes; try again later`);
  }
  if (unopened > 0) {
    throw new Failure(`${unopened} secrets open neither with MASTER_KEY nor with MASTER_KEY_PREVIOUS (the log names them). If MASTER_KEY_PREVIOUS is surely the key before, they are lost: --anyway removes it`);
  }
}

function show(values, say) {
  say("Shown once; keep them where you keep passwords, beside the old key:\n");
  for (const [name, value] of Object.entries(values)) if (name !== "MASTER_KEY_PREVIOUS") say(`${name}=${value}`);
}

async function change(wrangler, env, values) {
  const { code, out, err } = await askWrangler(wrangler, ["secret", "bulk", environmentFlag(env)], JSON.stringify(values));
  if (code === 0) return;
  // Wrangler repeats no value; should it ever, ours do not go further.
  const said = Object.values(values).filter(Boolean).reduce((text, value) => text.replaceAll(value, "…"), `${out}${err}`.trim());
  throw new Failure(`${said}\nwrangler did not say that the change was taken. Run this again; should it say that MASTER_KEY is another, it was taken, and what is shown above is set`);
}
