// Customers' answers in the real runtime: by the Worker's `email` handler, in the form in which `wrangler dev` has it, and by
// a provider's signed webhook. An answer is in its ticket once, and what is refused is refused in words.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startGuests } from "../support/guests.mjs";
import { startMailApi } from "../support/mail-api.mjs";
import { get, openServer, patch, post, until } from "../support/network.mjs";
import { callTool, payingClient } from "../support/pay.mjs";
import { accountsOf } from "../support/wallets.mjs";

const CUSTOMER = "ada@example.org";
let api;
let network;
let server;
let ticket;
let mail;

before(async () => {
  api = await startMailApi();
  const { vars, secrets } = api.settings;
  network = await startGuests({ vars: { ...vars, MAIL_INBOX: "reply@desk.example.org" }, secrets });
  server = await openServer(network);
  assert.equal((await patch(network, "/api/users/me", { products: ["events", "desk"] }, server.token)).status, 200);
  const [wallet] = accountsOf("a customer of the inbox", 1);
  await network.chain.mint(wallet.address, 1_000_000n);
  const asked = { subject: "My order", body: "Where is it?", email: CUSTOMER };
  const { challenge } = await callTool(network, server, "createTicket", asked);
  const payment = await payingClient(wallet).createPaymentPayload(challenge);
  const { body } = await callTool(network, server, "createTicket", asked, payment);
  ticket = body.ticketId;
  const replied = await post(network, `/api/users/tickets/${ticket}/replies`, { body: "On its way." }, server.token);
  assert.equal(replied.status, 200);
  mail = await until(() => api.arrived.find(({ to }) => to[0] === CUSTOMER));
});
after(async () => {
  await network?.stop();
  await api?.stop();
});

const messages = async () => {
  const { thread } = await get(network, `/api/users/tickets/${ticket}`, server.token).then((answer) => answer.json());
  return thread.filter(({ kind }) => kind === "message");
};

/** A mail as a sender's server would deliver it. */
function deliver(to, lines, text, from = CUSTOMER) {
  const raw = [...lines, `To: ${to}`, "", text].join("\r\n");
  const query = new URLSearchParams({ from, to });
  return network.worker.fetch(`/cdn-cgi/handler/email?${query}`, { method: "POST", body: raw });
}

test("an answer by mail is in its ticket, once", async () => {
  assert.match(mail.reply_to, /^reply\+[a-z2-7]{48}@desk\.example\.org$/);
  const lines = [`From: Ada <${CUSTOMER}>`, "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Message-ID: <one@example.org>"];
  lines.push("Content-Type: multipart/alternative; boundary=b");
  const parts = ["--b", "Content-Type: text/plain; charset=iso-8859-1", "Content-Transfer-Encoding: quoted-printable", "", "Danke, gr=FCn!"];
  const text = [...parts, "", "On Monday, Events wrote:", "> On its way.", "--b", "Content-Type: text/html", "", "<script>x</script>", "--b--"].join("\r\n");
  for (let time = 0; time < 2; time += 1) {
    const answer = await deliver(mail.reply_to, lines, text);
    assert.equal(answer.status, 200, await answer.text());
  }
  const [message, ...others] = await messages();
  assert.deepEqual(others, []);
  assert.deepEqual([message.author, message.text, message.verdict], [CUSTOMER, "Danke, grün!", "unknown"]);
  assert.match(message.rest, /> On its way\./);
});

test("a mail that belongs to no ticket is refused in words, and an automatic one is dropped", async () => {
  const before = await messages();
  const stranger = await deliver("reply@desk.example.org", ["From: eve@example.net", "Message-ID: <x@y>"], "Hi", "eve@example.net");
  assert.match(await stranger.text(), /belongs to no question/);
  const away = await deliver(mail.reply_to, [`From: ${CUSTOMER}`, "Message-ID: <x@y>", "Auto-Submitted: auto-replied"], "I am away");
  assert.equal(away.status, 200, await away.text());
  const long = await deliver(mail.reply_to, [`From: ${CUSTOMER}`, "Message-ID: <z@y>"], "a".repeat(6_000_000));
  assert.match(await long.text(), /longer than 5 MB/);
  assert.deepEqual(await messages(), before);
  const { mailIn } = await get(network, "/api/users/desk", server.token).then((answer) => answer.json());
  assert.deepEqual([mailIn.automatic, mailIn.added], [1, 1]);
});

test("a signed webhook brings an answer once; an unsigned one brings none", async () => {
  const hook = (changes, event) => network.worker.fetch("/api/mail/webhook", api.webhook(event, changes));
  api.received.set("in-1", {
    object: "email", id: "in-1", from: `Ada <${CUSTOMER}>`, to: [mail.reply_to], subject: "Re: My order", text: null,
    html: "<p>It came.</p><blockquote>On its way.</blockquote>", message_id: "<hook@example.org>", headers: {},
    attachments: [{ id: "f", filename: "photo.jpg", content_type: "image/jpeg", size: 70_000 }],
  });
  const event = { type: "email.received", created_at: "2026-11-30T00:00:00Z", data: { email_id: "in-1", from: CUSTOMER, to: [mail.reply_to], subject: "x" } };
  const forged = Buffer.alloc(24);
  assert.equal((await hook({ key: forged }, event)).status, 401);
  assert.equal((await hook({ at: Date.now() - 3_600_000 }, event)).status, 401);
  assert.equal((await messages()).length, 1);
  for (let time = 0; time < 2; time += 1) assert.equal((await hook({ id: "msg_same" }, event)).status, 204);
  const [, message, ...others] = await messages();
  assert.deepEqual(others, []);
  assert.equal(message.text, "It came.");
  assert.deepEqual(message.files, [{ name: "photo.jpg", type: "image/jpeg", bytes: 70_000 }]);
  const unknown = { type: "email.received", data: { email_id: "gone" } };
  assert.equal((await hook({}, unknown)).status, 204, "a provider is not asked to send it again");
});
