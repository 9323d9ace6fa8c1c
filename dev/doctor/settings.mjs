// What is set in this folder: wrangler.toml, the environment, and a file of secrets. Values of secrets are judged by
// their form and never shown. The Worker itself is the judge of every rule (src/config); these are the ones that can
// be seen from here.
import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { unstable_readConfig } from "wrangler";
import { isIdentityKeys, masterKey } from "../lib/keys.mjs";
import { networkOf, SOLANA_NETWORKS } from "../lib/networks.mjs";
import { Failure, root } from "../lib/process.mjs";
import { SECRETS, VARIABLES, withUsual } from "../lib/settings.mjs";

const HEX_KEY = /^(0x)?[0-9a-f]{64}$/i;
const OBJECTS = ["Host", "Payee", "Relayer", "Guest", "Budget", "Directory"];

/** `value(name)`, `has(name)`, `networks()`, `config` of wrangler.toml, and `from`, the files that were read. */
export function readSettings(envFile, toml = join(root, "wrangler.toml")) {
  const config = readToml(toml);
  const file = secretsFile(envFile);
  const secrets = file === undefined ? {} : readEnv(file);
  const [variables, names] = [VARIABLES, SECRETS];
  const usual = withUsual({ ...config.vars, ...secrets });
  const value = (name) => {
    const fromHere = names.includes(name) ? process.env[name] : undefined;
    return String(fromHere ?? usual[name] ?? "").trim();
  };
  const networks = () => {
    const urls = JSON.parse(value("RPC_URLS"));
    return listOf(value("NETWORKS")).map((id) => ({ network: networkOf(id), url: urls[id] }));
  };
  const from = [relative(root, toml) || toml, ...(file === undefined ? [] : [relative(root, file) || file])];
  return { config, variables, secrets: names, given: { ...config.vars, ...secrets }, value, has: (name) => value(name) !== "", networks, from };
}

function readToml(file) {
  if (!existsSync(file)) throw new Failure(`${file} is not there; name the wrangler.toml of the deployment with --config`);
  try {
    return unstable_readConfig({ config: file }, { hideWarnings: true });
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${error.message.split("\n")[0]}; mend that line first`);
  }
}

function secretsFile(named) {
  if (named !== undefined && !existsSync(named)) throw new Failure(`${named} is not there; name a file of NAME=value lines`);
  const usual = join(root, ".dev.vars");
  return named === undefined ? (existsSync(usual) ? usual : undefined) : resolve(named);
}

function readEnv(file) {
  const lines = readFileSync(file, "utf8").split("\n");
  const pairs = lines.map((line) => /^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line)).filter(Boolean);
  return Object.fromEntries(pairs.map(([, name, text]) => [name, text.replace(/^(["'])(.*)\1$/, "$2")]));
}

const listOf = (text) => text.split(",").map((part) => part.trim()).filter(Boolean);

/** Everything about the settings that has to be mended, as `{name, todo}`. */
export function settingFaults(settings) {
  const { value, has } = settings;
  const faults = [];
  const todo = (name, text) => faults.push({ name, todo: text });
  for (const name of Object.keys(settings.given)) {
    if (![...settings.variables, ...settings.secrets].includes(name)) todo(name, "no setting has this name; see the README's table, or remove it");
  }
  for (const name of settings.secrets) {
    if (settings.config.vars?.[name]) todo(name, `is a secret: take it out of wrangler.toml, then \`npx wrangler secret put ${name}\``);
  }
  networkFaults(settings, todo);
  if (!URL.canParse(value("PUBLIC_URL"))) todo("PUBLIC_URL", "is missing: `npm run deploy` sets it for the deployment, `npm run secrets -- --dev` for your own machine");
  const facilitator = value("FACILITATOR_URL");
  if (facilitator !== "self" && !URL.canParse(facilitator)) todo("FACILITATOR_URL", "set an address, or self");
  if (!["", "off", "open", "token"].includes(value("FACILITATOR_API"))) todo("FACILITATOR_API", "must be off, open or token");
  keyFaults(settings, todo);
  const inbox = value("MAIL_INBOX");
  if (inbox && !/^[^@+\s]{1,15}@[^@\s]+\.[^@\s]+$/.test(inbox)) todo("MAIL_INBOX", "set an address such as reply@desk.example.org: at most 15 characters before the @, no +");
  if (inbox && !value("MAIL_FROM")) todo("MAIL_FROM", "is missing; MAIL_INBOX takes answers to its mails");
  if (value("MAIL_API_URL") && !has("MAIL_API_KEY")) todo("MAIL_API_KEY", "is missing; MAIL_API_URL needs it as a secret");
  return faults;
}

function networkFaults({ value, has }, todo) {
  const networks = listOf(value("NETWORKS"));
  if (networks.length === 0) todo("NETWORKS", "set CAIP-2 ids such as eip155:84532");
  for (const id of networks) if (!networkOf(id)) todo("NETWORKS", `names ${id}, which is unknown; src/chain/networks.rs lists them`);
  let urls;
  try {
    urls = JSON.parse(value("RPC_URLS"));
  } catch {
    return todo("RPC_URLS", 'set JSON such as {"eip155:84532": "https://…"}');
  }
  const lacks = (id) => !URL.canParse(urls?.[id] ?? "");
  for (const id of networks) if (lacks(id)) todo("RPC_URLS", `has no endpoint for ${id}`);
  if (!has("SOLANA_FACILITATOR_URL")) return;
  const isTestnet = networks.every((id) => networkOf(id)?.isTestnet !== false);
  const solana = SOLANA_NETWORKS.find((one) => one.isTestnet === isTestnet).network;
  if (lacks(solana)) todo("RPC_URLS", `has no endpoint for ${solana}, without which nothing is sold there; set one, or remove SOLANA_FACILITATOR_URL`);
}

function keyFaults({ value, has }, todo) {
  const put = (name) => `put it into .dev.vars to have it checked here, and \`npx wrangler secret put ${name}\` for the deployment`;
  if (!has("MASTER_KEY")) todo("MASTER_KEY", `is not here: \`openssl rand -hex 32\` makes one; ${put("MASTER_KEY")}`);
  else if (!HEX_KEY.test(value("MASTER_KEY"))) todo("MASTER_KEY", "must be 64 hex digits (openssl rand -hex 32)");
  rotationFaults({ value, has }, todo);
  const isOwn = value("FACILITATOR_URL") === "self" || ["open", "token"].includes(value("FACILITATOR_API"));
  if (isOwn && !has("RELAYER_PRIVATE_KEY")) todo("RELAYER_PRIVATE_KEY", `is not here, and our own facilitator pays for gas with it; ${put("RELAYER_PRIVATE_KEY")}`);
  if (has("RELAYER_PRIVATE_KEY") && !HEX_KEY.test(value("RELAYER_PRIVATE_KEY"))) todo("RELAYER_PRIVATE_KEY", "must be a private key of 64 hex digits");
  if (value("FACILITATOR_API") === "token" && !has("FACILITATOR_TOKENS")) todo("FACILITATOR_TOKENS", `is not here; ${put("FACILITATOR_TOKENS")}`);
}

/** Of a rotation of MASTER_KEY, as far as it is set here. */
function rotationFaults({ value, has }, todo) {
  if (has("IDENTITY_KEYS") && !isIdentityKeys(value("IDENTITY_KEYS"))) todo("IDENTITY_KEYS", "is damaged: set the text ik1.… that `npm run secrets -- --rotate` has shown, whole");
  if (!has("MASTER_KEY_PREVIOUS")) return;
  const previous = masterKey(value("MASTER_KEY_PREVIOUS"));
  if (previous === undefined) todo("MASTER_KEY_PREVIOUS", "must be the key before: 64 hex digits, or 32 bytes in base64");
  if (previous !== undefined && masterKey(value("MASTER_KEY"))?.equals(previous)) todo("MASTER_KEY_PREVIOUS", "is the same key as MASTER_KEY: `npm run secrets -- --rotate` makes a new one");
  if (!has("IDENTITY_KEYS")) todo("IDENTITY_KEYS", "is missing beside MASTER_KEY_PREVIOUS: put the old key back as MASTER_KEY, remove MASTER_KEY_PREVIOUS, then `npm run secrets -- --rotate`, which sets all three");
}

/** Everything that wrangler.toml does not bind and the Worker needs, as `{name, todo}`. */
export function bindingFaults({ config }) {
  const faults = [];
  const need = (holds, name, todo) => holds || faults.push({ name, todo });
  need(config.kv_namespaces?.some(({ binding }) => binding === "SECRETS"), "SECRETS", "add [[kv_namespaces]] with binding = \"SECRETS\" to wrangler.toml");
  const bound = config.durable_objects?.bindings ?? [];
  const migrated = (config.migrations ?? []).flatMap((one) => one.new_sqlite_classes ?? []);
  for (const name of OBJECTS) {
    need(bound.some((one) => one.name === name && one.class_name === name), name, `add [[durable_objects.bindings]] for ${name} to wrangler.toml`);
    need(migrated.includes(name), name, `add a [[migrations]] with new_sqlite_classes = ["${name}"] to wrangler.toml`);
  }
  need((config.triggers?.crons ?? []).length > 0, "triggers", "add the cron \"*/10 * * * *\": without it a lost alarm is never set again");
  need(config.assets?.directory, "assets", "add [assets] with directory = \"web/dist\", or there is no page");
  return faults;
}
