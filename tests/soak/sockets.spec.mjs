// `npm run sockets`: a thousand guest sessions, each with an idle socket, on one workerd. SESSIONS=100
// takes fewer.
import { after, before, test } from "node:test";
import { idleCrowd } from "../support/crowd.mjs";
import { startGuests } from "../support/guests.mjs";

const SESSIONS = Number(process.env.SESSIONS ?? 1000);
const REST_SECONDS = 20;
let network;

before(async () => {
  network = await startGuests();
});
after(() => network?.stop());

test(`${SESSIONS} idle sessions answer after hibernation`, { timeout: 300_000 }, async (context) => {
  const { before: empty, open, asleep, rested, awake } = await idleCrowd(network, SESSIONS, REST_SECONDS);
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
  const each = (bytes) => `${((bytes - empty) / SESSIONS / 1e3).toFixed(0)} kB each`;
  const told = (name, bytes) => context.diagnostic(`${name}: ${megabytes(bytes)}, ${each(bytes)}`);
  context.diagnostic(`workerd without them: ${megabytes(empty)}`);
  told("opened", open);
  told("hibernating", asleep);
  told(`hibernating for ${REST_SECONDS} s`, rested);
  told("after each has answered", awake);
});
