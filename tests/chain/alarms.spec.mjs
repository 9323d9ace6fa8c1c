// Alarms that are lost, and settings that are at fault while alarms go off: what is open is finished all the same, and
// nobody has to come by for that.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { NETWORK } from "../../dev/chain/accounts.mjs";
import { assertBooksAreClean } from "../support/audit.mjs";
import { ageDirectories, alarms, hurryAlarms, loseAlarms, noted, privateTemp } from "../support/alarms.mjs";
import { startOwnNetwork } from "../support/facilitators.mjs";
import { catches } from "../support/hostile-rpc.mjs";
import { createEvent, get, openServer, until } from "../support/network.mjs";
import { payFor, rsvp } from "../support/pay.mjs";
import { payerKit } from "../support/payer-kit.mjs";

const FINISHED_SECONDS = 60;
// An alarm that is set looks after what was sent within this time.
const LOOKED_SECONDS = 8;
const SETTINGS_AGAIN_SECONDS = 300;
// A paid sale is checked again half a minute later, and later still if the chain could not be asked before.
const LEAVES_SECONDS = 300;
const temp = privateTemp();
let network, server;
let made = 0;

before(async () => {
  network = await startOwnNetwork();
  server = await openServer(network);
});
after(async () => {
  await network?.stop();
  temp.remove();
});
afterEach(() => network.rpc.recovers());

/** A seat that is being paid for, whose transaction is signed and has not left. Then the settings are at fault. */
async function interrupted() {
  made += 1;
  const kit = await payerKit(network.chain, `alarms ${made}`, 2, network.ours);
  const event = await createEvent(network, server, { capacity: 1 });
  const payment = await payFor(network, server, event, kit.payer, kit.version);
  const { behaviour, caught } = catches("eth_sendRawTransaction");
  network.rpc.misbehave(behaviour, "eth_sendRawTransaction");
  const call = rsvp(network, server, event, payment).catch(() => {});
  await caught;
  // The notes to the directories are on their way.
  await until(() => noted(temp.folder).length === 2);
  await network.worker.restart({ vars: { ...network.settings.vars, RPC_URLS: "no JSON" } });
  await call;
  network.rpc.recovers();
  assert.equal((await network.worker.fetch("/health")).status, 500, "the settings are at fault");
  return { kit, event };
}

const classes = ["Host", "Relayer"];
const repairSettings = () => network.worker.restart({ vars: network.settings.vars });
const transfers = async ({ kit }) => (await network.chain.transfers(server.payTo)).filter(({ args }) => args.from === kit.payer.address);
const published = () => network.worker.kv.get(`${server.scope}:revenue`);

/** Nothing in here wakes an object. */
async function finishesByItself(one) {
  await until(async () => (await transfers(one)).length === 1, FINISHED_SECONDS);
  const earned = String(await network.chain.balance(server.payTo));
  await until(async () => (await published()) === earned, FINISHED_SECONDS);
  const guests = await get(network, `/api/users/events/${one.event.id}/rsvps`, server.token).then((answer) => answer.json());
  assert.deepEqual(guests.rsvps.map(({ wallet }) => wallet), [one.kit.payer.address]);
  await assertBooksAreClean(network.worker, server.scope);
}

describe("settings that are at fault for a while", () => {
  test("the alarms go on until the settings are repaired, and then what is open is finished by itself", async () => {
    const one = await interrupted();
    for (const name of classes) {
      await until(() => alarms(temp.folder, name).some(([, at]) => at > Date.now() + 1000 * (SETTINGS_AGAIN_SECONDS - 60)));
      hurryAlarms(temp.folder, name, 2_000);
    }
    await repairSettings();
    await finishesByItself(one);
  });

  test("the relayer of a network that is taken out finishes what it has signed, as long as there is an endpoint", async () => {
    const one = await interrupted();
    hurryAlarms(temp.folder, "Relayer", 2_000);
    const OTHER = "eip155:80002";
    const RPC_URLS = JSON.stringify({ [NETWORK]: network.rpc.url, [OTHER]: network.rpc.url });
    await network.worker.restart({ vars: { ...network.settings.vars, NETWORKS: OTHER, RPC_URLS } });
    try {
      await until(async () => (await transfers(one)).length === 1, FINISHED_SECONDS);
    } finally {
      hurryAlarms(temp.folder, "Host", 2_000);
      await repairSettings();
    }
    await finishesByItself(one);
  });

  test("the cron cannot ask the objects then, keeps them, and sets their alarms", async () => {
    const one = await interrupted();
    for (const name of classes) loseAlarms(temp.folder, name);
    ageDirectories(temp.folder);
    await network.worker.restart({ vars: { ...network.settings.vars, RPC_URLS: "no JSON" } });
    assert.equal((await network.worker.cron()).outcome, "ok");
    for (const name of classes) assert.equal(alarms(temp.folder, name).length, 1, name);
    assert.equal(noted(temp.folder).length, 2);
    for (const name of classes) hurryAlarms(temp.folder, name, 2_000);
    await repairSettings();
    await finishesByItself(one);
  });
});

describe("alarms that are lost", () => {
  test("a paid seat whose host's and relayer's alarms are lost is delivered after the cron, and nobody came by", async () => {
    const one = await interrupted();
    for (const name of classes) loseAlarms(temp.folder, name);
    ageDirectories(temp.folder);
    await repairSettings();
    await sleep(LOOKED_SECONDS * 1000);
    for (const name of classes) assert.deepEqual(alarms(temp.folder, name), [], name);
    assert.deepEqual(await transfers(one), [], "nobody looks after it");
    assert.equal((await network.worker.cron()).outcome, "ok");
    await finishesByItself(one);
  });

  test("a relayer that no directory knows is woken too", async () => {
    const one = await interrupted();
    loseAlarms(temp.folder, "Relayer");
    loseAlarms(temp.folder, "Host");
    await repairSettings();
    assert.equal((await network.worker.cron()).outcome, "ok");
    await until(async () => (await transfers(one)).length === 1, FINISHED_SECONDS);
    ageDirectories(temp.folder);
    assert.equal((await network.worker.cron()).outcome, "ok");
    await finishesByItself(one);
  });

  test("what has nothing open leaves the directories", async () => {
    const isEmpty = async () => {
      ageDirectories(temp.folder);
      await network.worker.cron();
      await sleep(2000);
      return noted(temp.folder).length === 0;
    };
    await until(isEmpty, LEAVES_SECONDS).catch(async () => {
      const payments = await network.worker.sql(server.scope, "SELECT state, next_check_at, reason FROM payments");
      const records = await network.worker.sql(server.scope, "SELECT * FROM outbox");
      assert.fail(JSON.stringify({ now: Date.now(), noted: noted(temp.folder), payments, records }));
    });
  });
});
