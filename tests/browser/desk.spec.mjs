// The desk: an agent opens a ticket and drafts, a person approves, and mail leaves once. All of a ticket is text.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { arrive, button, card, dialog } from "../support/browser-guest.mjs";
import { callByForm, cardOf, go, payByForm, sampleWallet, section, signInAsSampleHost } from "../support/browser-host.mjs";
import { startMailApi } from "../support/mail-api.mjs";
import { until } from "../support/network.mjs";

const EVIL = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;
const SUBJECT = `My order ${EVIL}`;
const TURNED = "pay \u202eevil\u202c now";
const CUSTOMER = "ada@example.org";

let api;
const stage = browserStage(
  async (stack) => void (await stack.call("PATCH", "/api/users/me", { doors: ["events", "desk"] })),
  async () => {
    api = await startMailApi();
    return { ...api.settings.vars, ...api.settings.secrets };
  },
);
after(() => api?.stop());

const desk = (page) => section(page, "Desk");
const part = (page, name) => button(page.getByRole("group", { name: "Parts of the desk" }), name);
const sentTo = (address) => api.arrived.filter(({ to }) => to[0] === address);
const approvals = () => stage.stack.call("GET", "/api/users/approvals");

async function isHarmless(page) {
  const found = await page.evaluate(() => [window.hacked, document.querySelectorAll('img[src="x"]').length, [...document.scripts].filter(({ src }) => !src).length]);
  assert.deepEqual(found, [undefined, 0, 0]);
}

/** A guest at the desk who has opened a ticket and drafted an answer to it. */
async function openAndDraft(page, { subject, body }) {
  await arrive(page, { mcpUrl: stage.stack.host.mcpUrl });
  await payByForm(page, "createTicket", { subject, body, email: CUSTOMER });
  const opened = card(page, /^Ticket #\d+/);
  await opened.getByText(/is open/).waitFor();
  const number = Number(/#(\d+)/.exec(await opened.getByRole("heading").innerText())[1]);
  await opened.getByText("Details", { exact: true }).click();
  const ticketId = await opened.locator("code").first().innerText();
  await payByForm(page, "sendReply", { ticketId, body: `It is on its way. ${TURNED}` });
  await page.getByRole("log").getByText("Waits for approval", { exact: true }).waitFor();
  return { number, ticketId };
}

test("an agent's reply waits for a person; approved, it leaves once, and hostile text stays text", stage.visit({ wallet: sampleWallet() }, async ({ page, newVisitor }) => {
  const guest = await newVisitor({});
  const guestPage = await guest.newTab();
  const { number } = await openAndDraft(guestPage, { subject: SUBJECT, body: `${TURNED}\n${EVIL}` });
  await isHarmless(guestPage);
  await button(guestPage, "Developer panel").click();
  await looksRight(guestPage, "chat-desk");

  await signInAsSampleHost(page);
  await go(page, "Desk");
  const draft = page.getByRole("region", { name: new RegExp(`^#${number} `) });
  await draft.getByText(`${CUSTOMER} asked`).waitFor();
  await draft.getByText(`Goes to ${CUSTOMER}.`).waitFor();
  assert.match(await draft.innerText(), /pay \\u\{202e\}evil\\u\{202c\} now[^]*/);
  assert.match(await draft.innerText(), /has 0 approved drafts and needs 3/);
  await draft.getByTitle(/^0x[0-9a-fA-F]{40}$/).waitFor();
  await isHarmless(page);
  await looksRight(page, "my-mcp-approvals");
  assert.equal(sentTo(CUSTOMER).length, 0);
  await button(draft, `Approve and send the draft for #${number}`).click();
  await page.getByText("The reply is on its way.").waitFor();
  await page.getByText("Nothing waits for you").waitFor();
  await until(() => sentTo(CUSTOMER).length > 0);
  const [mail] = sentTo(CUSTOMER);
  assert.ok(mail.subject.startsWith(`[#${number}] My order`) && mail.text.startsWith("It is on its way."), JSON.stringify(mail));

  await part(page, "Tickets").click();
  await button(page, `Open ticket #${number}`).click();
  await page.getByRole("heading", { name: new RegExp(`^#${number} My order`) }).waitFor();
  const shown = await desk(page).innerText();
  assert.ok(shown.includes(EVIL) && shown.includes("pay \\u{202e}evil\\u{202c} now"), shown);
  await isHarmless(page);
  await looksRight(page, "my-mcp-ticket");
  await page.getByLabel(`Reply to ${CUSTOMER}`).fill("It has arrived.");
  await button(page, "Send reply").click();
  await page.getByText(/The reply to ticket #\d+ is on its way/).waitFor();
  await until(() => sentTo(CUSTOMER).length === 2);
  await page.getByLabel("Note").fill("A friendly customer");
  await button(page, "Add note").click();
  await page.getByText("A friendly customer").waitFor();
  await page.getByLabel("Priority").selectOption("urgent");
  await page.getByLabel("Tags").fill("shipping, VIP");
  await page.getByLabel("Assigned to").fill("Grace");
  await page.getByLabel("Status").selectOption("resolved");
  await button(page, "Save the ticket").click();
  await page.getByText("The ticket was changed.").waitFor();
  await desk(page).getByText("VIP", { exact: true }).waitFor();
  const { tickets } = await stage.stack.call("GET", "/api/users/tickets");
  const { status, priority, tags, assignee } = tickets.find((one) => one.number === number);
  assert.deepEqual({ status, priority, tags, assignee }, { status: "resolved", priority: "urgent", tags: ["shipping", "VIP"], assignee: "Grace" });
  await button(page, "All tickets").click();
  await button(page, `Open ticket #${number}`).waitFor();
  await looksRight(page, "my-mcp-tickets");
}));

test("a ticket is found by its words, sleeps and wakes, and becomes part of another one", stage.visit({ wallet: sampleWallet(), size: "phone" }, async ({ page }) => {
  const tools = `${new URL(stage.stack.host.mcpUrl).pathname.replace("/mcp/", "/x402/")}/tools`;
  const open = (subject) => stage.stack.call("POST", `${tools}/createTicket`, { subject, body: "Is the box office open?", email: "bob@example.org" });
  const [first, second] = [await open("Zebra crossing"), await open("Zebra crossing, again")];
  await signInAsSampleHost(page);
  await go(page, "Desk");
  await part(page, "Tickets").click();
  await page.getByLabel("Words or number").fill("zebra again");
  await button(page, "Search").click();
  await button(page, `Open ticket #${first.number}`).waitFor({ state: "detached" });
  await button(page, `Open ticket #${second.number}`).click();
  await button(page, "Until Monday").click();
  await page.getByText("The ticket sleeps. It comes back by itself.").waitFor();
  await page.getByText(/^It sleeps until/).waitFor();
  await looksRight(page, "my-mcp-ticket-asleep");
  await button(page, "Wake it now").click();
  await page.getByText("The ticket is awake.").waitFor();
  await page.getByLabel("Merge into the ticket with the number").fill(`#${first.number}`);
  await button(page, "Merge…").click();
  const asked = dialog(page, `Merge #${second.number} into #${first.number}?`);
  await asked.getByText(/cannot be undone/).waitFor();
  await button(asked, "Merge them").click();
  await page.getByRole("heading", { name: new RegExp(`^#${first.number} Zebra`) }).waitFor();
  await page.getByText(/^Zebra crossing, again/).waitFor();
  await button(page, "All tickets").click();
  await page.getByLabel("Status").selectOption("snoozed");
  await page.getByText("No ticket like this").waitFor();
  await looksRight(page, "my-mcp-tickets-none");
}));

test("the host sets a price and gives calls away; an agent is asked for that price", stage.visit({ wallet: sampleWallet() }, async ({ page }) => {
  await signInAsSampleHost(page);
  await go(page, "Desk");
  await part(page, "Prices").click();
  const price = page.getByRole("region", { name: "Read a ticket" });
  await price.getByLabel("Price in dollars").fill("5,000");
  await button(price, "Save the price of: Read a ticket").click();
  await price.getByText(/^Must be at most \$/).waitFor();
  await price.getByLabel("Price in dollars").fill("$0,10");
  await price.getByText(/^10 cents a call\. From \$/).waitFor();
  await price.getByLabel("Free calls a day for each wallet").fill("3");
  await button(price, "Save the price of: Read a ticket").click();
  await page.getByText("Read a ticket: the price was changed.").waitFor();
  await price.getByText("Your price").waitFor();
  await looksRight(page, "my-mcp-prices");
  const { tools } = await (await fetch(`${stage.stack.host.mcpUrl}/manifest`)).json();
  const { price: told, freePerDay } = tools.find(({ name }) => name === "getTicketContext");
  assert.deepEqual({ told, freePerDay }, { told: "0.10", freePerDay: 3 });
  await button(price, "Use the usual $0.02").click();
  await price.getByText("Usual price").waitFor();
}));

/** The host with two drafts to one question before it, both of the same agent. */
async function withTwoDrafts({ page, newVisitor }, question, second) {
  const guestPage = await (await newVisitor({})).newTab();
  const { number, ticketId } = await openAndDraft(guestPage, question);
  await payByForm(guestPage, "draftReply", { ticketId, body: second });
  await until(async () => (await approvals()).total === 2);
  await signInAsSampleHost(page);
  await go(page, "Desk");
  const draft = page.getByRole("region", { name: new RegExp(`^#${number} `) });
  await draft.getByText(question.body).waitFor();
  return { guestPage, number, draft, drafts: (await approvals()).approvals };
}

const hasFocus = (field) => until(() => field.evaluate((element) => element === document.activeElement));

test("the question stands beside its draft; what has changed is not approved; keys decide, and the next one opens", stage.visit({ wallet: sampleWallet() }, async (visit) => {
  const { page } = visit;
  visit.expects(/status of 409 .*\/approve/);
  const question = { subject: "The roof", body: "Is there a lift?" };
  const { guestPage, number, draft, drafts } = await withTwoDrafts(visit, question, "Shorter: yes.");
  const before = sentTo(CUSTOMER).length;
  const elsewhere = { text: "Changed in another tab." };
  await stage.stack.call("PATCH", `/api/users/approvals/${drafts[0].draftId}`, elsewhere);
  await button(draft, `Approve and send the draft for #${number}`).click();
  await page.getByText(/has changed since you read it, and nothing was sent/).waitFor();
  await draft.getByText(elsewhere.text).waitFor();

  await page.keyboard.press("e");
  const field = draft.getByRole("textbox", { name: "The draft" });
  await hasFocus(field);
  await field.fill("");
  await page.keyboard.type("A ramp area is at the rear.");
  await looksRight(page, "my-mcp-approval-edit");
  await button(draft, "Save the draft").click();
  await draft.getByText("Changed by you").waitFor();
  await page.getByText("The draft is changed. Nothing was sent yet.").waitFor();
  assert.equal(sentTo(CUSTOMER).length, before);
  await page.keyboard.press("a");
  await page.getByText("The reply is on its way.").waitFor();
  await until(() => sentTo(CUSTOMER).length === before + 1);
  const mail = sentTo(CUSTOMER).at(-1);
  assert.ok(mail.text.startsWith("A ramp area is at the rear."), mail.text);

  await draft.getByText("Shorter: yes.").waitFor();
  await page.keyboard.press("r");
  const reason = page.getByLabel(/^Why not/);
  await hasFocus(reason);
  await page.keyboard.type("Answered already");
  await page.keyboard.press("Enter");
  await page.getByText("The draft is rejected.").waitFor();
  await page.getByText("Nothing waits for you").waitFor();
  assert.equal(sentTo(CUSTOMER).length, before + 1);

  // The mail leads the customer to where the question stands.
  await guestPage.goto(/^Where it stands: (\S+)$/m.exec(mail.text)[1]);
  await guestPage.getByRole("heading", { name: "The roof" }).waitFor();
  for (const text of [/^Is there a lift/, /^A ramp area/, /^The host has answered by e-mail/]) await guestPage.getByText(text).waitFor();
  await looksRight(guestPage, "public-question");
}));

test("on a phone drafts come one at a time; one is changed and sent, one rejected with a reason", stage.visit({ wallet: sampleWallet(), size: "phone" }, async (visit) => {
  const { page } = visit;
  const question = { subject: "A second order", body: "Where is it?" };
  const { number, draft } = await withTwoDrafts(visit, question, "It left yesterday.");
  const before = api.arrived.length;
  await page.getByText("1 of 2", { exact: true }).waitFor();
  await button(page, "Next draft").click();
  await draft.getByText("It left yesterday.").waitFor();
  await looksRight(page, "my-mcp-approvals-two");
  await button(draft, "Edit the draft").click();
  await draft.getByRole("textbox", { name: "The draft" }).fill("It left today.");
  await button(draft, "Save the draft").click();
  await page.getByText("2 of 2", { exact: true }).waitFor();
  await draft.getByText("It left today.").waitFor();
  await button(draft, `Approve and send the draft for #${number}`).click();
  await page.getByText("The reply is on its way.").waitFor();
  await until(() => api.arrived.length === before + 1);
  assert.ok(api.arrived.at(-1).text.startsWith("It left today."), api.arrived.at(-1).text);

  await page.getByText("1 of 1", { exact: true }).waitFor();
  await button(page, `Reject the draft for #${number}`).click();
  await page.getByLabel(/^Why not/).fill("Too short");
  await looksRight(page, "my-mcp-reject");
  await button(page, "Reject it").click();
  await page.getByText("The draft is rejected.").waitFor();
  assert.deepEqual((await approvals()).approvals, []);
  assert.equal(api.arrived.length, before + 1);
}));

test("articles are written, changed, found by agents, and removed", stage.visit({ wallet: sampleWallet() }, async ({ page, newVisitor, expects }) => {
  expects(/status of 422 .*\/api\/users\/kb/);
  await signInAsSampleHost(page);
  await go(page, "Desk");
  await part(page, "Knowledge base").click();
  await page.getByText("No articles yet").waitFor();
  await button(page, "New article").click();
  await button(page, "Add article").click();
  await page.getByText("Must not be empty").first().waitFor();
  await page.getByLabel("Title").fill("Opening hours");
  await page.getByLabel("Text").fill("From nine to five.");
  await looksRight(page, "my-mcp-article");
  await button(page, "Add article").click();
  await button(cardOf(page, "Opening hours"), "Change").click();
  await page.getByLabel("Text").fill("From ten to six.");
  await button(page, "Save article").click();
  await page.getByText("The article was changed.").waitFor();
  const guest = await (await newVisitor({})).newTab();
  await arrive(guest, { mcpUrl: stage.stack.host.mcpUrl, money: false });
  await callByForm(guest, "searchKb", { query: "opening" });
  await guest.getByRole("log").getByText("Articles", { exact: true }).waitFor();
  await button(cardOf(page, "Opening hours"), "Remove").click();
  await button(dialog(page), "Remove it").click();
  await page.getByText("No articles yet").waitFor();
}));

/** The host opens one itself, which costs nothing. */
async function ticketOfHost() {
  const { host, call } = stage.stack;
  const params = { name: "createTicket", arguments: { subject: "By telephone", body: "Call back", email: CUSTOMER } };
  const { result } = await call("POST", `/mcp/users/${host.scope}`, { jsonrpc: "2.0", id: 1, method: "tools/call", params });
  return result.structuredContent;
}

test("when too much comes back, sending stops until the host resets it; rules can be changed", stage.visit({ wallet: sampleWallet() }, async ({ page }) => {
  const { stack } = stage;
  const ticket = await ticketOfHost();
  const isOurs = ({ subject }) => subject.startsWith(`[#${ticket.number}]`);
  for (let reply = 1; reply <= 3; reply += 1) await stack.call("POST", `/api/users/tickets/${ticket.ticketId}/replies`, { body: `Reply ${reply}` });
  await until(() => api.arrived.filter(isOurs).length === 3);
  for (const { tags } of api.arrived.filter(isOurs)) {
    const { headers, body } = api.webhook({ type: "email.bounced", data: { tags } });
    assert.equal((await fetch(`${stack.url}/api/mail/webhook`, { method: "POST", headers, body })).status, 204);
  }
  const other = await ticketOfHost();
  await signInAsSampleHost(page);
  await go(page, "Desk");
  await page.getByText("Sending is stopped", { exact: true }).waitFor();
  await looksRight(page, "my-mcp-desk-stopped");
  await part(page, "Tickets").click();
  await button(page, `Open ticket #${other.number}`).click();
  await page.getByLabel(`Reply to ${CUSTOMER}`).fill("Does this leave?");
  await button(page, "Send reply").click();
  await page.getByText(/It was not sent, and waits under Approvals: sending is stopped/).waitFor();
  await button(page, "Reset").click();
  await page.getByText("Sending is stopped", { exact: true }).waitFor({ state: "detached" });
  assert.equal((await stack.call("GET", "/api/users/desk")).trippedAt, null);

  await part(page, "Rules").click();
  await page.getByLabel(/^Drafts of a wallet/).fill("0");
  await button(page, "Save rules").click();
  await page.getByText(/whole number from 1 to 1000/).waitFor();
  await page.getByLabel(/^Drafts of a wallet/).fill("5");
  await button(page, "Save rules").click();
  await page.getByText("The rules were changed.").waitFor();
  assert.equal((await stack.call("GET", "/api/users/desk")).approvalsNeeded, 5);
  await looksRight(page, "my-mcp-desk-rules");
}));
