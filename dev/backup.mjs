// `npm run backup -- --server URL --key-file FILE --out backup.ndjson`: everything of a host, in a file that only
// `npm run restore` of the same deployment's key takes. The file is complete or it is not there.
import { createWriteStream, existsSync, renameSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { findDeployment } from "./lib/deployment.mjs";
import { OWNER_OPTIONS, ownerToken } from "./lib/owner.mjs";
import { Failure, parseOptions, runMain } from "./lib/process.mjs";

/** More than the last two lines, which say how much there is and that it is all. */
const TAIL_BYTES = 16_384;

async function main(args) {
  const { values } = parseOptions("backup", { args, options: { ...OWNER_OPTIONS, out: { type: "string" } } });
  const place = await findDeployment(values);
  const token = await ownerToken(values, place);
  const answer = await fetch(`${place.origin}/api/users/export`, { headers: { authorization: `Bearer ${token}` } }).catch((error) => {
    throw new Failure(`${place.origin} does not answer (${error.cause?.code ?? error.name}); ${place.again}`);
  });
  if (!answer.ok) throw new Failure(`no backup: ${(await answer.json().catch(() => undefined))?.detail ?? `the deployment answers ${answer.status}`}`);
  const file = resolve(values.out ?? /filename="([\w.-]+)"/.exec(answer.headers.get("content-disposition"))[1]);
  if (existsSync(file)) throw new Failure(`${file} is there already and is kept; name another file with --out`);
  const part = `${file}.part`;
  const tail = { text: "", bytes: 0 };
  try {
    await pipeline(answer.body, watch(tail), createWriteStream(part, { mode: 0o600 }));
  } catch (error) {
    rmSync(part, { force: true });
    throw new Failure(`the backup broke off after ${size(tail.bytes)} (${error.cause?.code ?? error.message}); wait a minute and try again`);
  }
  const [end, seal] = tail.text.trimEnd().split("\n").slice(-2).map(read);
  if (!seal?.seal?.last || !end?.end) {
    rmSync(part, { force: true });
    throw new Failure("the backup broke off; wait a minute and try again");
  }
  renameSync(part, file);
  const { events, rsvps, payments } = end.end;
  console.log(`${file}: ${events} events, ${rsvps} seats, ${payments} payments in ${size(tail.bytes)}`);
  console.log("Keep it as you keep passwords: it holds your guests' names and addresses.");
}

/** Passes everything on, and keeps the end. */
const watch = (tail) =>
  new Transform({
    transform(chunk, _, done) {
      tail.bytes += chunk.length;
      tail.text = (tail.text + chunk.toString("latin1")).slice(-TAIL_BYTES);
      done(null, chunk);
    },
  });

function read(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

await runMain(import.meta.url, main);
