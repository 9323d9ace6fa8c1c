// Workers in workerd and nothing else, as `wrangler deploy` would upload them: the tests' harness puts proxies in front of
// a Worker that take longer than the Worker does. Several Workers share one process, so that whatever else the machine does
// meets all of them.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import workerd from "workerd";
import { unstable_readConfig as readConfig } from "wrangler";
import { bundle, bundleFolder } from "../dev/bundle.mjs";
import { freePort } from "../dev/lib/ports.mjs";
import { root } from "../dev/lib/process.mjs";

const READY_MILLIS = 20_000;
/** Linux counts a process' time in hundredths of a second. */
const TICK_MILLIS = 10;
const PAGE_BYTES = 4096;
/** What is in memory is not what is measured, unless it is asked for. */
const MEMORY_FOLDER = "/dev/shm";

/** Records in memory: what the local KV simulator costs is not what is measured. */
const KV = `const values = new Map();
export default { async fetch(request) {
  const { pathname, searchParams } = new URL(request.url);
  const key = decodeURIComponent(pathname.slice(1));
  if (request.method === "PUT") values.set(key, await request.text());
  if (request.method === "DELETE") values.delete(key);
  if (request.method !== "GET") return new Response();
  if (key === "") {
    const prefix = searchParams.get("prefix") ?? "";
    return Response.json({ keys: [...values.keys()].filter((name) => name.startsWith(prefix)).map((name) => ({ name })), list_complete: true });
  }
  return values.has(key) ? new Response(values.get(key)) : new Response(null, { status: 404 });
} };`;

/** Our Worker, with what is in build/. `vars` and `secrets` replace those of wrangler.toml. */
export async function ours({ vars = {}, secrets = {} }) {
  await bundle();
  const config = readConfig({ config: path.join(root, "wrangler.toml") });
  return {
    name: "ours",
    folder: bundleFolder,
    date: config.compatibility_date,
    flags: config.compatibility_flags,
    variables: { ...config.vars, ...vars, ...secrets },
    objects: config.durable_objects.bindings.map(({ name, class_name: of }) => ({ name, of })),
    kv: config.kv_namespaces.map(({ binding }) => binding),
  };
}

/**
 * Starts workers as `ours` describes them. `state` is a folder that is kept; without it the objects are in a new one, in
 * memory, or on the disk with `isOnDisk`. Gives back `urls` by name, `cpuMillis()` and `rssBytes()` of the process, `log()`,
 * `stop()`, and `startedMillis`: the time until the first answer of the last worker.
 */
export async function startWorkerd(workers, { state, isOnDisk = false } = {}) {
  const parent = !isOnDisk && existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir();
  const folder = mkdtempSync(path.join(parent, "concierge-bench-"));
  const objects = state ?? path.join(folder, "objects");
  mkdirSync(objects, { recursive: true });
  const ports = new Map();
  for (const { name, folder: from } of workers) {
    cpSync(from, path.join(folder, name), { recursive: true });
    ports.set(name, await freePort());
  }
  writeFileSync(path.join(folder, "config.capnp"), describe(workers, { folder, objects, ports }));
  const began = performance.now();
  const child = spawn(workerd.default, ["serve", "config.capnp"], { cwd: folder });
  let output = "";
  const keep = (data) => (output = (output + data).slice(-8000));
  for (const stream of [child.stdout, child.stderr]) stream.on("data", keep);
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill("SIGKILL");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const urls = Object.fromEntries([...ports].map(([name, port]) => [name, `http://127.0.0.1:${port}`]));
  const end = Date.now() + READY_MILLIS;
  for (const url of Object.values(urls)) {
    while (!(await fetch(`${url}/health`).catch(() => undefined))) {
      if (child.exitCode !== null || Date.now() > end) {
        await stop();
        throw new Error(`workerd does not answer: ${output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  const startedMillis = performance.now() - began;
  return { urls, startedMillis, stop, log: () => output, cpuMillis: () => cpuMillis(child.pid), rssBytes: () => rssBytes(child.pid) };
}

/** User and system time of a process (proc(5), fields 14 and 15 of `stat`). */
function cpuMillis(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MILLIS;
}

const rssBytes = (pid) => Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;

const text = (value) => JSON.stringify(String(value));
const list = (items) => `[\n    ${items.join(",\n    ")}\n  ]`;

/** workerd's own configuration, in Cap'n Proto's text form. */
function describe(workers, { folder, objects, ports }) {
  const sockets = workers.map(
    ({ name }) => `(name = ${text(name)}, address = "127.0.0.1:${ports.get(name)}", http = (), service = ${text(name)})`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${workers.map(({ name }) => `(name = ${text(name)}, worker = .${name}),`).join("\n    ")}
    (name = "kv", worker = .kv),
    (name = "objects", disk = (path = ${text(objects)}, writable = true)),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = ${list(sockets)},
  # npm \`agents\` imports mail, of which a bare workerd has the outer half only.
  extensions = [(modules = [(name = "cloudflare-internal:email", internal = true, esModule = "export class EmailMessage {} export default { EmailMessage };")])],
);
const kv :Workerd.Worker = (
  modules = [(name = "kv.js", esModule = ${JSON.stringify(KV)})],
  compatibilityDate = "2026-11-01",
);
${workers.map((worker) => describeOne(worker, folder)).join("\n")}`;
}

function describeOne({ name, date, flags = [], variables = {}, objects = [], kv = [] }, folder) {
  const files = readdirSync(path.join(folder, name)).filter((file) => /\.(js|mjs|wasm)$/.test(file));
  const kind = (file) => (file.endsWith(".wasm") ? "wasm" : "esModule");
  const modules = files
    .sort((a, b) => a.endsWith(".wasm") - b.endsWith(".wasm"))
    .map((file) => `(name = ${text(file)}, ${kind(file)} = embed ${text(path.join(name, file))})`);
  const bindings = [
    ...Object.entries(variables).map(([variable, value]) => `(name = ${text(variable)}, text = ${text(value)})`),
    ...objects.map((object) => `(name = ${text(object.name)}, durableObjectNamespace = ${text(object.of)})`),
    ...kv.map((binding) => `(name = ${text(binding)}, kvNamespace = "kv")`),
  ];
  const namespaces = objects.map(({ of }) => `(className = ${text(of)}, uniqueKey = ${text(`${name}-${of}`)}, enableSql = true)`);
  return `const ${name} :Workerd.Worker = (
  modules = ${list(modules)},
  compatibilityDate = ${text(date)},
  compatibilityFlags = ${list(flags.map(text))},
  bindings = ${list(bindings)},
  durableObjectNamespaces = ${list(namespaces)},
  durableObjectStorage = (localDisk = "objects"),
);`;
}
