// Signing in with a code that is sent by mail, up to a paid seat; mail that is sent once whatever dies; and what
// a provider says of it afterwards.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startGuests } from "../support/guests.mjs";
import { startKillable } from "../support/killable.mjs";
import { startMailApi } from "../support/mail-api.mjs";
import { createEvent, get, post, until } from "../support/network.mjs";
import { payFor, rsvp } from "../support/pay.mjs";
import { accountsOf } from "../support/wallets.mjs";

let sources = 0;

/** From a network address of its own, so that no test uses up another's share. */
function ask(worker, path, body, source = `198.51.100.${(sources = (sources % 250) + 1)}`, cookie = "") {
  const headers = { "content-type": "application/json", "cf-connecting-ip": source, cookie };
  return worker.fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** What a browser keeps: its cookies, by name. */
class Browser {
  cookies = new Map();

  async ask(worker, path, body, source) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await ask(worker, path, body, source, cookie);
    for (const set of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set);
      if (/Max-Age=0\b/.test(set)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }
}

/** The browser of a test in which one person, or nobody in particular, asks for each address. */
const browsers = new Map();
const browserOf = (email) => {
  const key = String(email).trim().toLowerCase();
  return browsers.get(key) ?? browsers.set(key, new Browser()).get(key);
};

const askForCode = (worker, email, source, browser = browserOf(email)) =>
  browser.ask(worker, "/api/auth/otp", { email }, source);
const tryCode = (worker, email, code, source, browser = browserOf(email)) =>
  browser.ask(worker, "/api/auth/otp/verify", { email, code }, source);
const wrongOf = (code, by = 1) => String((Number(code) + by) % 1_000_000).padStart(6, "0");

async function isProblem(answer, status, code, detail = /./) {
  const problem = await answer.json();
  assert.deepEqual([answer.status, problem.type], [status, `urn:events-concierge:problem:${code}`], problem.detail);
  assert.match(problem.detail, detail);
}

/** The code that arrives after one was asked for. */
async function newCode(worker, api, email) {
  const arrived = () => api.arrived.filter(({ to }) => to[0] === email).length;
  const before = arrived();
  assert.equal((await askForCode(worker, email)).status, 202);
  await until(() => arrived() > before);
  return api.codeFor(email);
}

async function signedIn(worker, api, email) {
  const code = await newCode(worker, api, email);
  const answer = await tryCode(worker, email, code);
  return { code, cookie: answer.headers.get("set-cookie"), status: answer.status, ...(await answer.json()) };
}

describe("a deployment with an HTTP mail API", () => {
  let api;
  let network;

  before(async () => {
    api = await startMailApi();
    network = await startGuests(api.settings);
  });
  after(async () => {
    await network?.stop();
    await api?.stop();
  });

  test("a host signs in by mail, gets a wallet and a server, is paid there, and comes back to it", async () => {
    const email = "ada@example.org";
    const session = await signedIn(network.worker, api, email);
    assert.equal(session.status, 200, session.detail);
    assert.equal(session.userId, email);
    assert.match(session.cookie, /^__Host-session=v1\..*; Path=\/; Secure; HttpOnly; SameSite=Lax/);
    const registered = await post(network, "/api/users/mcp", { userId: email }, session.token);
    assert.equal(registered.status, 201);
    const { walletAddress, urlSafeId, mcpUrl } = await registered.json();
    assert.equal(urlSafeId, session.scope);
    const server = { ...session, mcpUrl };
    const event = await createEvent(network, server);
    const [payer] = accountsOf("a guest of the e-mail host", 1);
    await network.chain.mint(payer.address, 1_000_000n);
    const bought = await rsvp(network, server, event, await payFor(network, server, event, payer));
    assert.equal(bought.status, 200, JSON.stringify(bought.body));
    assert.equal(await network.chain.balance(walletAddress), 50_000n);
    // Another sign-in, in another spelling, of an object that has forgotten everything.
    await network.worker.evictHost(session.scope);
    assert.equal((await askForCode(network.worker, " ADA@example.ORG ")).status, 202);
    await until(() => api.codeFor(email) !== session.code);
    const again = await tryCode(network.worker, " ADA@example.ORG ", api.codeFor(email));
    const { token, scope } = await again.json();
    assert.equal(scope, session.scope);
    const me = await get(network, "/api/users/me", token).then((answer) => answer.json());
    assert.deepEqual([me.mcpUrl, me.walletAddress], [mcpUrl, walletAddress]);
    const { events } = await get(network, "/api/users/events", token).then((answer) => answer.json());
    assert.deepEqual(events.map(({ id, revenue }) => [id, revenue]), [[event.id, "0.05"]]);
  });

  test("the page learns that codes can be sent", async () => {
    const settings = await get(network, "/api/settings").then((answer) => answer.json());
    assert.equal(settings.emailSignIn, true);
  });

  test("a code is good once, for its own address, and is in no log", async () => {
    const { worker } = network;
    const code = await newCode(worker, api, "bob@example.org");
    const bobs = browserOf("bob@example.org");
    await isProblem(await tryCode(worker, "bo@example.org", code, undefined, bobs), 401, "code_refused");
    await isProblem(await tryCode(worker, "bob@example.org", wrongOf(code)), 401, "code_refused");
    const { scope, ...session } = await tryCode(worker, "bob@example.org", code).then((answer) => answer.json());
    assert.ok(session.token);
    await isProblem(await tryCode(worker, "bob@example.org", code), 401, "code_refused");
    assert.deepEqual(await worker.sql(scope, "SELECT * FROM mail_outbox"), []);
    assert.deepEqual(await worker.sql(scope, "SELECT * FROM sign_in_codes"), []);
    const log = worker.logs().map(({ message }) => message).join("\n");
    assert.ok(log.includes("a mail was sent"));
    assert.ok(!log.includes("example.org") && !log.includes(code));
  });

  test("everybody gets the same answer; what is malformed is named", async () => {
    const { worker } = network;
    const said = async (email) => {
      const answer = await askForCode(worker, email);
      const { challenge, ...said } = await answer.json();
      assert.equal(browserOf(email).cookies.get("__Host-code-challenge"), challenge);
      const headers = Object.fromEntries([...answer.headers].filter(([name]) => !/^(date|set-cookie|x-request-id)$/.test(name)));
      return [answer.status, challenge.length, JSON.stringify(said), headers];
    };
    const known = await said("ada@example.org");
    assert.deepEqual(known[0], 202);
    assert.equal(JSON.parse(known[2]).expiresInSeconds, 600);
    for (let time = 0; time < 4; time += 1) assert.deepEqual(await said("nobody@example.org"), known);
    await until(() => api.arrived.filter(({ to }) => to[0] === "nobody@example.org").length > 0);
    await sleep(1500);
    assert.ok(api.arrived.filter(({ to }) => to[0] === "nobody@example.org").length <= 3, "no more than three");
    for (const email of ["", "ada", "a@b", "a@b.c, d@e.f", "a@b.c\r\nBcc: d@e.f", "0x".padEnd(42, "1")]) {
      await isProblem(await askForCode(worker, email), 422, "invalid_arguments", /^email: /);
    }
    await isProblem(await tryCode(worker, "ada@example.org", "12345"), 422, "invalid_arguments", /^code: /);
    const stranger = new Browser();
    await isProblem(await tryCode(worker, "ada@example.org", "123456", undefined, stranger), 422, "invalid_arguments", /^challenge: /);
    for (const body of [null, {}, { email: 1 }, { email: "a@b.c", to: "d@e.f" }]) {
      await isProblem(await ask(worker, "/api/auth/otp", body), 400, "malformed_json");
    }
  });

  test("one network address asks ten times in a minute, others go on", async () => {
    const { worker } = network;
    const statuses = [];
    for (let number = 0; number < 22; number += 1) {
      const answer = await askForCode(worker, `crowd${number}@example.org`, "203.0.113.77");
      statuses.push(answer.status);
      if (answer.status !== 429) continue;
      const seconds = Number(answer.headers.get("retry-after"));
      assert.ok(seconds >= 1 && seconds <= 60);
    }
    // A new minute may have begun in between.
    const admitted = statuses.filter((status) => status === 202).length;
    assert.ok(admitted >= 10 && admitted <= 20, statuses.join());
    assert.equal((await askForCode(worker, "other@example.org", "203.0.113.78")).status, 202);
  });

  test("a code is good where it was asked for only; a program sends the challenge back itself", async () => {
    const { worker } = network;
    const email = "frank@example.org";
    const { challenge } = await askForCode(worker, email).then((answer) => answer.json());
    const code = await until(() => api.codeFor(email));
    const thief = new Browser();
    await askForCode(worker, email, "203.0.113.9", thief);
    await isProblem(await tryCode(worker, email, code, undefined, thief), 401, "code_refused");
    for (const forged of ["", "1.2.3", challenge.replace(/^\d/, "9"), `${challenge}A`]) {
      const body = { email, code, challenge: forged };
      await isProblem(await ask(worker, "/api/auth/otp/verify", body), 401, "code_refused");
    }
    const answer = await ask(worker, "/api/auth/otp/verify", { email, code, challenge });
    assert.equal(answer.status, 200, await answer.clone().text());
    assert.deepEqual(answer.headers.getSetCookie().map((set) => set.split("=")[0]).sort(), [
      "__Host-known-browser",
      "__Host-session",
    ]);
  });

  test("strangers neither keep an owner from a code, nor spoil hers, nor reach a browser that is known", async () => {
    const { worker } = network;
    const email = "grace@example.org";
    const arrived = () => api.arrived.filter(({ to }) => to[0] === email).length;
    const evil = new Browser();
    for (let n = 0; n < 5; n += 1) await askForCode(worker, email, "203.0.113.66", evil);
    await until(() => arrived() === 3);
    const code = await newCode(worker, api, email);
    assert.equal(arrived(), 4, "three from one network, and hers");
    for (let guess = 1; guess <= 6; guess += 1) {
      await isProblem(await tryCode(worker, email, wrongOf(code, guess), "203.0.113.66", evil), 401, "code_refused");
    }
    assert.equal((await tryCode(worker, email, code)).status, 200);
    // Everything that strangers may have of an address in a day, and more.
    for (let n = 0; n < 45; n += 1) await askForCode(worker, email, `203.${n}.113.1`, new Browser());
    await until(() => arrived() >= 32);
    await sleep(1500);
    const flood = arrived();
    assert.ok(flood <= 33, `${flood} mails`);
    await askForCode(worker, email, "198.18.0.1", new Browser());
    await sleep(1500);
    assert.equal(arrived(), flood, "another stranger gets none");
    const again = await newCode(worker, api, email);
    assert.equal((await tryCode(worker, email, again)).status, 200, "the known browser does");
  });

  test("guessing ends a code after five tries", async () => {
    const { worker } = network;
    const code = await newCode(worker, api, "eve@example.org");
    for (let guess = 1; guess <= 5; guess += 1) {
      await isProblem(await tryCode(worker, "eve@example.org", wrongOf(code, guess)), 401, "code_refused");
    }
    await isProblem(await tryCode(worker, "eve@example.org", code), 401, "code_refused");
  });

  test("of an address that nobody registered nothing is left in the end, and it can sign in again", async () => {
    const { worker } = network;
    const { scope } = await signedIn(worker, api, "once@example.org");
    const tables = () => worker.sql(scope, "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'");
    assert.ok((await tables()).length > 0);
    await newCode(worker, api, "once@example.org");
    await worker.sql(scope, "UPDATE sign_in_times SET at = at - 86400");
    await worker.sql(scope, "UPDATE sign_in_codes SET expires_at = made_at");
    // Any request sets the alarm for what is to be removed.
    assert.equal((await get(network, `/e/${scope}`)).status, 404);
    await until(async () => (await tables()).length === 0);
    assert.equal((await signedIn(worker, api, "once@example.org")).scope, scope);
  });

  test("a host's mail goes out by itself, and what the provider says of it counts once", async () => {
    const { worker } = network;
    const { scope, token } = await signedIn(worker, api, "carol@example.org");
    assert.equal((await post(network, "/api/users/mcp", { userId: "carol@example.org" }, token)).status, 201);
    const id = "eml_000102030405060708090a0b";
    const now = Math.floor(Date.now() / 1000);
    await worker.sql(
      scope,
      `INSERT INTO mail_outbox (id, kind, scope, to_address, subject, body, ticket, state, attempts, next_at, created_at, updated_at)
       VALUES (?1, 'ticket', ?2, 'dora@example.org', 'Your question', 'Yes.', 7, 'queued', 0, ?3, ?3, ?3)`,
      id, scope, now,
    );
    await get(network, "/api/users/me", token);
    await until(() => api.arrived.some(({ to }) => to[0] === "dora@example.org"));
    const mail = api.arrived.find(({ to }) => to[0] === "dora@example.org");
    assert.equal(mail.headers["X-Concierge-Mail"], `${scope}/${id}`);
    assert.equal(mail.headers["Message-ID"], `<${id}@example.org>`);
    const shown = () => get(network, "/api/users/mail", token).then((answer) => answer.json());
    await until(async () => (await shown()).mails[0].state === "sent");
    assert.equal((await shown()).mails[0].isFailure, false);

    const tags = Object.fromEntries(mail.tags.map(({ name, value }) => [name, value]));
    const event = { type: "email.bounced", created_at: new Date().toISOString(), data: { email_id: "x", to: mail.to, tags } };
    const tell = (sent) => worker.fetch("/api/mail/webhook", sent);
    const events = () => worker.sql(scope, "SELECT mail_id, kind FROM mail_events");
    const forged = [
      api.webhook(event, { key: "another key" }),
      api.webhook(event, { at: Date.now() - 302_000 }),
      api.webhook(event, { at: Date.now() + 302_000 }),
      api.webhook(event, { headers: { "svix-id": "msg_other" } }),
      api.webhook(event, { headers: { "svix-signature": "" } }),
      api.webhook(event, { body: JSON.stringify({ ...event, type: "email.complained" }) }),
      { method: "POST", headers: {}, body: JSON.stringify(event) },
    ];
    for (const bad of forged) await isProblem(await tell(bad), 401, "webhook_refused");
    assert.deepEqual(await events(), []);
    const good = api.webhook(event);
    for (let time = 0; time < 3; time += 1) assert.equal((await tell(good)).status, 204);
    assert.deepEqual(await events(), [{ mail_id: id, kind: "bounced" }]);
    assert.equal((await shown()).mails[0].isFailure, true);
    // The other names of the same headers; the header of the mail instead of the tags.
    const headers = [{ name: "x-concierge-mail", value: mail.headers["X-Concierge-Mail"] }];
    const complaint = { type: "email.complained", data: { email_id: "x", headers } };
    assert.equal((await tell(api.webhook(complaint, { prefix: "webhook" }))).status, 204);
    assert.deepEqual((await events()).map(({ kind }) => kind).sort(), ["bounced", "complained"]);
    // What we do not know is taken, so that it is not sent again, and leaves nothing.
    const before = (await worker.hosts()).length;
    const stranger = { ...tags, concierge_scope: "f".repeat(32) };
    for (const unknown of [
      { ...event, data: { ...event.data, tags: stranger } },
      { ...event, data: { ...event.data, tags: { ...tags, concierge_mail: "eml_ffffffffffffffffffffffff" } } },
      { ...event, data: {} },
      { type: "email.opened", data: event.data },
      {},
    ]) assert.equal((await tell(api.webhook(unknown))).status, 204);
    assert.equal((await events()).length, 2);
    assert.ok((await worker.hosts()).length <= before + 1);
  });

  test("an API that cannot be reached only delays a mail", async () => {
    api.next.push(503);
    const before = api.requests.length;
    assert.equal((await askForCode(network.worker, "late@example.org")).status, 202);
    await until(() => api.requests.length > before + 1);
    await until(() => api.codeFor("late@example.org"));
    const [first, second] = api.requests.slice(before);
    assert.deepEqual([first.key, first.body], [second.key, second.body]);
    assert.equal((await tryCode(network.worker, "late@example.org", api.codeFor("late@example.org"))).status, 200);
  });
});

test("without a way out for mail everybody is told, and nothing is stored", async () => {
  const network = await startGuests();
  try {
    await isProblem(await askForCode(network.worker, "ada@example.org"), 503, "mail_unavailable", /wallet/);
    const before = await network.worker.hosts();
    await isProblem(await tryCode(network.worker, "ada@example.org", "123456", undefined, new Browser()), 422, "invalid_arguments", /^challenge: /);
    assert.equal((await get(network, "/api/settings").then((answer) => answer.json())).emailSignIn, false);
    await isProblem(await network.worker.fetch("/api/mail/webhook", { method: "POST", body: "{}" }), 404, "not_found");
    assert.ok((await network.worker.hosts()).length <= before.length + 2);
  } finally {
    await network.stop();
  }
});

describe("kill -9", () => {
  const all = [];
  let api;
  let worker;

  before(async () => {
    api = await startMailApi();
    worker = await startKillable({ env: { ...api.settings.vars, ...api.settings.secrets } });
  });
  after(async () => {
    await worker?.stop();
    await api?.stop();
  });

  for (const [when, does, arrivedAtKill] of [
    ["between queued and sent", 429, 0],
    ["between request and answer, not taken", "hangs", 0],
    ["between request and answer, taken", "takes and hangs", 1],
  ]) {
    test(`${when}: the mail arrives once, and its code is good`, async () => {
      const email = `${when.replace(/\W+/g, ".")}@example.org`;
      const before = api.requests.length;
      const arrived = () => api.arrived.filter(({ to }) => to[0] === email).length;
      api.next.push(does);
      assert.equal((await askForCode(worker, email)).status, 202);
      await until(() => api.requests.length > before);
      // A busy API's answer is written down before the kill.
      if (does === 429) await sleep(300);
      assert.equal(arrived(), arrivedAtKill);
      worker.kill();
      await worker.down();
      await worker.up();
      // No request comes: the alarm sends it.
      await until(() => api.requests.length > before + 1, 60);
      await until(() => arrived() === 1);
      all.push({ when, arrived, at: Date.now() });
      const mine = api.requests.slice(before);
      assert.deepEqual([...new Set(mine.map(({ key }) => key))].length, 1, "under one key");
      assert.equal(new Set(mine.map(({ body }) => body)).size, 1, "word for word");
      assert.equal((await tryCode(worker, email, api.codeFor(email))).status, 200);
    });
  }

  test("no mail has arrived once more five seconds after it", async () => {
    assert.equal(all.length, 3);
    await sleep(Math.max(0, all.at(-1).at + 5000 - Date.now()));
    for (const { when, arrived } of all) assert.equal(arrived(), 1, when);
  });
});

describe("the binding EMAIL under wrangler dev", () => {
  let worker;

  before(async () => {
    worker = await startKillable({ env: { MAIL_API_URL: "", MAIL_API_KEY: "", MAIL_FROM: "Events <events@example.org>" } });
  });
  after(() => worker?.stop());

  test("npm start says the code and keeps the mail", async () => {
    assert.equal((await askForCode(worker, "grace.hopper@example.org")).status, 202);
    const said = await until(() => /sign-in code for (\S+): (\d{6})/.exec(worker.said()));
    assert.equal(said[1], "g…@example.org");
    const [mail, ...others] = worker.mails();
    assert.deepEqual(others, []);
    assert.match(mail, /^From: "?Events"? <events@example\.org>\nTo: grace\.hopper@example\.org\nSubject: Your code for signing in/);
    assert.ok(mail.includes(said[2]));
    const answer = await tryCode(worker, "grace.hopper@example.org", said[2]);
    assert.equal(answer.status, 200, await answer.clone().text());
  });
});
