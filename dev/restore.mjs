// `npm run restore -- --server URL --key-file FILE --file backup.ndjson`: brings a backup of `npm run backup` back, page after
// page. A run that was stopped goes on where it was.
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { findDeployment } from "./lib/deployment.mjs";
import { OWNER_OPTIONS, ownerToken } from "./lib/owner.mjs";
import { Failure, parseOptions, runMain } from "./lib/process.mjs";

/** The last page takes the longest: it puts everything in its place. */
const ANSWER_MILLIS = 120_000;
const TRIES = 5;
const TRY_AGAIN_MILLIS = 2_000;
/** How long a host may be busy being rebuilt from KV before its backup is taken. */
const BUSY_MILLIS_MAX = 3_600_000;
const SAID_EVERY = 100;

async function main(args) {
  const values = options(args);
  const file = resolve(values.file);
  const place = await findDeployment(values);
  const token = await ownerToken(values, place);
  let state = { nextPage: 0, done: false };
  let number = 0;
  for await (const page of pages(file)) {
    // The first page says where it is, so it is sent in any case.
    if (number === 0 || number >= state.nextPage) state = await send(place, token, page);
    if (number > 0 && number % SAID_EVERY === 0) console.log(`${number} pages ...`);
    number += 1;
  }
  if (number === 0) throw new Failure(`${file} holds no backup; \`npm run backup\` writes one`);
  if (!state.done) throw new Failure(`${file} is not complete: page ${state.nextPage} is missing. Nothing was changed; make or find a complete backup`);
  console.log(`restored as of ${state.exportedAt}: ${state.events} events, ${state.seats} seats, ${state.credentials} credentials that are good`);
  console.log(state.message);
}

function options(args) {
  const { values } = parseOptions("restore", { args, options: { ...OWNER_OPTIONS, file: { type: "string" } } });
  if (!values.file) throw new Failure("name the backup with --file FILE; `npm run restore -- --help` lists the options");
  return values;
}

/** The pages of a file, one at a time. */
async function* pages(file) {
  const stream = createReadStream(file, "utf8");
  const opened = new Promise((done, failed) => stream.once("open", done).once("error", failed));
  await opened.catch((error) => {
    throw new Failure(`${file} cannot be read (${error.code})`);
  });
  let page = "";
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    page += `${line}\n`;
    if (!line.startsWith('{"seal":')) continue;
    yield page;
    page = "";
  }
  if (page !== "") throw new Failure(`${file} breaks off in a page. Nothing was changed; make or find a complete backup`);
}

/** Sends a page, again if the line breaks: a page that came twice counts once. */
async function send(place, token, page) {
  const headers = { "content-type": "application/x-ndjson", authorization: `Bearer ${token}` };
  const busyUntil = Date.now() + BUSY_MILLIS_MAX;
  for (let tries = 1; ; tries += 1) {
    const init = { method: "POST", headers, body: page, signal: AbortSignal.timeout(ANSWER_MILLIS) };
    const answer = await fetch(`${place.origin}/api/users/restore`, init).catch((error) => ({ error }));
    const body = await answer.json?.().catch(() => undefined);
    if (answer.ok && body) return body;
    const after = Number(answer.headers?.get("retry-after"));
    if ([429, 503].includes(answer.status) && after > 0 && Date.now() < busyUntil) {
      console.log(`${body?.detail ?? "the deployment is busy"} (waiting ${after} s)`);
      await sleep(after * 1000);
      tries = 0;
    } else if (tries < TRIES && (answer.error || answer.status >= 500)) {
      await sleep(TRY_AGAIN_MILLIS * tries);
    } else {
      const why = answer.error ? `the deployment does not answer (${answer.error.cause?.code ?? answer.error.name}); run this again, it goes on where it was` : (body?.detail ?? `the deployment answers ${answer.status}`);
      throw new Failure(`not restored: ${why}`);
    }
  }
}

await runMain(import.meta.url, main);
