// `npm run simulate`: a hundred thousand seeds of the simulations in tests/it: hosts, relayers, guests.
// `npm run simulate -- 5000` runs so many; `npm run simulate -- seed 7` tells the story of one.
import { availableParallelism } from "node:os";

import { environment, Failure, run, runMain } from "./lib/process.mjs";

const HINT = "something gave way, see above";
const TEST = ["test", "--quiet", "--profile", "long", "--test", "it", "simulation"];

async function main(args) {
  const [first = "100000", second] = args;
  const one = first === "seed";
  const number = one ? second : first;
  if (args.length > (one ? 2 : 1) || !/^\d{1,12}$/.test(number ?? "")) {
    throw new Failure("usage: npm run simulate -- [number of seeds], or: npm run simulate -- seed <number>");
  }
  await run("cargo", [...TEST, "--no-run"], { hint: HINT });
  await (one ? simulate({ SEED: number }) : Promise.all(parts(Number(number)).map(simulate)));
}

/** One process for each core, with a part of the seeds. */
function parts(seeds) {
  const cores = Math.max(1, Math.min(availableParallelism(), seeds));
  const start = (part) => Math.floor((seeds * part) / cores);
  return Array.from({ length: cores }, (_, part) => ({
    FIRST: String(start(part)),
    SEEDS: String(start(part + 1) - start(part)),
    THREADS: "1",
  }));
}

function simulate(part) {
  const env = { ...environment(), ...part };
  return run("cargo", [...TEST, "--", "--nocapture", "--test-threads=1"], { env, hint: HINT });
}

await runMain(import.meta.url, main);
