// A stand-in for wrangler and Cloudflare's API behind it, as far as `npm run deploy` and `npm run secrets` use them. Its
// account is the JSON file that FAKE_WRANGLER names; every call is noted there. What it prints, writes to
// WRANGLER_OUTPUT_FILE_PATH and ends with is what wrangler 4.164 does.
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";

const file = process.env.FAKE_WRANGLER;
const account = JSON.parse(readFileSync(file, "utf8"));
const args = process.argv.slice(2);
account.calls.push(args);

const option = (name) => {
  const at = args.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  if (at < 0) return undefined;
  return args[at].includes("=") ? args[at].slice(name.length + 1) : args[at + 1];
};
const name = option("--name") ?? (option("--env") ? `events-concierge-${option("--env")}` : "events-concierge");

function end(code) {
  writeFileSync(file, JSON.stringify(account));
  process.exit(code);
}

function output(entry) {
  if (process.env.WRANGLER_OUTPUT_FILE_PATH === undefined || account.output === "none") return;
  appendFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH, `${JSON.stringify({ ...entry, version: 1, timestamp: new Date().toISOString() })}\n`);
}

function fail(message, code) {
  console.error(`✘ [ERROR] ${message}`);
  output({ type: "command-failed", code, message });
  end(1);
}

if (args[0] === "whoami") {
  console.log(account.isLoggedIn ? JSON.stringify({ loggedIn: true, accounts: [] }) : JSON.stringify({ loggedIn: false }));
  end(account.isLoggedIn ? 0 : 1);
}
if (!account.isLoggedIn) fail("In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable for wrangler to work.");
if (account.isTokenBad) fail("A request to the Cloudflare API (/accounts) failed. Authentication error [code: 10000]", 10000);

if (args[0] === "deploy") {
  const worker = (account.workers[name] ??= { vars: {}, secrets: [], uploads: [] });
  const given = args.flatMap((arg, at) => (arg === "--var" ? [args[at + 1]] : []));
  const vars = Object.fromEntries(given.map((pair) => [pair.slice(0, pair.indexOf(":")), pair.slice(pair.indexOf(":") + 1)]));
  worker.vars = { NETWORK_SET: "test", ...(args.includes("--keep-vars") ? worker.vars : {}), ...vars };
  worker.uploads.push(worker.vars);
  // The upload comes first, the addresses after it.
  const domain = option("--domain") ?? account.customDomain;
  if (domain === undefined && account.subdomain === undefined) {
    fail("You can either deploy your worker to one or more routes by specifying them in your wrangler.toml file, or register a workers.dev subdomain here:\nhttps://dash.cloudflare.com/0a1b/workers/onboarding");
  }
  const where = domain ? `${domain} (custom domain)` : `https://${name}.${account.subdomain}.workers.dev`;
  const targets = ["schedule: */2 * * * *", where];
  console.log(`Deployed ${name} triggers (1.2 sec)\n  ${where}`);
  output({ type: "wrangler-session", wrangler_version: "4.164.0", command_line_args: args });
  output(account.output === "changed" ? { type: "deploy", addresses: targets } : { type: "deploy", worker_name: name, targets });
  end(0);
}
if (args[0] === "secret") {
  const worker = account.workers[name];
  if (worker === undefined) fail("A request to the Cloudflare API failed. This Worker does not exist on your account. [code: 10007]", 10007);
  if (args[1] === "list") {
    console.log(account.output === "changed" ? "MASTER_KEY" : JSON.stringify(worker.secrets.map((secret) => ({ name: secret, type: "secret_text" }))));
    end(0);
  }
  if (args[1] === "bulk") {
    const values = JSON.parse(await text(process.stdin));
    if (account.isBulkBroken) fail("A request to the Cloudflare API failed. internal error [code: 10013]", 10013);
    // A name whose value is null is removed.
    const kept = Object.entries(values).filter(([, value]) => value !== null);
    worker.secrets = [...worker.secrets.filter((one) => !(one in values)), ...kept.map(([one]) => one)];
    worker.values = { ...worker.values, ...values };
    for (const one of Object.keys(values)) if (values[one] === null) delete worker.values[one];
    end(0);
  }
}
fail(`Unknown arguments: ${args.join(" ")}`);
