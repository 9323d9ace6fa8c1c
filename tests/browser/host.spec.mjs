// A host at work: signing in, the server, events, guests, money, and how to connect clients.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { host as hostKey } from "../../dev/chain/accounts.mjs";
import { browserStage, download, looksRight } from "../support/browser.mjs";
import { go, section, sections } from "../support/browser-host.mjs";
import { fakeWallet } from "../support/browser-wallet.mjs";
import { focused } from "../support/keyboard.mjs";

const stage = browserStage();

/** A 404 says that the signed-in user has no server yet; Chromium writes it to the console. */
const NO_SERVER = /status of 404 .*\/api\/users\/me/;

const button = (page, name) => page.getByRole("button", { name, exact: true });
const cardOf = (page, title) => page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: title, exact: true }) });

async function fillEvent(page, values) {
  for (const [label, value] of Object.entries(values)) await page.getByLabel(label, { exact: true }).fill(value);
}

async function signIn(visitor, name = "Test Wallet") {
  await visitor.page.goto("/my-mcp");
  await button(visitor.page, `Sign in with ${name}`).click();
}

/** The host of `npm start`, whose server is open. */
async function signInAsSampleHost(visitor) {
  await signIn(visitor);
  await go(visitor.page, "Events");
}

const events = async (context) => (await (await context.request.get("/api/users/events")).json()).events;

const asSampleHost = (body) => {
  const wallet = fakeWallet({ privateKey: hostKey.privateKey });
  return stage.visit({ wallet }, async (visitor) => {
    await signInAsSampleHost(visitor);
    await body(visitor);
  });
};

const newHost = fakeWallet();
test("a host signs in, opens a server, and creates, changes, copies and cancels an event", stage.visit({ wallet: newHost }, async (visitor) => {
  const { page, context, expects } = visitor;
  newHost.refuses = true;
  await signIn(visitor);
  await page.getByText(/declined in the wallet/).waitFor();
  await looksRight(page, "my-mcp-declined");
  assert.equal(newHost.signatures, 0);
  newHost.refuses = false;
  expects(NO_SERVER);
  await button(page, "Sign in with Test Wallet").click();
  await page.getByRole("heading", { name: "Open your server" }).waitFor();
  assert.equal((await page.getByLabel("Wallet that is paid").inputValue()).toLowerCase(), newHost.address.toLowerCase());
  await looksRight(page, "my-mcp-no-server");
  await button(page, "Open my server").click();
  await button(page, "Make an event").waitFor();
  await looksRight(page, "my-mcp-first-day");
  await go(page, "Events");
  await page.getByText("No events yet").waitFor();
  await looksRight(page, "my-mcp-no-events");

  await button(page, "New event").click();
  await fillEvent(page, { Title: "Evening of parsers", Seats: "many", "Price of a seat in dollars": "free" });
  await button(page, "Publish").click();
  await page.getByText(/Must be a whole number/).waitFor();
  await looksRight(page, "my-mcp-event-refused");
  await fillEvent(page, { Starts: "2030-05-01T18:30", Seats: "20", "Price of a seat in dollars": "$0,05", "Time zone of these times": "Europe/Berlin" });
  await page.getByText("5 cents a seat").waitFor();
  await button(page, "Publish").click();
  await cardOf(page, "Evening of parsers").getByText("$0.05").waitFor();
  const [created] = await events(context);
  assert.deepEqual([created.title, created.startsAt, created.capacity, created.priceAtomic], ["Evening of parsers", "2030-05-01T16:30:00Z", 20, "50000"]);

  await button(cardOf(page, "Evening of parsers"), "Edit").click();
  await fillEvent(page, { "Price of a seat in dollars": "0.07" });
  await button(page, "Save changes").click();
  await cardOf(page, "Evening of parsers").getByText("$0.07").waitFor();

  await button(cardOf(page, "Evening of parsers"), "Duplicate").click();
  await fillEvent(page, { Title: "Second evening" });
  await button(page, "Publish").click();
  await cardOf(page, "Second evening").getByText("$0.07").waitFor();
  await looksRight(page, "my-mcp-events");

  await button(cardOf(page, "Second evening"), "Cancel event").click();
  await page.getByRole("dialog").waitFor();
  await looksRight(page, "my-mcp-cancel");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await button(cardOf(page, "Second evening"), "Cancel event").click();
  await button(page.getByRole("dialog"), "Cancel the event").click();
  await cardOf(page, "Second evening").getByText("Cancelled", { exact: true }).waitFor();
  assert.deepEqual((await events(context)).map(({ title, status }) => [title, status]).sort(), [["Evening of parsers", "scheduled"], ["Second evening", "cancelled"]]);
}));

test("a test key signs in on one's own machine, and out again", stage.visit({}, async (visitor) => {
  const { page, expects, context } = visitor;
  expects(NO_SERVER);
  await signIn(visitor, "a test key");
  await button(page, "Open my server").click();
  await go(page, "Events");
  await page.getByText("No events yet").waitFor();
  await page.reload();
  await page.getByText("No events yet").waitFor();
  // The session that Chromium has kept, over http on this machine too.
  const kept = (await context.cookies()).map(({ name, secure, httpOnly, path }) => ({ name, secure, httpOnly, path }));
  assert.deepEqual(kept, [{ name: "__Host-session", secure: true, httpOnly: true, path: "/" }]);
  await button(page, "Sign out").click();
  await button(page, "Sign in with a test key").waitFor();
  assert.equal((await context.request.get("/api/users/me")).status(), 401);
}));

/** The guest session that the browser keeps, once it is another one than before. */
async function sessionAfter(page, before) {
  const found = await page.waitForFunction((session) => {
    const kept = JSON.parse(localStorage.getItem("events-concierge.session") ?? "null");
    return kept !== null && kept.session !== session ? kept : null;
  }, before?.session ?? null);
  return found.jsonValue();
}

test("signing in or out begins another guest session, in every tab, and leaves nothing behind", stage.visit({}, async (visitor) => {
  const { page, context, expects } = visitor;
  expects(NO_SERVER);
  await page.goto("/");
  const planted = await sessionAfter(page, null);
  assert.equal(planted.userId, undefined);
  const other = await context.newPage();
  await other.goto("/");
  await other.getByText("Connected", { exact: true }).waitFor();
  await signIn(visitor, "a test key");
  await button(page, "Open my server").waitFor();
  const own = await sessionAfter(page, planted);
  assert.match(own.userId, /^0x[0-9a-f]{40}$/);
  assert.notEqual(own.token, planted.token);
  // The other tab is in the same new session: what is said there is heard here.
  await other.getByRole("textbox", { name: /Message/ }).fill("help");
  await other.keyboard.press("Enter");
  await other.getByText(/I can:/).first().waitFor();
  assert.deepEqual(await other.evaluate(() => JSON.parse(localStorage.getItem("events-concierge.session"))), own);
  await button(page, "Sign out").click();
  await button(page, "Sign in with a test key").waitFor();
  const after = await sessionAfter(page, own);
  assert.equal(after.userId, undefined);
  await other.getByText(/I can:/).first().waitFor({ state: "detached" });
  const left = await other.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  for (const gone of [own.session, own.token, planted.session, planted.token, "I can:"]) assert.ok(!left.includes(gone), gone);
}));

test("another tab joins the new session also where its storage shows late what the first has stored", stage.visit({}, async (visitor) => {
  const { page, context, expects } = visitor;
  expects(NO_SERVER);
  await page.goto("/");
  const planted = await sessionAfter(page, null);
  const other = await context.newPage();
  await other.goto("/");
  await other.getByText("Connected", { exact: true }).waitFor();
  // Chromium shares localStorage between processes after a while. Here the other tab sees only what it has stored itself.
  await other.evaluate(() => {
    const { getItem, setItem } = Storage.prototype;
    const own = new Set();
    Storage.prototype.getItem = function (key) {
      return own.has(key) ? getItem.call(this, key) : null;
    };
    Storage.prototype.setItem = function (key, value) {
      own.add(key);
      setItem.call(this, key, value);
    };
  });
  await signIn(visitor, "a test key");
  await button(page, "Open my server").waitFor();
  const own = await sessionAfter(page, planted);
  const joined = await other.waitForFunction(() => localStorage.getItem("events-concierge.session"));
  assert.deepEqual(JSON.parse(await joined.jsonValue()), own);
  assert.deepEqual(await sessionAfter(page, planted), own);
}));

test("guests are listed and let in once, and what they paid is shown apart from who was only asked to pay", asSampleHost(async ({ page, expects }) => {
  const { stack } = stage;
  expects(/status of 422 .*\/check-in/);
  const title = "Evening with guests";
  const event = await stack.createEvent({ title });
  const ticket = await stack.buySeat(event);
  const code = new URL(ticket.ticketUrl).pathname.split("/").at(-1);
  await page.reload();
  await button(cardOf(page, title), "Guests").click();
  await page.getByRole("region", { name: `Guests of ${title}` }).getByText("$0.05").waitFor();
  await page.getByLabel("Ticket code").fill("nonsense");
  await button(page, "Check in").first().click();
  await page.getByText(/Must be an id/).waitFor();
  await page.getByLabel("Ticket code").fill(code);
  await page.getByLabel("Ticket code").press("Enter");
  await page.getByText(/Welcome,/).waitFor();
  await page.getByLabel("Ticket code").fill(ticket.ticketUrl);
  await page.getByLabel("Ticket code").press("Enter");
  await page.getByText(/was used before/).waitFor();
  await looksRight(page, "my-mcp-guests");
  await hasCsv(page, ticket);

  const asked = await fetch(`${stack.url}/x402/users/${stack.host.scope}/tools/rsvpToEvent`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ eventId: event.id }),
  });
  assert.equal(asked.status, 402);
  await go(page, "Revenue");
  const byEvent = page.getByRole("region", { name: "By event", exact: true });
  const row = byEvent.getByRole("row").filter({ hasText: title });
  await row.waitFor();
  assert.deepEqual((await row.getByRole("cell").allInnerTexts()).map((text) => text.trim()), ["1 of 2", "50%", "$0.05"]);
  await looksRight(page, "my-mcp-revenue");

  await go(page, "Payments");
  const payments = page.getByRole("region", { name: "Payments, newest first" });
  await payments.getByRole("row").filter({ hasText: title }).waitFor();
  await looksRight(page, "my-mcp-payments");
  await hasCsv(page, ticket);
}));

test("guests beyond the first page are loaded on demand, and a refresh starts again with the first page", asSampleHost(async ({ page }) => {
  const title = "Evening in pages";
  const event = await stage.stack.createEvent({ title });
  const guest = (id) => ({ id, wallet: hostKey.address, ticketType: null, promoCode: null, paidAtomic: "50000", txHash: `0x${"1".repeat(64)}`, network: "eip155:84532", timestamp: "2030-01-01T00:00:00Z", name: `Guest ${id}`, email: null, code: id, checkedInAt: null, answers: [] });
  const pages = { null: { rsvps: [guest("1")], nextCursor: "after 1" }, "after 1": { rsvps: [guest("2")] } };
  await page.route(`**/api/users/events/${event.id}/rsvps*`, (route) => route.fulfill({ json: pages[new URL(route.request().url()).searchParams.get("cursor")] }));
  await page.reload();
  await button(cardOf(page, title), "Guests").click();
  const names = () => page.getByRole("region", { name: `Guests of ${title}` }).getByRole("rowheader").allInnerTexts();
  await page.getByText("Guest 1").waitFor();
  assert.deepEqual(await names(), ["Guest 1"]);
  await button(page, "Load more").click();
  await page.getByText("Guest 2").waitFor();
  assert.deepEqual(await names(), ["Guest 1", "Guest 2"]);
  assert.equal(await button(page, "Load more").count(), 0);
  // Somebody buys: the list is read again by itself.
  await stage.stack.buySeat(event);
  await page.getByText("Guest 2").waitFor({ state: "detached" });
  assert.deepEqual(await names(), ["Guest 1"]);
}));

async function hasCsv(page, ticket) {
  const { text } = await download(page, page.getByRole("link", { name: "Download as CSV" }));
  assert.ok(text.includes(ticket.transactionHash), text);
}

test("limits and the payout wallet can be changed, and prices are shown", asSampleHost(async ({ page, context }) => {
  await go(page, "Settings");
  await page.getByText("getEventAnalytics").waitFor();
  await looksRight(page, "my-mcp-settings");
  await page.getByLabel("Paid calls of one wallet in a minute").fill("many");
  await button(page, "Save limits").click();
  await page.getByText(/whole number from 1/).waitFor();
  await page.getByLabel("Paid calls of one wallet in a minute").fill("31");
  await button(page, "Save limits").click();
  await page.getByText("The limits were changed.").waitFor();
  const payout = fakeWallet().address;
  await button(page, /^Change the wallet/).click();
  await page.getByLabel("Wallet that is paid").fill(payout);
  await looksRight(page, "my-mcp-payout");
  await button(page, "Save the wallet").click();
  await button(page, /^Change the wallet/).waitFor();
  const me = await (await context.request.get("/api/users/me")).json();
  assert.deepEqual([me.limits.callsPerMinute, me.walletAddress.toLowerCase()], [31, payout.toLowerCase()]);
  await stage.stack.call("POST", "/api/users/mcp", { userId: me.userId, walletAddress: hostKey.address });
}));

test("what is copied to connect clients names the server, and the command for curl works", asSampleHost(async ({ page }) => {
  const { mcpUrl } = stage.stack.host;
  await go(page, "Connect");
  await page.getByText(mcpUrl).first().waitFor();
  await looksRight(page, "my-mcp-connect");
  const panel = section(page, "Connect");
  const texts = await panel.locator("pre").allInnerTexts();
  // The programs that pay take the address from a setting; `chain/five-lines` compares and runs them.
  const programs = texts.splice(texts.findIndex((text) => text.startsWith("export TOOL_URL=")));
  assert.ok(programs[0].startsWith(`export TOOL_URL=${mcpUrl.replace("/mcp/", "/x402/")}/tools/rsvpToEvent\n`), programs[0]);
  assert.equal(programs.length, 5);
  for (const text of texts) assert.ok(text.includes(mcpUrl), text);
  const json = texts.filter((text) => text.startsWith("{")).map((text) => JSON.parse(text));
  assert.ok(json.some(({ mcpServers }) => mcpServers?.events.url === mcpUrl), "Cursor");
  assert.ok(json.some(({ servers }) => servers?.events.url === mcpUrl && servers.events.type === "http"), "VS Code");
  assert.ok(texts.includes(`claude mcp add --transport http events ${mcpUrl}`));
  assert.ok(texts.some((text) => text.startsWith(`npx mcp-remote ${mcpUrl}`)));
  const curl = texts.find((text) => text.startsWith("curl") && text.includes("tools/list"));
  const answer = JSON.parse(execFileSync("sh", ["-c", curl], { encoding: "utf8" }));
  assert.ok(answer.result.tools.some(({ name }) => name === "rsvpToEvent"));
}));

test("in the chat a host is offered the server of their own", asSampleHost(async ({ page }) => {
  const { mcpUrl } = stage.stack.host;
  await page.getByRole("link", { name: "Chat", exact: true }).click();
  await page.getByText("Your own server").waitFor();
  await looksRight(page, "chat-own-server");
  await page.getByRole("listitem").getByRole("button", { name: mcpUrl }).click();
  await page.getByRole("log").getByText("Connected").waitFor();
}));

/** The names in the navigation of a host without a desk. */
const SECTIONS = ["Home", "Events", "Guests", "Revenue", "Payments", "Secrets", "Connect", "Credentials", "Settings"];

test("with the keyboard alone a host goes from section to section, and the focus goes along", asSampleHost(async ({ page }) => {
  assert.deepEqual(await sections(page).getByRole("link").locator("visible=true").evaluateAll((links) => links.map(({ hash }) => hash.slice(1))), SECTIONS.map((name) => name.toLowerCase()));
  for (const name of SECTIONS) {
    await sections(page).getByRole("link", { name, exact: true }).focus();
    await page.keyboard.press("Enter");
    await section(page, name).waitFor();
    await page.waitForFunction((label) => document.activeElement.getAttribute("aria-label") === label, name);
    assert.equal(await sections(page).locator("[aria-current=page]").getAttribute("href"), `#${name.toLowerCase()}`);
    assert.match(await page.title(), new RegExp(`^${name} · Host`));
  }
}));

test("a section has an address: links, the back button and a reload keep the place, and what is typed stays", asSampleHost(async ({ page, newTab }) => {
  const isShown = async (name) => {
    await section(page, name).waitFor();
    assert.equal(new URL(page.url()).hash, `#${name.toLowerCase()}`);
  };
  await button(page, "New event").click();
  await page.getByLabel("Title").fill("Half an idea");
  await go(page, "Revenue");
  await go(page, "Settings");
  await page.goBack();
  await isShown("Revenue");
  await page.goBack();
  await isShown("Events");
  assert.equal(await page.getByLabel("Title").inputValue(), "Half an idea");
  await page.goForward();
  await isShown("Revenue");
  await page.reload();
  await isShown("Revenue");
  const other = await newTab();
  await other.goto("/my-mcp#credentials");
  await section(other, "Credentials").waitFor();
  await other.goto("/my-mcp");
  await section(other, "Home").waitFor();
  const [opened] = await Promise.all([page.context().waitForEvent("page"), sections(page).getByRole("link", { name: "Payments" }).click({ modifiers: ["ControlOrMeta"] })]);
  await section(opened, "Payments").waitFor();
  await isShown("Revenue");
  // Who skips the navigation keeps the place, and the link to the host's page leads home.
  await page.getByRole("link", { name: "Skip to the content" }).focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await isShown("Revenue");
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Host" }).click();
  await section(page, "Home").waitFor();
  await page.goBack();
  await isShown("Revenue");
}));

test("a host sees at home what to do next, what is on sale and what was bought, and only what it sells", asSampleHost(async ({ page }) => {
  const startsAt = new Date(Date.now() + 3 * 86_400_000).toISOString();
  const event = await stage.stack.createEvent({ title: "Evening at home", startsAt });
  await stage.stack.buySeat(event);
  const desk = sections(page).getByRole("link", { name: "Desk" });
  assert.equal(await desk.count(), 0, "the desk is off");
  await stage.stack.call("PATCH", "/api/users/me", { products: ["events", "desk"] });
  await page.goto("/my-mcp");
  await desk.waitFor();
  assert.equal(await sections(page).getByRole("link", { name: "Secrets" }).count(), 0, "the vault is off");
  await stage.stack.call("PATCH", "/api/users/me", { products: ["events", "vault"] });
  await page.reload();
  await section(page, "Home").getByRole("region", { name: "On sale" }).getByText(event.title).waitFor();
  await section(page, "Home").getByRole("region", { name: "Just now" }).getByText(event.title).first().waitFor();
  await page.getByText("Kept, last 30 days").waitFor();
  await looksRight(page, "my-mcp-home");
  await button(page, "New event").click();
  await page.getByRole("form", { name: "New event" }).waitFor();
  await page.waitForFunction(() => document.activeElement.name === "title");
}));

test("on a phone the sections are at the bottom, and the rest is in a sheet", stage.visit({ size: "phone", wallet: fakeWallet({ privateKey: hostKey.privateKey }) }, async (visitor) => {
  const { page } = visitor;
  await signIn(visitor);
  await sections(page).waitFor();
  const names = () => sections(page).locator("li > a, li > button").locator("visible=true").allInnerTexts();
  assert.deepEqual(await names(), ["Home", "Events", "Check in", "More"]);
  for (const size of [{ width: 390, height: 844 }, { width: 320, height: 568 }]) {
    await page.setViewportSize(size);
    const { x, y, width, height } = await sections(page).boundingBox();
    assert.deepEqual([x, y + height, width, height], [0, size.height, size.width, 56]);
    await sections(page).getByRole("link", { name: "Check in" }).click();
    await section(page, "Guests").waitFor();
    assert.equal(await sections(page).locator("[aria-current=page]").innerText(), "Check in");
    await button(page, "More").click();
    const sheet = page.getByRole("dialog", { name: "More" });
    await sheet.getByText(/^Signed in as/).waitFor();
    await page.keyboard.press("Escape");
    await sheet.waitFor({ state: "detached" });
    assert.equal(await focused(page), "More", "the focus goes back");
    await button(page, "More").click();
    if (size.width === 390) await looksRight(page, "my-mcp-more");
    await sheet.getByRole("link", { name: "Payments" }).click();
    await section(page, "Payments").waitFor();
    await sheet.waitFor({ state: "detached" });
    assert.equal(await button(page, "More").getAttribute("aria-current"), "true");
    await page.goBack();
    await section(page, "Guests").waitFor();
    // The end of the longest section is not behind the bar.
    await go(page, "Settings");
    const last = section(page, "Settings").getByRole("row").last();
    await last.waitFor();
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    const [row, bar] = [await last.boundingBox(), await sections(page).boundingBox()];
    assert.ok(row.y + row.height <= bar.y, `${row.y + row.height} of ${bar.y}`);
    await go(page, "Home");
  }
}));
