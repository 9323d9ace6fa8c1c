// `npm run simulate`: a hundred thousand seeds of the simulation in tests/it/simulation.
// `npm run simulate -- 5000` runs so many; `npm run simulate -- seed 7` tells the story of one.
import { environment, Failure, run, runMain } from "./lib/process.mjs";

async function main(args) {
  const [first = "100000", second] = args;
  const one = first === "seed";
  const number = one ? second : first;
  if (args.length > (one ? 2 : 1) || !/^\d{1,12}$/.test(number ?? "")) {
    throw new Failure("usage: npm run simulate -- [number of seeds], or: npm run simulate -- seed <number>");
  }
  const env = { ...environment(), [one ? "SEED" : "SEEDS"]: number };
  const test = ["--test", "it", "simulation", "--", "--nocapture"];
  await run("cargo", ["test", "--quiet", "--profile", "long", ...test], { env, hint: "something gave way, see above" });
}

await runMain(import.meta.url, main);
