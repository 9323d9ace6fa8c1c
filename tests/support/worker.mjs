// The real Worker in the real runtime, on this machine: wrangler's test harness around the bundle
// that `wrangler deploy` would upload. State is kept until `stop`, and then gone.
import { createTestHarness } from "wrangler";
import { bundle, bundleFolder } from "../../dev/bundle.mjs";
import { COIN_USD } from "../../dev/chain/accounts.mjs";
import { root } from "../../dev/lib/process.mjs";

// No test reaches the internet; Miniflare would ask it for a sample of `request.cf`.
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";

const WRITES = /^\s*(INSERT|UPDATE|DELETE|DROP)\b/;

/**
 * Starts a Worker of its own for a test file, from what is in build/ (it does not compile).
 *
 * `vars` and `secrets` replace single values of wrangler.toml. Gives back:
 * - `url`: a string without a closing slash. Here a raw request may carry any `Host` header.
 * - `fetch(pathOrUrl, init)`: with a whole URL, the Worker sees a request for that host.
 * - `evictHost(scope, {webSockets})`: the object loses its memory and keeps its storage; its
 *   sockets "hibernate" (unless told otherwise) or "close".
 * - `sql(scope, query, ...values)`: rows of the object's database; after a change the object loses its memory; `guestSql(session, …)`: of a guest's;
 *   `directorySql(kind, …)`: of a directory's.
 * - `hosts()`: the ids of all objects that have storage.
 * - `kv`: `get`, `list`, `put` and `delete` of the namespace `SECRETS`.
 * - `restart(changes)`: a new runtime on the same state and the same `url`; `changes` may hold other
 *   `vars` and `secrets`.
 * - `cron()`: the cron goes off; its outcome.
 * - `logs()`: what the Worker logged, `{level, message, timestamp}` each; `clearLogs()`.
 * - `stop()`.
 */
export async function startWorker({ vars = {}, secrets = {} } = {}) {
  await bundle();
  const usual = { GAS_COIN_USD: COIN_USD };
  const worker = { configPath: "wrangler.toml", prebuiltWorkerDir: bundleFolder, vars: { ...usual, ...vars }, secrets };
  const harness = createTestHarness({ root, workers: [worker] });
  const { url } = await harness.listen();
  const handle = harness.getWorker();
  const sql = (className) => async (name, query, ...values) => {
    const storage = await handle.getDurableObjectStorage(className, { name });
    const rows = await storage.exec(query, ...values);
    // An object remembers what it has read. Nobody else writes its storage, but a test does.
    if (WRITES.test(query)) await handle.evictDurableObject(className, { name, webSockets: "hibernate" });
    return rows;
  };
  const kv = (method) => async (...args) => (await handle.getEnv()).SECRETS[method](...args);

  return {
    url: url.origin,
    fetch: (input, init) => harness.fetch(input, init),
    evictHost: (scope, { webSockets = "hibernate" } = {}) =>
      handle.evictDurableObject("Host", { name: scope, webSockets }),
    /** The same for an object of any class, by its name. */
    evict: (className, name, { webSockets = "hibernate" } = {}) => handle.evictDurableObject(className, { name, webSockets }),
    sql: sql("Host"),
    guestSql: sql("Guest"),
    directorySql: sql("Directory"),
    hosts: () => handle.listDurableObjectIds("Host"),
    kv: { get: kv("get"), list: kv("list"), put: kv("put"), delete: kv("delete") },
    restart: ({ vars: others = worker.vars, ...changes } = {}) =>
      harness.update(({ workers: [last] }) => ({ root, workers: [{ ...last, ...changes, vars: { ...usual, ...others } }] })),
    cron: () => handle.scheduled({ cron: "*/2 * * * *", scheduledTime: new Date() }),
    logs: () => harness.getLogs(),
    clearLogs: () => harness.clearLogs(),
    stop: () => harness.close(),
  };
}
