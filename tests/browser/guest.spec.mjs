// A guest in the chat: finds an event, is asked, pays, has the ticket; or does not pay.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { arrive, askForSeat, button, card, dialog, serverLink, isNotPaid, isPaidOnce, pay, say, ticketOf, tickets } from "../support/browser-guest.mjs";
import { until } from "../support/network.mjs";
import { fakeWallet } from "../support/browser-wallet.mjs";

const stage = browserStage();
let count = 0;
/** An event that no other test buys a seat of. */
const newEvent = () => stage.stack.createEvent({ title: `Evening number ${(count += 1)}` });
const atServer = (page, options) => arrive(page, { mcpUrl: stage.stack.host.mcpUrl, ...options });

test("on the way to a ticket every state of the chat looks right", stage.visit({}, async ({ page, context }) => {
  const event = await newEvent();
  await page.goto(serverLink(stage.stack.host.mcpUrl));
  await button(page, "Connect").waitFor();
  await looksRight(page, "chat-start");
  await atServer(page);
  await looksRight(page, "chat-ready");
  await say(page, "list events");
  await button(page, `Get a seat · $0.05 for ${event.title}`).waitFor();
  await looksRight(page, "chat-events");
  await askForSeat(page, event);
  assert.doesNotMatch(await dialog(page).innerText(), /rsvpToEvent|0x|50000|eip155/, "a person reads no names of machines");
  await looksRight(page, "chat-question");
  await dialog(page).getByText("Details", { exact: true }).click();
  const words = await dialog(page).innerText();
  for (const part of ["$0.05", "50000", stage.stack.host.walletAddress, "eip155:84532", "rsvpToEvent", event.id, stage.stack.host.mcpUrl]) {
    assert.ok(words.includes(part), `${part} is not in the question:\n${words}`);
  }
  await looksRight(page, "chat-question-details");
  const paid = await pay(page, event);
  await looksRight(page, "chat-ticket");
  await isPaidOnce(stage.stack, event, paid);
  const [ticket] = await Promise.all([context.waitForEvent("page"), card(page, `Ticket: ${event.title}`).getByRole("link", { name: "Show ticket" }).click()]);
  await ticket.getByRole("heading", { name: event.title }).waitFor();
  assert.equal(ticket.url(), paid.ticketUrl);
  // The same once more, so that everything is there twice.
  const second = await newEvent();
  await askForSeat(page, second);
  await pay(page, second);
  await looksRight(page, "chat-two-tickets");
}));

const WALLETS = [
  ["a test key", { wallet: "Test key" }, () => undefined],
  ["a smart wallet", { wallet: "Smart wallet" }, () => undefined],
  ["a wallet of the browser", { wallet: "Test Wallet" }, () => fakeWallet({ chainId: 1 })],
];
for (const [what, options, make] of WALLETS) {
  const wallet = make();
  test(`a guest pays with ${what}: one ticket, one transaction, as the chain tells it`, stage.visit({ wallet }, async ({ page }) => {
    const event = await newEvent();
    await atServer(page, options);
    await askForSeat(page, event);
    const payer = await isPaidOnce(stage.stack, event, await pay(page, event));
    if (wallet) assert.deepEqual([payer, wallet.signatures], [wallet.address, 1]);
  }));
}

const NOES = {
  "with the button": (page) => button(dialog(page), "Not now").click(),
  "with Esc": (page) => page.keyboard.press("Escape"),
};
for (const [how, decline] of Object.entries(NOES)) {
  const wallet = fakeWallet();
  test(`a guest declines ${how}: nothing is signed, no money moves, and the focus goes back`, stage.visit({ wallet }, async ({ page }) => {
    const event = await newEvent();
    await atServer(page, { wallet: "Test Wallet" });
    await askForSeat(page, event);
    await decline(page);
    await page.getByText("Nothing was charged.").waitFor();
    await dialog(page).waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), `Get a seat · $0.05 for ${event.title}`);
    assert.equal(wallet.signatures, 0);
    await isNotPaid(stage.stack, event, wallet.address);
    if (how === "with Esc") await looksRight(page, "chat-declined");
    await askForSeat(page, event);
    await isPaidOnce(stage.stack, event, await pay(page, event));
  }));
}

const unwilling = fakeWallet();
test("a wallet that refuses to sign pays nothing, and may be asked again later", stage.visit({ wallet: unwilling }, async ({ page }) => {
  const event = await newEvent();
  await atServer(page, { wallet: "Test Wallet" });
  await askForSeat(page, event);
  unwilling.refuses = true;
  await button(dialog(page), "Pay $0.05").click();
  await page.getByText("Nothing was charged.").waitFor();
  assert.equal(unwilling.signatures, 0);
  await isNotPaid(stage.stack, event, unwilling.address);
  unwilling.refuses = false;
  await askForSeat(page, event);
  await isPaidOnce(stage.stack, event, await pay(page, event));
}));

test("a guest asks for a seat in words", stage.visit({}, async ({ page }) => {
  const event = await newEvent();
  await atServer(page);
  await say(page, "list events");
  await button(page, `Get a seat · $0.05 for ${event.title}`).waitFor();
  await say(page, `rsvp to ${event.title}`);
  await isPaidOnce(stage.stack, event, await pay(page, event));
}));

test("loaded anew while the question is open, the page asks again", stage.visit({}, async ({ page }) => {
  const event = await newEvent();
  await atServer(page);
  await askForSeat(page, event);
  await page.reload();
  await dialog(page).getByRole("heading", { name: event.title }).waitFor();
  await isPaidOnce(stage.stack, event, await pay(page, event));
}));

/** Runs in the page: the transcript as the version that called a server "door" has kept it. */
function ageTranscript() {
  const key = "events-concierge.transcript";
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
  if (kept === null) return;
  const age = ({ mcpUrl, ...entry }) => {
    if (entry.kind === "connected") return { ...entry, kind: "door", mcpUrl };
    return entry.kind === "result" ? { ...entry, door: mcpUrl } : { ...entry, mcpUrl };
  };
  sessionStorage.setItem(key, JSON.stringify({ ...kept, entries: kept.entries.map(age) }));
}

test("a transcript that an earlier version of the page has kept is shown, and what it offers can be bought", stage.visit({}, async ({ page }) => {
  const event = await newEvent();
  await atServer(page);
  await say(page, "list events");
  const rsvp = button(page, `Get a seat · $0.05 for ${event.title}`);
  await rsvp.waitFor();
  await page.addInitScript(ageTranscript);
  await page.reload();
  await page.getByRole("log").getByText("Connected to").waitFor();
  await rsvp.click();
  await isPaidOnce(stage.stack, event, await pay(page, event));
}));

test("loaded anew right after Pay, there is still one ticket and one charge", stage.visit({}, async ({ page }) => {
  const event = await newEvent();
  const begun = paymentBegins(page);
  await atServer(page, { wallet: "Smart wallet" });
  await askForSeat(page, event);
  await button(dialog(page), "Pay $0.05").click();
  await begun;
  await page.reload();
  await isPaidOnce(stage.stack, event, await ticketOf(page, event));
  // A page that is left may not have read the result, so it is told again; it is shown once.
  await page.reload();
  await ticketOf(page, event);
  assert.equal(await tickets(page, event).count(), 1);
}));

/** Resolves with the first word of the server after the answer has been given. */
function paymentBegins(page) {
  return new Promise((resolve) => {
    page.on("websocket", (socket) => {
      let isAnswered = false;
      socket.on("framesent", ({ payload }) => (isAnswered ||= String(payload).includes('"confirm"')));
      socket.on("framereceived", () => isAnswered && resolve());
    });
  });
}

const slow = fakeWallet();
test("loaded anew while the wallet asks for the signature, it is asked again, and signs once", stage.visit({ wallet: slow }, async ({ page }) => {
  const event = await newEvent();
  await atServer(page, { wallet: "Test Wallet" });
  await askForSeat(page, event);
  const { promise, resolve } = Promise.withResolvers();
  slow.thinks = promise;
  await button(dialog(page), "Pay $0.05").click();
  await page.getByText("is asked for a signature").waitFor();
  await looksRight(page, "chat-signing");
  await page.reload();
  await page.getByText("is asked for a signature").waitFor();
  resolve();
  await isPaidOnce(stage.stack, event, await ticketOf(page, event));
  assert.equal(slow.signatures, 1);
}));

const shared = fakeWallet();
test("two tabs show the same question; the answer in one closes it in the other, and the wallet signs once", stage.visit({ wallet: shared }, async ({ page, newTab }) => {
  const event = await newEvent();
  await atServer(page, { wallet: "Test Wallet" });
  const other = await newTab();
  await other.goto("/");
  await other.getByRole("complementary", { name: "Server, wallet and limits" }).getByText("$10.00").first().waitFor();
  await page.bringToFront();
  await askForSeat(page, event);
  await other.bringToFront();
  await dialog(other).getByRole("heading", { name: event.title }).waitFor();
  await button(dialog(other), "Pay $0.05").click();
  await dialog(page).waitFor({ state: "detached" });
  const [here, there] = await Promise.all([ticketOf(page, event), ticketOf(other, event)]);
  assert.deepEqual(here, there);
  await isPaidOnce(stage.stack, event, here);
  assert.equal(shared.signatures, 1);
  const second = await newEvent();
  await page.bringToFront();
  await askForSeat(page, second);
  await dialog(other).waitFor();
  await button(dialog(page), "Not now").click();
  await dialog(other).waitFor({ state: "detached" });
  assert.equal(shared.signatures, 1);
}));

const early = fakeWallet();
test("a tab that hears of the signature late does not ask the wallet once more", stage.visit({ wallet: early }, async ({ page, newTab }) => {
  const event = await newEvent();
  await atServer(page, { wallet: "Test Wallet" });
  const other = await newTab();
  await isLate(other, "sign_request", () => early.signatures > 0);
  await other.goto("/");
  await button(other, /^Change the server/).waitFor();
  await page.bringToFront();
  await askForSeat(page, event);
  await isPaidOnce(stage.stack, event, await pay(page, event));
  await ticketOf(other, event);
  assert.equal(early.signatures, 1);
}));

/** What the server tells the page waits from the first message of this type on, until `isTime`. */
async function isLate(page, type, isTime) {
  await page.routeWebSocket(/\/agent\?/, (socket) => {
    let said = Promise.resolve();
    socket.connectToServer().onMessage((message) => {
      const isHeld = String(message).includes(`"type":"${type}"`);
      said = said.then(() => isHeld && until(isTime)).then(() => socket.send(message));
    });
  });
}

test("on a phone the whole way to a ticket is there", stage.visit({ size: "phone" }, async ({ page }) => {
  const event = await newEvent();
  await atServer(page);
  await askForSeat(page, event);
  for (const name of ["Not now", "Pay $0.05"]) {
    const box = await button(dialog(page), name).boundingBox();
    assert.ok(box.y + box.height <= 844 && box.x + box.width <= 390, `${name} is out of sight`);
  }
  await isPaidOnce(stage.stack, event, await pay(page, event));
}));
