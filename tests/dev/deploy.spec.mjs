// `npm run deploy` and `npm run secrets` against a stand-in for wrangler, and wrangler itself as far as it goes without
// an account.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { unstable_getVarsForDev, unstable_readConfig } from "wrangler";
import { deploy, readConfig } from "../../dev/deploy.mjs";
import { root } from "../../dev/lib/process.mjs";
import { envFile, neededSecrets, NETWORK_SETS, SECRETS, settingsIn, VARIABLES, withUsual } from "../../dev/lib/settings.mjs";
import { secrets } from "../../dev/secrets.mjs";

const fake = [process.execPath, join(root, "tests", "support", "fake-wrangler.mjs")];
const ADDRESS = "https://events-concierge.acme.workers.dev";

let folder, file, said;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "deploy-test-"));
  file = join(folder, "account.json");
  process.env.FAKE_WRANGLER = file;
  said = [];
  account({ subdomain: "acme" });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Sets what the account is like; gives what it is like now. */
function account(changes) {
  const empty = { isLoggedIn: true, calls: [], workers: {} };
  let now = empty;
  try {
    now = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // The first of a test.
  }
  if (changes !== undefined) writeFileSync(file, JSON.stringify((now = { ...now, ...changes })));
  return now;
}

const options = (config) => ({
  wrangler: fake,
  known: join(folder, "deployed.json"),
  folder,
  config: config ? () => config : readConfig,
  say: (line) => said.push(line),
});
const run = (...args) => deploy(args, options());
const uploads = (name = "events-concierge") => account().workers[name]?.uploads ?? [];

test("the first deployment is one command, and learns its address from Cloudflare", async () => {
  assert.equal(await run(), ADDRESS);
  assert.deepEqual(uploads().map((vars) => vars.PUBLIC_URL), [undefined, ADDRESS]);
  assert.match(said.join("\n"), /deployed: https:\/\/events-concierge\.acme\.workers\.dev/);
  assert.match(said.join("\n"), /MASTER_KEY.*`npm run secrets -- --put`/);
  // The next one knows it.
  await run();
  assert.deepEqual(uploads().slice(2).map((vars) => vars.PUBLIC_URL), [ADDRESS]);
});

test("a checkout that does not know the address takes nothing from a deployment that answers", async () => {
  await run();
  rmSync(join(folder, "deployed.json"));
  await run();
  assert.deepEqual(uploads().slice(2).map((vars) => vars.PUBLIC_URL), [ADDRESS, ADDRESS]);
});

test("an address that has changed is set anew", async () => {
  await run();
  account({ subdomain: "other" });
  assert.equal(await run(), "https://events-concierge.other.workers.dev");
  assert.equal(uploads().at(-1).PUBLIC_URL, "https://events-concierge.other.workers.dev");
  assert.equal(JSON.parse(readFileSync(join(folder, "deployed.json"), "utf8"))["events-concierge"], "https://events-concierge.other.workers.dev");
});

test("staging has a name, an address and a memory of its own", async () => {
  await run();
  assert.equal(await run("--env", "staging"), "https://events-concierge-staging.acme.workers.dev");
  assert.equal(uploads("events-concierge-staging").at(-1).PUBLIC_URL, "https://events-concierge-staging.acme.workers.dev");
  assert.equal(uploads().length, 2);
  assert.match(said.at(-1), /--put --env staging/);
});

test("an address of one's own is one upload, and is made a custom domain", async () => {
  assert.equal(await run("--url", "https://events.example.org/"), "https://events.example.org");
  assert.deepEqual(uploads().map((vars) => vars.PUBLIC_URL), ["https://events.example.org"]);
  const call = account().calls.find(([command]) => command === "deploy");
  assert.equal(call[call.indexOf("--domain") + 1], "events.example.org");
});

test("the custom domain in wrangler.toml is the address, and nothing else is asked for", async () => {
  account({ customDomain: "events.example.org" });
  const routes = [{ pattern: "events.example.org", custom_domain: true }];
  const config = { name: "events-concierge", vars: { NETWORK_SET: "test" }, routes };
  assert.equal(await deploy([], options(config)), "https://events.example.org");
  assert.deepEqual(uploads().map((vars) => vars.PUBLIC_URL), ["https://events.example.org"]);
  assert.ok(!account().calls.flat().includes("--domain"));
  const two = { ...config, routes: [...routes, { pattern: "b.example.org", custom_domain: true }] };
  const pattern = { ...config, routes: ["example.org/events/*"] };
  for (const unsure of [two, pattern]) await assert.rejects(deploy([], options(unsure)), /say which.*--url/);
  assert.equal(uploads().length, 1);
});

test("what cannot be an address is refused before anything is uploaded", async () => {
  for (const url of ["events.example.org", "http://events.example.org", "https://localhost:8787", "https://127.0.0.1", "https://a.example/path", "https://u:p@a.example"]) {
    await assert.rejects(run("--url", url), /--url must be an address such as/, url);
  }
  await assert.rejects(run("--var", "PUBLIC_URL:https://a.example"), /--url/);
  await assert.rejects(run("--url"), /--url needs a value/);
  await assert.rejects(run("--env", "nope"), /No environment found/);
  assert.deepEqual(account().calls, []);
});

test("who is not logged in is told so before anything is uploaded", async () => {
  account({ isLoggedIn: false });
  await assert.rejects(run(), /not logged in at Cloudflare: run `npx wrangler login`/);
  await assert.rejects(secrets(["--put"], options()), /not logged in at Cloudflare/);
  assert.deepEqual(account().workers, {});
  account({ isLoggedIn: true, isTokenBad: true });
  await assert.rejects(run(), /not logged in at Cloudflare: .*CLOUDFLARE_API_TOKEN/);
});

test("an account without a workers.dev subdomain is told both ways on", async () => {
  account({ subdomain: undefined });
  await assert.rejects(run(), /no workers\.dev subdomain yet: .*--url https/);
  account({ subdomain: "acme" });
  assert.equal(await run(), ADDRESS);
});

test("if wrangler no longer says where, nothing is guessed and the setting stays as it was", async () => {
  for (const output of ["changed", "none"]) {
    account({ output });
    await assert.rejects(run(), /does not say where, so that PUBLIC_URL is not set; give the address: `npm run deploy -- --url/);
  }
  account({ output: undefined });
  await run();
  rmSync(join(folder, "deployed.json"));
  account({ output: "changed" });
  await assert.rejects(run(), /does not say where/);
  assert.equal(uploads().at(-1).PUBLIC_URL, ADDRESS);
  // The address that is given is not asked of wrangler.
  assert.equal(await run("--url", ADDRESS), ADDRESS);
  assert.ok(!account().calls.at(-2).includes("--domain"), "workers.dev is nobody's own domain");
});

test("secrets are made once, never replaced, and in no command line", async () => {
  await run();
  const { MASTER_KEY: key, ...others } = await secrets(["--put"], options());
  assert.match(key, /^[0-9a-f]{64}$/);
  assert.deepEqual(others, {});
  assert.equal(account().workers["events-concierge"].values.MASTER_KEY, key);
  assert.equal(said.filter((line) => line.includes(key)).length, 1);
  assert.ok(!JSON.stringify(account().calls).includes(key));
  assert.deepEqual(await secrets(["--put"], options()), {});
  const { RELAYER_PRIVATE_KEY: relayer, ...none } = await secrets(["--put", "--relayer"], options());
  assert.match(relayer, /^0x[0-9a-f]{64}$/);
  assert.deepEqual(none, {});
  assert.equal(account().workers["events-concierge"].values.MASTER_KEY, key);
  await run();
  assert.doesNotMatch(said.at(-1), /takes no payment/);
});

test("when it cannot be known what is set, no secret is replaced", async () => {
  await assert.rejects(secrets(["--put"], options()), /deploy first/);
  await run();
  account({ output: "changed" });
  await assert.rejects(secrets(["--put"], options()), /none is replaced/);
  account({ output: undefined, isBulkBroken: true });
  await assert.rejects(secrets(["--put"], options()), /internal error[^]*did not take them/);
  assert.equal(account().workers["events-concierge"].values, undefined);
});

test("without --put the commands are shown, and what others have to give", async () => {
  const config = { name: "w", vars: { NETWORK_SET: "main" }, routes: [] };
  const made = await secrets(["--env", "staging"], options(config));
  assert.deepEqual(Object.keys(made), ["MASTER_KEY"]);
  const text = said.join("\n");
  for (const name of ["MASTER_KEY", "CDP_API_KEY_ID", "CDP_API_KEY_SECRET"]) assert.match(text, new RegExp(`wrangler secret put ${name} --env staging`));
  assert.deepEqual(account().calls, []);
  await assert.rejects(secrets(["--force"], options()), /does not know --force/);
  assert.deepEqual(neededSecrets({ NETWORK_SET: "main", FACILITATOR_URL: "self" }), { made: ["MASTER_KEY", "RELAYER_PRIVATE_KEY"], given: [] });
  assert.deepEqual(neededSecrets({ NETWORK_SET: "test", FACILITATOR_API: "token" }).made, ["MASTER_KEY", "RELAYER_PRIVATE_KEY", "FACILITATOR_TOKENS"]);
});

test("for this machine .dev.vars is made from its example, and kept", async () => {
  copyFileSync(join(root, ".dev.vars.example"), join(folder, ".dev.vars.example"));
  assert.deepEqual(await secrets(["--dev"], options()), ["MASTER_KEY"]);
  const made = readFileSync(join(folder, ".dev.vars"), "utf8");
  assert.match(made, /^MASTER_KEY=[0-9a-f]{64}$/m);
  assert.match(made, /^PUBLIC_URL=http:\/\/localhost:8787$/m);
  assert.equal(statSync(join(folder, ".dev.vars")).mode & 0o777, 0o600);
  assert.deepEqual(await secrets(["--dev"], options()), []);
  assert.equal(readFileSync(join(folder, ".dev.vars"), "utf8"), made);
});

test("wrangler reads back every value that we write into a file for it", () => {
  const values = {
    PLAIN: "abc",
    SPACES: " a  b ",
    DOLLAR: "a$HOME ${HOME} $",
    QUOTES: "it's \"so\"",
    HASH: "a # b",
    BACKSLASH: "a\\nb\\",
    PEM: "-----BEGIN EC PRIVATE KEY-----\nMHcCAQ==\n-----END EC PRIVATE KEY-----\n",
  };
  const path = join(folder, "worker.env");
  writeFileSync(path, envFile(values));
  const read = unstable_getVarsForDev(join(root, "wrangler.toml"), [path], {}, undefined, true);
  assert.deepEqual(Object.fromEntries(Object.keys(values).map((name) => [name, read[name]?.value])), values);
  assert.throws(() => envFile({ BOTH: "'`" }), /BOTH has both kinds of quotes/);
});

test("every setting comes through from the environment", () => {
  assert.ok(VARIABLES.includes("NETWORK_SET") && SECRETS.includes("CROSSMINT_API_KEY"));
  const env = Object.fromEntries([...VARIABLES, ...SECRETS, "HOME"].map((name) => [name, `of ${name}`]));
  assert.equal(Object.keys(settingsIn(env, VARIABLES)).length, VARIABLES.length);
  assert.deepEqual(settingsIn({ OPENAI_API_KEY: "k", MASTER_KEY: " ", HOME: "/" }, SECRETS), { OPENAI_API_KEY: "k" });
});

test("the scripts know what a set of networks chooses as the Worker does", () => {
  for (const set of ["local", "test", "main"]) {
    const { NETWORKS, RPC_URLS, FACILITATOR_URL } = NETWORK_SETS[set];
    assert.deepEqual(Object.keys(JSON.parse(RPC_URLS)), [NETWORKS], set);
    assert.match(FACILITATOR_URL, /^(self$|https:)/);
  }
  assert.deepEqual(withUsual({ NETWORK_SET: "main", FACILITATOR_URL: "self", PUBLIC_URL: "" }), { ...NETWORK_SETS.main, NETWORK_SET: "main", FACILITATOR_URL: "self" });
  assert.equal(NETWORK_SETS.main.FACILITATOR_URL, "https://api.cdp.coinbase.com/platform/v2/x402");
});

test("wrangler bundles both environments, each with objects and records of its own", () => {
  for (const [env, name] of [["", "events-concierge"], ["staging", "events-concierge-staging"]]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["dev/run.mjs", "deploy", "--dry-run", ...(env ? ["--env", env] : [])], { cwd: root, encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
    for (const object of ["Host", "Payee", "Relayer", "Guest", "Budget", "Directory", "Market"]) assert.match(stdout, new RegExp(`env\\.${object} \\(`));
    for (const binding of ["SECRETS", "EMAIL", "NETWORK_SET"]) assert.match(stdout, new RegExp(`env\\.${binding}\\b`));
    assert.doesNotMatch(stdout + stderr, /WARNING/);
    const config = unstable_readConfig({ config: join(root, "wrangler.toml"), env: env || undefined });
    assert.equal(config.name, name);
    assert.deepEqual(config.migrations.flatMap((step) => step.new_sqlite_classes), ["Host", "Payee", "Relayer", "Guest", "Budget", "Directory", "Market"]);
    assert.ok(config.kv_namespaces.every((namespace) => namespace.id === undefined), "each makes its own");
  }
});
