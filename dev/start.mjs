// `npm start`: chain, facilitator, Worker and a host with events, on this machine. State is kept in
// .dev/ between runs; `npm start -- --fresh` begins anew. Ends everything that it started.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, GOES_ON } from "./build.mjs";
import { COIN_USD, FACTORY, FACTORY_CREATE, guest, NETWORK, relayer, USDC } from "./chain/accounts.mjs";
import { startChain } from "./chain/chain.mjs";
import { keptMails } from "./lib/kept-mails.mjs";
import { freePort, isFree } from "./lib/ports.mjs";
import { Failure, inOneSentence, root, runMain, step } from "./lib/process.mjs";
import { envFile, SECRETS, settingsIn, VARIABLES } from "./lib/settings.mjs";
import { sampleHost } from "./sample-host.mjs";

// Tests keep their state elsewhere, so that a running `npm start` is left alone.
const folder = process.env.STATE_DIR ?? join(root, ".dev");
const stateFile = join(folder, "state.json");
const children = new Map();
let stopping = false;

async function main(args) {
  const unknown = args.filter((arg) => !["--fresh", "--reference"].includes(arg));
  if (unknown.length) throw new Failure(`npm start does not know ${unknown.join(" ")}; it takes -- --fresh --reference`);
  mkdirSync(folder, { recursive: true });
  takeFolder();
  const port = portFrom("PORT", 8787);
  const chainPort = portFrom("CHAIN_PORT", 8545);
  for (const [name, wanted] of [["PORT", port], ...(process.env.RPC_URL ? [] : [["CHAIN_PORT", chainPort]])]) {
    if (!(await isFree(wanted))) {
      throw new Failure(`port ${wanted} is taken; stop what runs there, or choose another: ${name}=${wanted + 1} npm start`);
    }
  }
  if (args.includes("--fresh")) for (const name of ["worker", "chain.json", "mail"]) rmSync(join(folder, name), { recursive: true, force: true });
  rmSync(stateFile, { force: true });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop(0));
  try {
    await startAll(port, chainPort, args.includes("--reference"));
  } catch (error) {
    if (!stopping) console.error(inOneSentence(error));
    await stop(1);
  }
}

/** Two in one folder would write over each other's chain and storage. The file goes when this process ends. */
function takeFolder() {
  const file = join(folder, "start.pid");
  const other = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (lives(other)) {
    const beside = "STATE_DIR=.dev/second PORT=8788 CHAIN_PORT=8546 npm start";
    throw new Failure(`\`npm start\` runs already with the state in ${folder} (process ${other}): use it, or start another beside it: ${beside} (if it does not run, remove ${file})`);
  }
  writeFileSync(file, String(process.pid));
  process.on("exit", () => rmSync(file, { force: true }));
}

function lives(pid) {
  try {
    return Number.isInteger(pid) && pid > 1 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function startAll(port, chainPort, reference) {
  const url = `http://localhost:${port}`;
  // wrangler would do it, but what goes wrong there is only found in its log.
  await step("build", () => build("start"));
  const rpc = process.env.RPC_URL ?? (await step("chain", () => chain(chainPort)));
  const facilitator = process.env.FACILITATOR_URL ?? (reference ? await step("facilitator", () => startFacilitator(rpc)) : "self");
  await step("worker", () => worker(url, port, { rpc, facilitator }));
  const host = await step("host", () => sampleHost(url));
  const pids = Object.fromEntries([...children].map(([name, child]) => [name, child.pid]));
  const state = { url, rpc, facilitator, usdc: USDC, pids: { start: process.pid, ...pids }, host, guest };
  writeFileSync(`${stateFile}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${stateFile}.new`, stateFile);
  summary(state);
}

async function chain(port) {
  const log = logFile("chain");
  const started = await startChain({ port, stateFile: join(folder, "chain.json"), log: (data) => log.write(data) });
  watch("chain", started.child);
  return started.url;
}

async function startFacilitator(rpc) {
  const port = await freePort();
  start("facilitator", ["dev/chain/facilitator.mjs", "--rpc", rpc, "--port", String(port)]);
  const url = `http://127.0.0.1:${port}`;
  await answers(`${url}/supported`, "facilitator");
  return url;
}

async function worker(url, port, { rpc, facilitator }) {
  const isOwnChain = isOnThisMachine(rpc);
  const relayerKey = process.env.RELAYER_PRIVATE_KEY ?? (isOwnChain ? relayer.privateKey : undefined);
  const vars = {
    NETWORK_SET: isOwnChain ? "local" : "test",
    PUBLIC_URL: url,
    NETWORKS: NETWORK,
    FACILITATOR_URL: facilitator,
    FACILITATOR_API: relayerKey ? "open" : "off",
    WALLET_FACTORIES: `${FACTORY}:${FACTORY_CREATE}`,
    SMART_WALLET_FACTORY: FACTORY,
    GAS_COIN_USD: COIN_USD,
    RPC_URLS: JSON.stringify({ [NETWORK]: rpc }),
    MAIL_FROM: "Events Concierge <concierge@example.org>",
    MAIL_INBOX: "reply@desk.example.org",
    ...settingsIn(process.env, VARIABLES),
  };
  const args = ["node_modules/wrangler/bin/wrangler.js", "dev", "--env=", "--local", "--port", String(port)];
  args.push("--persist-to", join(folder, "worker"), "--env-file", secretsFile(relayerKey));
  args.push("--show-interactive-dev-session=false");
  // wrangler looks for a free one from 9229 on, and two that start at the same time may find the same.
  args.push("--inspector-port", String(await freePort()));
  for (const [name, value] of Object.entries(vars)) args.push("--var", `${name}:${value}`);
  // Only that `wrangler dev` keeps the mails tells us of them; with an API of your own they go there.
  const watchMails = keptMails(join(folder, "mail"), (line) => console.log(line));
  start("wrangler", args, isOwnChain ? watchMails : undefined);
  await answers(`${url}/health`, "wrangler");
}

/** Whether the chain is one of this machine, where keys that everybody knows do no harm. */
function isOnThisMachine(url) {
  const name = URL.canParse(url) ? new URL(url).hostname : "";
  return name === "localhost" || name === "[::1]" || name.startsWith("127.");
}

/** What a deployment keeps as secrets. The master key is made once and kept. */
function secretsFile(relayerKey) {
  const file = join(folder, "worker.env");
  const kept = existsSync(file) ? readFileSync(file, "utf8") : "";
  const masterKey = /^MASTER_KEY='?([^\s']+)'?$/m.exec(kept)?.[1] ?? randomBytes(32).toString("hex");
  const values = { MASTER_KEY: masterKey, ...(relayerKey && { RELAYER_PRIVATE_KEY: relayerKey }), ...settingsIn(process.env, SECRETS) };
  writeFileSync(file, envFile(values), { mode: 0o600 });
  return file;
}

function start(name, args, read) {
  const env = { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false" };
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  const log = logFile(name);
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  if (read) child.stdout.setEncoding("utf8").on("data", read);
  for (const stream of [child.stdout, child.stderr]) stream.on("data", tellOfFaults);
  watch(name, child);
}

// It is wrangler that builds when a source changes, and its words go into a log.
function tellOfFaults(data) {
  if (data.includes(GOES_ON)) console.error(`${GOES_ON}; the end of .dev/wrangler.log says why`);
}

function watch(name, child) {
  children.set(name, child);
  child.once("exit", () => {
    children.delete(name);
    if (stopping) return;
    console.error(`${name} stopped; the end of .dev/${name}.log:\n${tail(name)}`);
    stop(1);
  });
}

async function stop(code) {
  if (stopping) return;
  stopping = true;
  rmSync(stateFile, { force: true });
  const exits = [...children.values()].map((child) => new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", resolve);
    child.kill("SIGTERM");
    // The chain saves its state before it ends; a process that takes longer than this hangs.
    setTimeout(() => child.kill("SIGKILL"), 8000).unref();
  }));
  await Promise.all(exits);
  if (code === 0) console.log("stopped; the state is kept in .dev/");
  process.exit(code);
}

async function answers(url, name) {
  const end = Date.now() + 180_000;
  while (Date.now() < end && !stopping) {
    try {
      const answer = await fetch(url);
      if (answer.ok) return;
      // Faulty settings are named in the answer; waiting would not mend them.
      if (answer.status === 500) throw new Failure((await answer.json()).detail ?? `${url} answers 500`);
    } catch (error) {
      if (error instanceof Failure) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Failure(`${name} does not answer at ${url}; the end of .dev/${name}.log:\n${tail(name)}`);
}

function logFile(name) {
  return createWriteStream(join(folder, `${name}.log`));
}

function tail(name) {
  const file = join(folder, `${name}.log`);
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").slice(-15).join("\n") : "(empty)";
}

function portFrom(name, usual) {
  const port = Number(process.env[name] ?? usual);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new Failure(`${name} must be a port from 1 to 65535`);
  return port;
}

function summary({ url, host }) {
  const bold = (text) => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[22m` : text);
  const tools = `'{"jsonrpc":"2.0","id":1,"method":"tools/list"}'`;
  console.log(`
${bold("Ready.")} One host, ${host.eventIds.length} events, paid into ${host.walletAddress.slice(0, 6)}…${host.walletAddress.slice(-4)}.

  the page         ${bold(`${url}/?door=${encodeURIComponent(host.mcpUrl)}`)}
  the MCP server   ${host.mcpUrl}
  an event's page  ${url}/e/${host.scope}/${host.eventIds[0]}
  look inside      curl -s ${host.mcpUrl} -H 'content-type: application/json' -d ${tools}
  pay as an agent  npm run demo, or npm run agent -- "rsvp to the rust meetup"   (in a second terminal)

Keys and tokens for your own tries are in .dev/state.json. Ctrl-C stops everything.`);
}

await runMain(import.meta.url, main);
