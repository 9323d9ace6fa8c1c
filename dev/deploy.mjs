// `npm run deploy`: to Cloudflare, with the address at which the deployment is reached as PUBLIC_URL. The address comes
// from whom it belongs to (--url, wrangler.toml, or Cloudflare's answer) and never from a request.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure, root, runMain } from "./lib/process.mjs";
import { neededSecrets } from "./lib/settings.mjs";
import { environmentFlag, mustBeLoggedIn, remedyOf, runWrangler, secretsOf, takeOption, WRANGLER } from "./lib/wrangler.mjs";

const KNOWN = join(root, ".dev", "deployed.json");
const HOW = "`npm run deploy -- --url https://…`";

/** Deploys once, or twice where the address is known only afterwards. Gives the address. */
export async function deploy(args, { wrangler = WRANGLER, known = KNOWN, config = readConfig, say = console.log } = {}) {
  const { value: url, rest: withoutUrl } = takeOption(args, "--url");
  const { value: env, rest } = takeOption(withoutUrl, "--env", "-e");
  if (rest.some((arg) => arg.startsWith("PUBLIC_URL:") || arg === "--keep-vars")) {
    throw new Failure(`PUBLIC_URL is set with ${HOW}, and other variables in wrangler.toml`);
  }
  const wanted = await config(env);
  const name = takeOption(rest, "--name").value ?? wanted.name;
  const chosen = chosenUrl(url, wanted);
  const call = ["deploy", environmentFlag(env), ...rest];
  if (rest.includes("--dry-run")) {
    const { code } = await runWrangler(wrangler, [...call, ...publicUrl(chosen)]);
    if (code !== 0) throw new Failure("wrangler cannot bundle the Worker, see above");
    return chosen;
  }
  await mustBeLoggedIn(wrangler);
  const domain = chosen && !isServed(chosen, wanted) ? ["--domain", new URL(chosen).host] : [];
  const before = chosen ?? remembered(known, name);
  // What is not known yet stays as it was with the deployment before, so that this one answers in the meantime.
  const first = await once(wrangler, [...call, ...(before ? publicUrl(before) : ["--keep-vars"]), ...domain]);
  const address = chosen ?? addressIn(first) ?? before;
  if (address === undefined) {
    throw new Failure(`the Worker is deployed, but wrangler does not say where, so that PUBLIC_URL is not set; give the address: ${HOW}`);
  }
  if (address !== before) {
    say(`deployed at ${address}; setting PUBLIC_URL`);
    await once(wrangler, [...call, ...publicUrl(address)]);
  }
  if (!chosen) remember(known, name, address);
  say(`\ndeployed: ${address}`);
  await tellOfSecrets(wrangler, { env, vars: wanted.vars, rest: nameOf(rest) }, say);
  return address;
}

/** The address of a deployment: the one that is given or chosen, or that of the last deployment from here. */
export async function knownAddress(url, env, { config = readConfig, known = KNOWN } = {}) {
  const wanted = await config(env);
  const address = chosenUrl(url, wanted) ?? remembered(known, wanted.name);
  if (address === undefined) throw new Failure("where the deployment is, is not known in this folder: give --url https://…");
  return address;
}

async function once(wrangler, args) {
  const { code, deployed, failed } = await runWrangler(wrangler, args);
  if (code !== 0) throw new Failure(remedyOf(failed) ?? "wrangler did not deploy, see above");
  return deployed;
}

/** The address that the operator has chosen; undefined if Cloudflare is to give one. */
function chosenUrl(url, { vars, routes }) {
  if (url) return checked(url, "--url");
  if (vars.PUBLIC_URL) return checked(vars.PUBLIC_URL, "PUBLIC_URL in wrangler.toml");
  const domains = routes.filter((route) => route?.custom_domain).map((route) => route.pattern);
  if (domains.length > 1 || (domains.length === 0 && routes.length > 0)) {
    throw new Failure(`wrangler.toml has routes, of which none is surely the address of this deployment; say which: ${HOW}`);
  }
  return domains.length === 1 ? checked(`https://${domains[0]}`, "the custom domain in wrangler.toml") : undefined;
}

function checked(text, what) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin = url?.protocol === "https:" && url.pathname === "/" && !url.search && !url.hash && !url.username && !url.password;
  const isHere = /^(localhost|.*\.localhost|127\..*|\[.*\])$/.test(url?.hostname ?? "");
  if (isOrigin && !isHere) return url.origin;
  throw new Failure(`${what} must be an address such as https://events.example.org, without a path`);
}

/** Whether requests to this address come to the Worker without our doing. */
function isServed(url, { vars, routes }) {
  const { host } = new URL(url);
  const pattern = (route) => (typeof route === "string" ? route : route.pattern).split("/")[0];
  // A PUBLIC_URL that was written down may be served by something in front.
  return host.endsWith(".workers.dev") || vars.PUBLIC_URL !== undefined || routes.some((route) => pattern(route) === host);
}

function addressIn(deployed) {
  const targets = Array.isArray(deployed?.targets) ? deployed.targets.filter((target) => typeof target === "string") : [];
  return targets.find((target) => /^https:\/\/[a-z0-9.-]+\.workers\.dev$/.test(target));
}

const publicUrl = (url) => (url ? ["--var", `PUBLIC_URL:${url}`] : []);

function nameOf(rest) {
  const { value } = takeOption(rest, "--name");
  return value ? ["--name", value] : [];
}

async function tellOfSecrets(wrangler, { env, vars, rest }, say) {
  const { made, given } = neededSecrets(vars);
  const present = await secretsOf(wrangler, env, rest);
  const flag = env ? ` --env ${env}` : "";
  if (present === undefined) return say("which secrets are set cannot be found out; `npx wrangler secret list` shows them");
  const missing = (names) => names.filter((name) => !present.includes(name));
  if (missing(made).length > 0) {
    say(`It takes no payment yet, for want of secrets: ${missing(made).join(", ")}. \`npm run secrets -- --put${flag}\` makes and sets them.`);
  }
  for (const name of missing(given)) say(`It takes no payment yet: \`npx wrangler secret put ${name}${flag}\` (from https://portal.cdp.coinbase.com).`);
}

// The address of the last deployment, so that the next one needs one call.
function remembered(file, name) {
  const address = readKnown(file)[name];
  return typeof address === "string" && /^https:\/\/[a-z0-9.-]+\.workers\.dev$/.test(address) ? address : undefined;
}

function remember(file, name, address) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...readKnown(file), [name]: address }, null, 2)}\n`);
}

function readKnown(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")) ?? {};
  } catch {
    return {};
  }
}

/** What wrangler.toml says of an environment. */
export async function readConfig(env) {
  const { unstable_readConfig } = await import("wrangler");
  try {
    const { name, vars, route, routes } = unstable_readConfig({ config: join(root, "wrangler.toml"), env });
    return { name, vars: vars ?? {}, routes: [...(routes ?? []), ...(route ? [route] : [])] };
  } catch (error) {
    throw new Failure(error.message);
  }
}

await runMain(import.meta.url, deploy);
