// The Worker as `wrangler deploy` would upload it, in workerd and nothing else. The tests' harness puts
// proxies in front of it that take longer than the Worker does.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import workerd from "workerd";
import { unstable_readConfig as readConfig } from "wrangler";
import { bundle, bundleFolder } from "../dev/bundle.mjs";
import { freePort } from "../dev/lib/ports.mjs";
import { root } from "../dev/lib/process.mjs";

const READY_MILLIS = 20_000;
// Nothing that is measured needs KV, but the binding has to be there.
const NO_KV = 'export default { fetch: () => new Response("no KV here", { status: 404 }) };';

/** Starts it with what is in build/; `vars` and `secrets` replace those of wrangler.toml. */
export async function startWorkerd({ vars = {}, secrets = {} }) {
  await bundle();
  const folder = mkdtempSync(path.join(tmpdir(), "concierge-bench-"));
  mkdirSync(path.join(folder, "objects"));
  cpSync(bundleFolder, folder, { recursive: true });
  const port = await freePort();
  const config = readConfig({ config: path.join(root, "wrangler.toml") });
  const variables = { ...config.vars, ...vars, ...secrets };
  writeFileSync(path.join(folder, "config.capnp"), describe(config, folder, port, variables));
  const child = spawn(workerd.default, ["serve", "config.capnp"], { cwd: folder });
  let output = "";
  const keep = (data) => (output = (output + data).slice(-4000));
  for (const stream of [child.stdout, child.stderr]) stream.on("data", keep);
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill("SIGKILL");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  const end = Date.now() + READY_MILLIS;
  while (!(await fetch(url).catch(() => undefined))) {
    if (child.exitCode !== null || Date.now() > end) {
      await stop();
      throw new Error(`workerd does not answer: ${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url, stop, log: () => output };
}

/** workerd's own configuration, in Cap'n Proto's text form. */
function describe(config, folder, port, variables) {
  const text = (value) => JSON.stringify(String(value));
  const list = (items) => `[\n    ${items.join(",\n    ")}\n  ]`;
  const files = readdirSync(folder).filter((file) => /\.(js|wasm)$/.test(file));
  const kind = (file) => (file.endsWith(".js") ? "esModule" : "wasm");
  const modules = files
    .sort((a, b) => a.endsWith(".wasm") - b.endsWith(".wasm"))
    .map((file) => `(name = ${text(file)}, ${kind(file)} = embed ${text(file)})`);
  const objects = config.durable_objects.bindings;
  const bindings = [
    ...Object.entries(variables).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ...objects.map((object) => `(name = ${text(object.name)}, durableObjectNamespace = ${text(object.class_name)})`),
    ...config.kv_namespaces.map(({ binding }) => `(name = ${text(binding)}, kvNamespace = "kv")`),
  ];
  const namespaces = objects.map(
    ({ class_name: name }) => `(className = ${text(name)}, uniqueKey = ${text(name)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "kv", worker = .kv),
    (name = "objects", disk = (path = "objects", writable = true)),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = ${list(modules)},
  compatibilityDate = ${text(config.compatibility_date)},
  compatibilityFlags = ${list(config.compatibility_flags.map(text))},
  bindings = ${list(bindings)},
  durableObjectNamespaces = ${list(namespaces)},
  durableObjectStorage = (localDisk = "objects"),
);
const kv :Workerd.Worker = (
  modules = [(name = "kv.js", esModule = ${text(NO_KV)})],
  compatibilityDate = ${text(config.compatibility_date)},
);
`;
}
