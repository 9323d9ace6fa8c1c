// The three Workers of one workerd: the floor and the peer are in folders here, ours is what would be deployed.
import { randomBytes } from "node:crypto";
import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { NETWORK } from "../dev/chain/accounts.mjs";
import { root, run } from "../dev/lib/process.mjs";
import { bundle, bundleFolder } from "../dev/bundle.mjs";
import { ours } from "./workerd.mjs";

const scratch = path.join(root, ".dev", "bench");
const DATE = "2026-11-17";

/** Settings of ours: settles at the facilitator of `outside`, which is what the others ask, too. */
export function settingsOf({ facilitator, rpc }, publicUrl) {
  const vars = { FACILITATOR_URL: facilitator, RPC_URLS: JSON.stringify({ [NETWORK]: rpc }), PUBLIC_URL: publicUrl, NETWORKS: NETWORK };
  return { vars, secrets: { MASTER_KEY: randomBytes(32).toString("hex") } };
}

export function floor({ facilitator }) {
  const folder = path.join(scratch, "floor");
  mkdirSync(folder, { recursive: true });
  copyFileSync(path.join(root, "bench", "floor", "worker.mjs"), path.join(folder, "worker.mjs"));
  return { name: "floor", folder, date: DATE, variables: { FACILITATOR_URL: facilitator }, objects: [{ name: "FLOOR", of: "Floor" }] };
}

export async function peer({ facilitator }, payTo) {
  const folder = path.join(scratch, "peer");
  rmSync(folder, { recursive: true, force: true });
  const wrangler = path.join(root, "node_modules", "wrangler", "bin", "wrangler.js");
  const config = path.join(root, "bench", "peer", "wrangler.toml");
  await run(process.execPath, [wrangler, "deploy", "-c", config, "--env=", "--dry-run", "--outdir", folder], { stdio: ["ignore", "ignore", "inherit"] });
  return {
    name: "peer",
    folder,
    date: DATE,
    flags: ["nodejs_compat"],
    variables: { FACILITATOR_URL: facilitator, NETWORK, PAY_TO: payTo },
    objects: [{ name: "PEER", of: "PeerAgent" }],
    kv: ["EVENTS"],
  };
}

/**
 * Ours with a counter of SQL statements: `GET /bench/statements` tells how many there were since it was asked last, those of
 * alarms apart: `{calls, alarms}`.
 */
export async function counting(settings) {
  await bundle();
  const folder = path.join(scratch, "counting");
  rmSync(folder, { recursive: true, force: true });
  cpSync(bundleFolder, folder, { recursive: true });
  writeFileSync(path.join(folder, "a-counter.js"), COUNTER);
  return { ...(await ours(settings)), folder };
}

// Its name is the first in the order of names, which is how workerd chooses the main module.
const COUNTER = `import main, * as all from "entry.js";
let statements = { calls: 0, alarms: 0 };
let alarms = 0;
let isPatched = false;
function counts(Base) {
  return class extends Base {
    constructor(ctx, env) {
      if (!isPatched) {
        isPatched = true;
        const methods = Object.getPrototypeOf(ctx.storage.sql);
        const { exec } = methods;
        methods.exec = function (...args) {
          statements[alarms > 0 ? "alarms" : "calls"] += 1;
          return exec.apply(this, args);
        };
      }
      super(ctx, env);
    }

    async alarm() {
      alarms += 1;
      try {
        await super.alarm();
      } finally {
        alarms -= 1;
      }
    }
  };
}
export const Host = counts(all.Host);
export const Payee = counts(all.Payee);
export const Relayer = counts(all.Relayer);
export const Guest = counts(all.Guest);
export const Budget = counts(all.Budget);
export const Directory = counts(all.Directory);
export default {
  ...main,
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== "/bench/statements") return main.fetch(request, env, ctx);
    const answer = Response.json(statements);
    statements = { calls: 0, alarms: 0 };
    return answer;
  },
};
`;

