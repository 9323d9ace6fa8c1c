// From the link of an event to the ticket, in one sheet.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button, dialog, isNotPaid, withoutResults } from "../support/browser-guest.mjs";
import { fakeWallet } from "../support/browser-wallet.mjs";

const stage = browserStage();
let count = 0;
/** An event that no other test buys a seat of. */
const newEvent = (changes) => stage.stack.createEvent({ title: `Night number ${(count += 1)}`, location: "Betahaus, Berlin", ...changes });
const linkTo = ({ id }) => `/buy/${stage.stack.host.scope}/${id}`;
const pay = (page, price = "0.05") => button(dialog(page), `Pay $${price}`);
const wallet = (page, name) => dialog(page).getByRole("radio", { name });

async function open(page, event) {
  await page.goto(linkTo(event));
  await dialog(page).getByRole("heading", { name: event.title }).waitFor();
}

const fund = (one, amount = 10_000_000n) => stage.stack.chain.mint(one.address, amount);

/** Waits for the ticket's page, and compares what was paid with the chain. */
async function isTicketOf(page, event, payer, payments = 1) {
  await page.waitForURL(/\/t\//);
  await page.getByRole("heading", { name: event.title }).waitFor();
  const { rsvps } = await stage.stack.call("GET", `/api/users/events/${event.id}/rsvps`);
  assert.equal(rsvps.length, 1);
  const { from, value } = await stage.stack.transferOf(rsvps[0].txHash, stage.stack.host.walletAddress);
  assert.equal(value, BigInt(event.priceAtomic));
  if (payer) assert.equal(from, payer);
  const moved = await stage.stack.chain.transfers(stage.stack.host.walletAddress);
  assert.equal(moved.filter(({ args }) => args.from === from).length, payments, "one charge for each seat");
  return rsvps[0];
}

test("a guest without money gets some in the sheet, and what was typed goes to the host", stage.visit({}, async ({ page }) => {
  const event = await newEvent();
  await open(page, event);
  await page.waitForLoadState("networkidle");
  assert.match(await dialog(page).innerText(), /Betahaus, Berlin[^]*1 seat · \$0\.05 to/);
  await looksRight(page, "checkout-open");
  await dialog(page).getByLabel("Name (optional)").fill("Mira Kovač");
  await dialog(page).getByLabel("E-mail (optional)").fill("mira@example");
  await wallet(page, /^Test key/).click();
  await button(dialog(page), "Waiting for $0.05").waitFor();
  await dialog(page).getByText("empty").waitFor();
  await looksRight(page, "checkout-empty");
  await button(dialog(page), "Get test USDC").click();
  await dialog(page).getByText("$9.95").waitFor();
  await pay(page).click();
  await dialog(page).getByText("This address has no ending, such as .org.").waitFor();
  await looksRight(page, "checkout-field");
  await dialog(page).getByLabel("E-mail (optional)").fill("mira@example.org");
  await dialog(page).getByText("What your wallet will sign").click();
  await dialog(page).getByText(stage.stack.host.walletAddress).waitFor();
  await looksRight(page, "checkout-details");
  await pay(page).click();
  const { name, email } = await isTicketOf(page, event);
  assert.deepEqual([name, email], ["Mira Kovač", "mira@example.org"]);
}));

const ready = fakeWallet();
test("with a wallet in the browser it is two steps: the link, and Pay", stage.visit({ wallet: ready }, async ({ page }) => {
  const event = await newEvent();
  await fund(ready);
  await open(page, event);
  await wallet(page, /^Test Wallet/).click();
  await dialog(page).getByText("$9.95").waitFor();
  assert.equal(ready.signatures, 0);
  await looksRight(page, "checkout-wallet");
  await pay(page).click();
  await isTicketOf(page, event, ready.address);
  assert.equal(ready.signatures, 1);
  // The next time the wallet is known, and its balance is read without a click.
  const next = await newEvent();
  await open(page, next);
  await dialog(page).getByText("$9.90").waitFor();
  await pay(page).click();
  await isTicketOf(page, next, ready.address, 2);
}));

const party = fakeWallet();
test("several seats are bought with one signature, and each guest has a ticket", stage.visit({ wallet: party }, async ({ page }) => {
  const event = await newEvent({ capacity: 9 });
  await fund(party);
  await open(page, event);
  await wallet(page, /^Test Wallet/).click();
  await dialog(page).getByRole("button", { name: "One seat more" }).click();
  await dialog(page).getByText("2 seats · $0.10 to").waitFor();
  await dialog(page).getByLabel("Name (optional)").fill("Mira");
  await dialog(page).getByLabel("Name of guest 2 (optional)").fill("Bob");
  await looksRight(page, "checkout-seats");
  await pay(page, "0.10").click();
  await page.waitForURL(/\/t\//);
  await page.getByRole("heading", { name: "Tickets of your guests" }).waitFor();
  await looksRight(page, "ticket-seats");
  const { rsvps } = await stage.stack.call("GET", `/api/users/events/${event.id}/rsvps`);
  assert.deepEqual(rsvps.map(({ name }) => name).sort(), ["Bob", "Mira"]);
  const { value } = await stage.stack.transferOf(rsvps[0].txHash, stage.stack.host.walletAddress);
  assert.equal(value, 100_000n);
  assert.equal(party.signatures, 1);
  await page.getByText("Bob").click();
  await page.getByRole("link", { name: "Open this ticket to send its link" }).click();
  await page.getByText("Seat 2 of 2").waitFor();
  assert.equal(await page.getByRole("heading", { name: "Tickets of your guests" }).count(), 0);
}));

const freeGuest = fakeWallet();
test("a free event takes a signature and no money", stage.visit({ wallet: freeGuest }, async ({ page }) => {
  const event = await newEvent({ price: "0" });
  await open(page, event);
  await dialog(page).getByText("1 seat · Free").waitFor();
  await wallet(page, /^Test Wallet/).click();
  await looksRight(page, "checkout-free");
  await button(dialog(page), "Get a ticket · Free").click();
  await page.waitForURL(/\/t\//);
  await page.getByText("This seat is free. Nothing was paid.").waitFor();
  await looksRight(page, "ticket-free");
  const { rsvps } = await stage.stack.call("GET", `/api/users/events/${event.id}/rsvps`);
  assert.deepEqual(rsvps.map(({ paidAtomic, txHash }) => [paidAtomic, txHash]), [["0", ""]]);
}));

const holder = fakeWallet();
test("who holds a seat is told so, is shown the ticket, and is not asked for money", stage.visit({ wallet: holder }, async ({ page }) => {
  const event = await newEvent();
  await fund(holder);
  await open(page, event);
  await wallet(page, /^Test Wallet/).click();
  await pay(page).click();
  await isTicketOf(page, event, holder.address);
  const ticket = page.url();
  await open(page, event);
  await dialog(page).getByText("You already have a seat with this wallet. Nothing was charged.").waitFor();
  assert.equal(await pay(page).count(), 0);
  await looksRight(page, "checkout-held");
  await dialog(page).getByRole("link", { name: "Show ticket" }).click();
  await page.waitForURL(ticket);
  assert.equal(holder.signatures, 1);
}));

const unwilling = fakeWallet();
test("a wallet that says no pays nothing, and may try again", stage.visit({ wallet: unwilling }, async ({ page }) => {
  const event = await newEvent();
  await fund(unwilling);
  await open(page, event);
  await wallet(page, /^Test Wallet/).click();
  await dialog(page).getByText("$9.95").waitFor();
  unwilling.refuses = true;
  await pay(page).click();
  await dialog(page).getByText("Nothing was charged.").waitFor();
  await looksRight(page, "checkout-declined");
  await isNotPaid(stage.stack, event, unwilling.address);
  unwilling.refuses = false;
  await button(dialog(page), "Try again").click();
  await pay(page).click();
  await isTicketOf(page, event, unwilling.address);
}));

const slow = fakeWallet();
test("loaded anew while the wallet asks, the sheet goes on where it was, and the wallet signs once", stage.visit({ wallet: slow }, async ({ page }) => {
  const event = await newEvent();
  await fund(slow);
  await open(page, event);
  await wallet(page, /^Test Wallet/).click();
  await dialog(page).getByText("$9.95").waitFor();
  const { promise, resolve } = Promise.withResolvers();
  slow.thinks = promise;
  await pay(page).click();
  await button(dialog(page), "Ask again").waitFor();
  await looksRight(page, "checkout-signing");
  await page.reload();
  await button(dialog(page), "Confirm in your wallet").waitFor();
  resolve();
  await isTicketOf(page, event, slow.address);
  assert.equal(slow.signatures, 1);
}));

async function payWithTestKey(page, event) {
  await open(page, event);
  await wallet(page, /^Test key/).click();
  await button(dialog(page), "Get test USDC").click();
  await pay(page).click();
}

test("a payment without an answer is on its way, and the sheet turns into the ticket by itself", stage.visit({}, async ({ page }) => {
  const event = await newEvent();
  let isReleased = false;
  await withoutResults(page, () => isReleased);
  await payWithTestKey(page, event);
  await dialog(page).getByText("Paid, on its way").waitFor({ timeout: 60_000 });
  await looksRight(page, "checkout-pending");
  isReleased = true;
  await isTicketOf(page, event);
}));

test("an answer that was lost on its way is asked for again, and nothing is paid twice", stage.visit({}, async ({ page }) => {
  const event = await newEvent();
  await withoutResults(page);
  await payWithTestKey(page, event);
  await dialog(page).getByText("Paid, on its way").waitFor({ timeout: 60_000 });
  await dialog(page).getByRole("link", { name: "Show ticket" }).click({ timeout: 60_000 });
  await isTicketOf(page, event);
}));

test("a link alone pays nothing, however high the limit without a question is", stage.visit({}, async ({ page }) => {
  const first = await newEvent();
  await open(page, first);
  await wallet(page, /^Test key/).click();
  await button(dialog(page), "Get test USDC").click();
  await dialog(page).getByText("$9.95").waitFor();
  const sent = [];
  page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(String(payload))));
  await page.evaluate(() => sessionStorage.clear());
  await page.goto("/");
  await button(page, /^Change the limits/).click();
  await dialog(page).getByLabel("Ask me above, in dollars").fill("1");
  await button(dialog(page), "Save the limits").click();
  await dialog(page).waitFor({ state: "detached" });
  await open(page, first);
  await dialog(page).getByText("$9.95").waitFor();
  assert.ok(!sent.some((text) => text.includes("call_tool")), "a call was made by a link alone");
  const { rsvps } = await stage.stack.call("GET", `/api/users/events/${first.id}/rsvps`);
  assert.deepEqual(rsvps, []);
  await pay(page).click();
  await isTicketOf(page, first);
}));

test("a limit that is in the way is said before the payment, and can be changed there", stage.visit({}, async ({ page }) => {
  const event = await newEvent({ price: "1.50" });
  await open(page, event);
  await wallet(page, /^Test key/).click();
  await button(dialog(page), "Get test USDC").click();
  await dialog(page).getByText("Your limit is $1.00 for one purchase.").waitFor();
  assert.ok(await pay(page, "1.50").isDisabled());
  await looksRight(page, "checkout-limit");
  await button(dialog(page), "Change the limits").click();
  await dialog(page).getByLabel("At most for one call, in dollars").fill("2");
  await button(dialog(page), "Save the limits").click();
  await pay(page, "1.50").click();
  await isTicketOf(page, event);
}));

test("a price that has risen since is asked again", stage.visit({}, async ({ page }) => {
  const event = await newEvent();
  await open(page, event);
  await wallet(page, /^Test key/).click();
  await button(dialog(page), "Get test USDC").click();
  await dialog(page).getByText("$9.95").waitFor();
  await stage.stack.call("PATCH", `/api/users/events/${event.id}`, { price: "0.08" });
  await pay(page).click();
  await dialog(page).getByText("The price is $0.08 now. Nothing was charged.").waitFor();
  await looksRight(page, "checkout-price");
  await pay(page, "0.08").click();
  await isTicketOf(page, { ...event, priceAtomic: "80000" });
}));

test("what is not for sale has no Pay button", stage.visit({}, async ({ page, expects }) => {
  const event = await newEvent();
  await stage.stack.call("DELETE", `/api/users/events/${event.id}`);
  await open(page, event);
  await dialog(page).getByText("This event was cancelled. No seats are sold.").waitFor();
  assert.equal(await pay(page).count(), 0);
  expects(/status of 404/);
  await page.goto(linkTo({ id: "evt_000000000000000000000000" }));
  await page.getByText("There is no such event").waitFor();
  await looksRight(page, "checkout-missing");
}));

test("closing the sheet goes back to the event", stage.visit({}, async ({ page }) => {
  const event = await newEvent();
  for (const close of [() => page.keyboard.press("Escape"), () => button(dialog(page), "Close").click()]) {
    await open(page, event);
    await close();
    await page.waitForURL(`**/e/${stage.stack.host.scope}/${event.id}`);
  }
}));

test("with the keyboard alone, on a phone", stage.visit({ size: "phone" }, async ({ page }) => {
  const event = await newEvent();
  await open(page, event);
  await wallet(page, /^Test key/).waitFor();
  const focused = () => page.evaluate(() => (document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim());
  const tabTo = async (name) => {
    for (let tabs = 0; tabs < 30; tabs += 1) {
      if (name.test(await focused())) return;
      await page.keyboard.press("Tab");
      assert.ok(await page.evaluate(() => document.querySelector("dialog[open]").contains(document.activeElement)), "the focus leaves the sheet");
    }
    throw new Error(`Tab does not lead to ${name}`);
  };
  await tabTo(/^Test key/);
  await page.keyboard.press("Space");
  await button(dialog(page), "Get test USDC").waitFor();
  await tabTo(/^Get test USDC/);
  await page.keyboard.press("Enter");
  await dialog(page).getByText("$9.95").waitFor();
  await tabTo(/^Pay \$0\.05/);
  await page.keyboard.press("Enter");
  await isTicketOf(page, event);
}));
