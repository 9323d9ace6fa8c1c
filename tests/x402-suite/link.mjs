// `node tests/x402-suite/link.mjs <folder of the x402 repository>`: adds our facilitator and our server to its end-to-end
// suite as external components. Writes a test.config.json and a run.sh each; nothing else of that repository changes.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { modernNode } from "../../dev/lib/node.mjs";
import { Failure, root, runMain } from "../../dev/lib/process.mjs";
import { PAID_PATH } from "./component.mjs";

const NAME = "events-concierge";
const EVM = { protocolFamilies: ["evm"], schemes: ["exact"], extensions: [], evm: { assetTransferMethods: ["eip3009"] } };
const COMMON = { name: NAME, language: "typescript", environment: { required: [], optional: [] } };

/** The facilitator's test.config.json. */
const FACILITATOR = { ...COMMON, type: "facilitator", x402Versions: [1, 2], ...EVM };
/** The server's. */
const SERVER = {
  ...COMMON,
  type: "server",
  transport: "http",
  x402Version: 2,
  extensions: [],
  endpoints: [
    { path: PAID_PATH, method: "GET", description: "Analytics of an event", requiresPayment: true, protocolFamily: "evm", scheme: "exact", assetTransferMethod: "eip3009" },
    { path: "/health", method: "GET", description: "Health check", health: true },
    { path: "/close", method: "POST", description: "Graceful shutdown", close: true },
  ],
};

/** Writes both components; gives their folders. */
export function link(repository) {
  const suite = path.join(repository, "e2e");
  if (!existsSync(path.join(suite, "facilitators"))) throw new Failure(`${repository} has no folder e2e/facilitators: it should be a clone of the x402 repository`);
  const byLanguage = path.join(suite, "servers", "typescript", "http");
  const servers = existsSync(byLanguage) ? byLanguage : path.join(suite, "servers");
  const facilitator = write("facilitator", path.join(suite, "facilitators", "external-proxies", NAME), FACILITATOR);
  return { facilitator, server: write("server", path.join(servers, NAME), SERVER) };
}

function write(role, folder, config) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "test.config.json"), `${JSON.stringify(config, null, 2)}\n`);
  const command = `IS_BUILT=1 exec "${modernNode()}" "${path.join(root, "tests/x402-suite/component.mjs")}" ${role}`;
  writeFileSync(path.join(folder, "run.sh"), `#!/usr/bin/env bash\ncd "${root}"\n${command}\n`);
  return folder;
}

async function main([repository]) {
  if (repository === undefined) throw new Failure("usage: node tests/x402-suite/link.mjs <folder of the x402 repository>");
  const { facilitator, server } = link(path.resolve(repository));
  console.log(`our facilitator is ${facilitator}\nour server is ${server}\nRun \`npm run build\` here, then \`pnpm test\` in ${path.join(repository, "e2e")} and choose both.`);
}

await runMain(import.meta.url, main);
