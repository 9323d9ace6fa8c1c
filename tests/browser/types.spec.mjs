// An event with ticket types, questions and a link for its guests, from the host's form to the ticket; and a price that a host sets
// for a tool.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { arrive, button, dialog, say } from "../support/browser-guest.mjs";
import { cardOf, go, sampleWallet, signInAsSampleHost, unfold } from "../support/browser-host.mjs";
import { fakeWallet } from "../support/browser-wallet.mjs";

const stage = browserStage();
const ROOM = "https://meet.example.org/room-7";
/** A challenge, and a free seat asks for a signature. */
const ASKED = /status of 40[12] /;

const group = (where, name) => where.getByRole("group", { name, exact: true });
const radio = (page, name) => dialog(page).getByRole("radio", { name });
const balance = ({ address }) => stage.stack.chain.balance(address);

async function fill(where, values) {
  for (const [label, value] of Object.entries(values)) await where.getByLabel(label, { exact: true }).fill(value);
}

async function add(page, what, name, values) {
  await button(page, `Add a ${what}`).click();
  await fill(group(page, name), values);
}

/** The only purchase of an event: its line in the guest list, whose money the chain knows. */
async function isSoldOnce(id, { address }, amount) {
  const { call, host, transferOf } = stage.stack;
  const { rsvps } = await call("GET", `/api/users/events/${id}/rsvps`);
  assert.equal(rsvps.length, 1);
  const { from, value } = await transferOf(rsvps[0].txHash, host.walletAddress);
  assert.deepEqual({ from, value }, { from: address, value: amount });
  return rsvps[0];
}

/** The host writes the event and publishes it; gives the path of its page. */
async function publish(page) {
  await signInAsSampleHost(page);
  await button(page, "New event").click();
  await unfold(page, "Tickets at other prices", "What guests are asked", "What guests are told");
  const link = { "Only for guests (optional)": ROOM };
  await fill(page, { Title: "Night of types", Starts: "2030-05-01T18:30", "Place (optional)": "Cellar, Berlin", ...link, Seats: "20", "Time zone of these times": "Europe/Berlin" });
  await add(page, "ticket", "Ticket 1", { "Name of the ticket": "Standard", "Its price in dollars": "0.08", "Early price (optional)": "0.05" });
  const more = { "What it is (optional)": "Soup and bread", "How many (optional)": "2" };
  await add(page, "ticket", "Ticket 2", { "Name of the ticket": "With dinner", "Its price in dollars": "0.20", ...more });
  await add(page, "question", "Question 1", { "Question 1": "What do you eat?", "Choices (optional)": "Everything\nVegan" });
  await group(page, "Question 1").getByLabel("Must be answered").check();
  await add(page, "question", "Question 2", { "Question 2": "Who told you of us?" });
  assert.equal(await page.getByLabel("Price of a seat in dollars").count(), 0, "each ticket has its own price");

  // Folded, they say what is set. What is refused opens its group again.
  for (const title of ["Tickets at other prices", "What guests are asked"]) await page.locator("summary", { hasText: title }).click();
  await page.locator("summary").getByText("Standard $0.08, With dinner $0.20").waitFor();
  await page.locator("summary").getByText("Name, e-mail, 2 questions").waitFor();
  await looksRight(page, "types-form-folded");
  await button(page, "Publish").click();
  const fault = page.getByRole("alert").filter({ hasText: "“Standard” needs both an early price and until when" });
  await fault.waitFor();
  assert.ok(await fault.evaluate((line) => line === document.activeElement), "what is wrong comes into view");
  await looksRight(page, "types-form-fault");
  const preview = page.getByRole("complementary", { name: "How it will look" });
  await preview.getByText("Get a seat · $0.08 to $0.20").waitFor();
  await fill(group(page, "Ticket 1"), { "Early until (optional)": "2030-04-01T12:00" });
  await preview.getByText("Get a seat · $0.05 to $0.20").waitFor();
  await button(page, "Publish").click();
  await page.getByText("“Night of types” is on sale.").waitFor();
  const card = cardOf(page, "Night of types");
  await card.getByText("$0.05 to $0.20").scrollIntoViewIfNeeded();
  await looksRight(page, "types-card");
  return card.getByRole("link", { name: "Public page" }).getAttribute("href");
}

/** From the public page to the ticket of the second type. */
async function buyWithDinner(page, path, wallet) {
  await page.goto(path);
  await page.getByText("Soup and bread").waitFor();
  assert.match(await page.locator("main").innerText(), /Standard[^]*\$0\.05[^]*Until [^]*, then \$0\.08[^]*With dinner[^]*\$0\.20/);
  assert.ok(!(await page.content()).includes(ROOM), "the link is for guests alone");
  await looksRight(page, "types-public");
  await page.getByRole("link", { name: /^Get a ticket/ }).first().click();
  await dialog(page).getByText("1 seat · $0.05 to").waitFor();
  const types = group(dialog(page), "Ticket");
  assert.match(await types.innerText(), /Until [^]*12:00[^]*then \$0\.08/);
  await looksRight(page, "types-sheet");
  await radio(page, /^With dinner/).check();
  await dialog(page).getByText("1 seat · $0.20 to").waitFor();

  await radio(page, /^Test Wallet/).click();
  const before = await balance(wallet);
  await button(dialog(page), "Pay $0.20").click();
  await dialog(page).getByText("Choose an answer.").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.labels?.[0]?.textContent), "What do you eat?", "the focus is where something is missing");
  await looksRight(page, "types-sheet-missing");
  await fill(dialog(page), { "Name (optional)": "Mira Kovač", "Who told you of us? (optional)": "My sister" });
  await dialog(page).getByLabel("What do you eat?").selectOption("Vegan");
  assert.equal(await balance(wallet), before, "nothing is paid without the answer");
  await button(dialog(page), "Pay $0.20").click();
  await page.waitForURL(/\/t\//);
  for (const text of ["With dinner, 1 seat", "With dinner, 1 seat, Night of types"]) await page.getByText(text, { exact: true }).waitFor();
  const room = page.getByRole("link", { name: "Open", exact: true });
  assert.equal(await room.getAttribute("href"), ROOM);
  await looksRight(page, "types-ticket");
  await page.getByRole("link", { name: "Cancel it in your tickets" }).scrollIntoViewIfNeeded();
  await looksRight(page, "types-ticket-end");
  assert.equal(await balance(wallet), before - 200_000n);
}

const guest = fakeWallet();
test("a guest buys the second type of ticket, answers, and is told what only guests know", stage.visit({ wallet: sampleWallet() }, async ({ page, newVisitor }) => {
  const path = await publish(page);
  const { chain, host } = stage.stack;
  await chain.mint(guest.address, 1_000_000n);
  const other = await newVisitor({ wallet: guest });
  other.expects(ASKED);
  await buyWithDinner(await other.newTab(), path, guest);

  const id = path.split("/").at(-1);
  await isSoldOnce(id, guest, 200_000n);
  const card = cardOf(page, "Night of types");
  await button(card, "Guests").click();
  const line = page.getByRole("row", { name: /Mira Kovač/ });
  for (const text of ["With dinner", "What do you eat? Vegan", "Who told you of us? My sister", "$0.20"]) await line.getByText(text).waitFor();
  await button(page, "Message guests").waitFor();
  await line.scrollIntoViewIfNeeded();
  await looksRight(page, "types-guests");

  await go(page, "Events");
  await button(card, "Edit").click();
  await unfold(page, "Tickets at other prices");
  assert.equal(await group(page, "Ticket 1").getByLabel("Early until (optional)").inputValue(), "2030-04-01T12:00");
  await fill(group(page, "Ticket 2"), { "How many (optional)": "1" });
  await button(page, "Save changes").click();
  await page.getByText("“Night of types” was changed.").waitFor();
  const later = await (await newVisitor({ size: "phone" })).newTab();
  await later.goto(`/buy/${host.scope}/${id}`);
  await dialog(later).getByText("Sold out").waitFor();
  assert.ok(await radio(later, /^With dinner/).isDisabled());
  await looksRight(later, "types-sold-out");
}));

test("an event whose types are removed has one price again, the one that its form shows", stage.visit({ wallet: sampleWallet() }, async ({ page }) => {
  const early = { earlyPrice: "0.05", earlyUntil: "2030-01-01T00:00:00Z" };
  const { id } = await stage.stack.createEvent({ title: "Night of changes", types: [{ name: "Only", price: "0.08", ...early }] });
  await signInAsSampleHost(page);
  await button(cardOf(page, "Night of changes"), "Edit").click();
  await unfold(page, "Tickets at other prices");
  await button(page, "Remove ticket 1").click();
  assert.equal(await page.getByLabel("Price of a seat in dollars").inputValue(), "0.05");
  await button(page, "Save changes").click();
  await page.getByText("“Night of changes” was changed.").waitFor();
  const { events } = await stage.stack.call("GET", "/api/users/events");
  const { price, types } = events.find((event) => event.id === id);
  assert.deepEqual({ price, types }, { price: "0.05", types: [] });
}));

const plain = fakeWallet();
test("an event without types is bought by its old link, for its one price", stage.visit({ wallet: plain, size: "phone" }, async ({ page, expects }) => {
  expects(ASKED);
  const { chain, createEvent, host } = stage.stack;
  const { id } = await createEvent({ title: "Night of one price" });
  await chain.mint(plain.address, 1_000_000n);
  await page.goto(`/buy/${host.scope}/${id}`);
  await dialog(page).getByText("1 seat · $0.05 to").waitFor();
  assert.equal(await group(dialog(page), "Ticket").count(), 0);
  await radio(page, /^Test Wallet/).click();
  await button(dialog(page), "Pay $0.05").click();
  await page.waitForURL(/\/t\//);
  await page.getByText("1 seat", { exact: true }).waitFor();
  assert.equal(await page.getByText("Only for guests").count(), 0);
  assert.equal((await isSoldOnce(id, plain, 50_000n)).ticketType, null);
}));

const helper = fakeWallet();
test("in the chat, an event whose guests choose and answer leads to its sheet", stage.visit({ wallet: helper }, async ({ page, expects }) => {
  expects(ASKED);
  const { call, createEvent, host } = stage.stack;
  const types = ["0.05", "0"].map((price) => ({ name: price === "0" ? "Helper" : "Standard", price }));
  const questions = [{ text: "What do you eat?", choices: [], required: true }];
  const { id } = await createEvent({ title: "Night of choices", types, questions });
  await createEvent({ title: "Night of answers", questions });
  await arrive(page, { mcpUrl: host.mcpUrl, wallet: "Test Wallet", money: false });
  await say(page, "list events");
  await page.getByRole("link", { name: "Get a seat · $0.05 for Night of answers" }).waitFor();
  const link = page.getByRole("link", { name: "Get a seat · from $0 for Night of choices" });
  await link.scrollIntoViewIfNeeded();
  await looksRight(page, "types-chat");
  await link.click();
  await page.waitForURL(`**/buy/${host.scope}/${id}`);
  await dialog(page).getByText("Add USDC to this wallet").waitFor();
  await looksRight(page, "types-short");
  await radio(page, /^Helper/).check();
  await fill(dialog(page), { "What do you eat?": "Soup" });
  await button(dialog(page), "Get a ticket · Free").click();
  await page.waitForURL(/\/t\//);
  await page.getByText("Helper, 1 seat", { exact: true }).waitFor();
  const { rsvps } = await call("GET", `/api/users/events/${id}/rsvps`);
  assert.deepEqual(rsvps.map(({ ticketType, answers }) => [ticketType, answers[0].answer]), [["Helper", "Soup"]]);
}));

test("a host sets the price of an event's figures, and agents are told it and asked for it", stage.visit({ wallet: sampleWallet() }, async ({ page }) => {
  const { createEvent, host, url } = stage.stack;
  const { id } = await createEvent({ title: "Night of figures" });
  await signInAsSampleHost(page);
  await go(page, "Settings");
  const price = page.getByRole("region", { name: "Event analytics" });
  await fill(price, { "Price in dollars": "0.35" });
  await button(price, "Save the price of: Event analytics").click();
  await price.getByText("Your price").waitFor();
  await looksRight(page, "types-prices");

  const send = (to, body) => fetch(to, { method: "POST", headers: { "content-type": "application/json", accept: "application/json, text/event-stream" }, body: JSON.stringify(body) });
  const { result } = await (await send(host.mcpUrl, { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} })).json();
  const { _meta: meta, description } = result.tools.find(({ name }) => name === "getEventAnalytics");
  assert.equal(meta["events-concierge/price"].amount, "0.35");
  assert.match(description, /Costs \$0\.35 in USDC/);
  const asked = await send(`${url}/x402/users/${host.scope}/tools/getEventAnalytics`, { eventId: id });
  assert.equal(asked.status, 402);
  const challenge = JSON.parse(Buffer.from(asked.headers.get("payment-required"), "base64"));
  assert.equal(challenge.accepts[0].amount, "350000");
  await go(page, "Settings");
  await page.getByRole("row", { name: /getEventAnalytics/ }).getByText("$0.35").waitFor();
}));
