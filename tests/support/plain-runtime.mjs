// The bundle that `wrangler deploy` would upload, in workerd itself, with the settings of wrangler.toml and nothing of
// the development tools around it: their outgoing proxy changes answers (a Worker sees a redirect of a POST as a 500).
// Every outgoing request arrives at one server of this process, which replaces the internet.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { request as send } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unstable_readConfig } from "wrangler";
import { bundle, bundleFolder } from "../../dev/bundle.mjs";
import { root } from "../../dev/lib/process.mjs";
import { freePort } from "../../dev/lib/ports.mjs";
import { bodyOf } from "./body.mjs";
import { serve } from "./serve.mjs";

/**
 * Starts it. `internet(asked, response)` answers `asked`: `{host, method, path, body}`. `vars` are what an operator
 * has set besides what is shipped. Gives back `worker` with `url` and `fetch`, as `startWorker` does, `output()`, what
 * the Worker logged, and `stop()`.
 */
export async function startPlainRuntime({ publicUrl, internet, vars = {} }) {
  await bundle();
  const folder = mkdtempSync(join(tmpdir(), "plain-runtime-"));
  mkdirSync(join(folder, "state"));
  const outside = await listen(async (request, response) => {
    const { host } = request.headers;
    await internet({ host, method: request.method, path: request.url, body: await bodyOf(request) }, response);
  });
  const kv = await listen(records());
  const port = await freePort();
  const config = join(bundleFolder, "plain-runtime.capnp");
  writeFileSync(config, configuration({ port, outside: outside.port, kv: kv.port, state: join(folder, "state"), vars }));
  const workerd = createRequire(createRequire(import.meta.url).resolve("wrangler")).resolve("workerd/bin/workerd");
  const child = spawn(workerd, ["serve", config], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
    for (const server of [outside, kv]) await server.stop();
    rmSync(folder, { recursive: true, force: true });
    rmSync(config, { force: true });
  };
  const host = new URL(publicUrl).host;
  const fetch = (path, init) => ask(port, host, path, init);
  for (let tries = 0; (await fetch("/health").catch(() => undefined))?.status !== 200; tries += 1) {
    if (tries > 100) {
      await stop();
      throw new Error(`workerd does not start: ${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { publicUrl, worker: { url: publicUrl, fetch }, output: () => output, stop };
}

/** One request, sent to the port with the `Host` of the deployment. */
function ask(port, host, path, { method = "GET", headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const request = send({ port, host: "127.0.0.1", method, path, headers: { ...headers, host } }, async (answer) => {
      const chunks = [];
      for await (const chunk of answer) chunks.push(chunk);
      const { statusCode: status, rawHeaders } = answer;
      const pairs = Array.from({ length: rawHeaders.length / 2 }, (_, at) => rawHeaders.slice(2 * at, 2 * at + 2));
      const empty = [204, 304].includes(status);
      resolve(new Response(empty ? null : Buffer.concat(chunks), { status, headers: pairs }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

// The connection may be gone by the time the handler answers; the test sees that in its own response.
const listen = (handler) =>
  serve((request, response) => Promise.resolve(handler(request, response)).catch(() => request.socket.destroy()));

/** What workerd asks of a KV namespace: values by their names. */
function records() {
  const values = new Map();
  return async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://kv");
    const key = decodeURIComponent(pathname.slice(1));
    const body = await bodyOf(request);
    if (request.method === "PUT") values.set(key, body);
    if (request.method === "DELETE") values.delete(key);
    if (request.method !== "GET") return response.writeHead(200).end();
    if (key === "") {
      const prefix = searchParams.get("prefix") ?? "";
      const keys = [...values.keys()].filter((name) => name.startsWith(prefix)).map((name) => ({ name }));
      return response.end(JSON.stringify({ keys, list_complete: true }));
    }
    return values.has(key) ? response.end(values.get(key)) : response.writeHead(404).end();
  };
}

function configuration({ port, outside, kv, state, vars }) {
  const shipped = unstable_readConfig({ config: join(root, "wrangler.toml") });
  const text = JSON.stringify;
  const list = (entries) => `[${entries.join(", ")}]`;
  const settings = { ...shipped.vars, MASTER_KEY: randomBytes(32).toString("hex"), ...vars };
  const classes = shipped.durable_objects.bindings;
  const wasm = readdirSync(bundleFolder).filter((name) => name.endsWith(".wasm"));
  const bindings = [
    ...Object.entries(settings).map(([name, value]) => `(name = ${text(name)}, text = ${text(String(value))})`),
    ...classes.map((of) => `(name = ${text(of.name)}, durableObjectNamespace = ${text(of.class_name)})`),
    ...shipped.kv_namespaces.map(({ binding }) => `(name = ${text(binding)}, kvNamespace = "kv")`),
  ];
  const modules = [
    `(name = "entry.js", esModule = embed "entry.js")`,
    ...wasm.map((name) => `(name = ${text(`./${name}`)}, wasm = embed ${text(name)})`),
  ];
  const namespaces = classes.map(
    (of) => `(className = ${text(of.class_name)}, uniqueKey = ${text(of.class_name)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", external = (address = "127.0.0.1:${outside}", http = ())),
    (name = "kv", external = (address = "127.0.0.1:${kv}", http = ())),
    (name = "state", disk = (path = ${text(state)}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const main :Workerd.Worker = (
  modules = ${list(modules)},
  compatibilityDate = ${text(shipped.compatibility_date)},
  compatibilityFlags = ${list(shipped.compatibility_flags.map((flag) => text(flag)))},
  bindings = ${list(bindings)},
  durableObjectNamespaces = ${list(namespaces)},
  durableObjectStorage = (localDisk = "state"),
  globalOutbound = "internet"
);
`;
}
