// The life of an event, by a host and two guests on the page alone: created, sold, moved, written about, opened at the
// entrance, given back, paid back. On a desk and on a phone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button, dialog, guestsOf, openCheckout } from "../support/browser-guest.mjs";
import { cardOf, go, payBack, sampleWallet, signInAsSampleHost, unfold } from "../support/browser-host.mjs";
import { fakeWallet } from "../support/browser-wallet.mjs";

const stage = browserStage();
/** A wallet that is not signed in asks for the list in vain, and a challenge is answered with 402. */
const ASKED = /status of 40[12] /;
const money = (address) => stage.stack.chain.balance(address);

async function create(page, title) {
  await button(page, "New event").click();
  const form = page.getByRole("form", { name: "New event" });
  const values = { Title: title, Starts: "2031-03-01T18:30", "Time zone of these times": "Europe/Berlin", Seats: "2", "Price of a seat in dollars": "0.05", "Place (optional)": "Hall" };
  for (const [label, text] of Object.entries(values)) await form.getByLabel(label, { exact: true }).fill(text);
  await unfold(page, "What guests are asked");
  await form.getByLabel("The guest's e-mail address").selectOption("Required");
  await button(form, "Publish").click();
  await page.getByText(`“${title}” is on sale.`).waitFor();
  const { events } = await stage.stack.call("GET", "/api/users/events");
  return events.find((event) => event.title === title);
}

/** Buys a seat, and gives the page of its ticket. */
async function buy(page, event, wallet, { name, email }) {
  await stage.stack.chain.mint(wallet.address, 1_000_000n);
  await openCheckout(page, stage.stack, event);
  await dialog(page).getByLabel(/^Name/).fill(name);
  await dialog(page).getByLabel(/^E-mail/).fill(email);
  await button(dialog(page), "Pay $0.05").click();
  await page.waitForURL(/\/t\//);
  return page.url();
}

/** The host moves the event. */
async function move(page, event) {
  await button(cardOf(page, event.title), "Edit").click();
  await page.getByLabel("Place (optional)").fill("Cellar");
  await button(page, "Save changes").click();
  await page.getByText(`“${event.title}” was changed.`).waitFor();
}

async function write(page, event, { email }) {
  await go(page, "Guests");
  await page.getByLabel("Event", { exact: true }).selectOption(event.id);
  await button(page, "Message guests").click();
  await page.getByLabel("Subject").fill(event.title);
  await page.getByLabel("Message", { exact: true }).fill("Please bring a cup.");
  await button(page, "Preview").click();
  await button(page, "Send to 2 addresses").click();
  await page.getByText("The message goes to 2 addresses.").waitFor();
  assert.match(await stage.stack.mailTo(email, event.title), /Please bring a cup\./);
}

/** The guest gives the seat back; the event has moved, so everything goes back. */
async function giveBack(page, event) {
  await page.goto("/tickets");
  await button(page, "Find my tickets").click();
  await button(page, "Sign in with Test Wallet").click();
  await button(page, `Cancel: ${event.title}`).click();
  await button(dialog(page), "Cancel and get $0.05 back").click();
  await page.getByRole("status").getByText("The host has not sent it yet.").waitFor();
}

for (const size of ["wide", "phone"]) {
  const [coming, leaving] = [fakeWallet(), fakeWallet()];
  test(`a host and its guests go through the life of an event (${size})`, stage.visit({ size, wallet: sampleWallet() }, async ({ page, newVisitor }) => {
    const open = async (wallet) => {
      const visitor = await newVisitor({ size, wallet });
      visitor.expects(ASKED);
      return visitor.newTab();
    };
    await signInAsSampleHost(page);
    const event = await create(page, `Evening of ${size} lives`);
    const [mira, jonas] = [{ name: "Mira", email: `mira-${size}@example.org` }, { name: "Jonas", email: `jonas-${size}@example.org` }];
    const theirs = await open(coming);
    const ticket = await buy(theirs, event, coming, mira);
    const his = await open(leaving);
    await buy(his, event, leaving, jonas);

    await page.reload();
    await move(page, event);
    await write(page, event, mira);
    await page.getByLabel("Ticket code").fill(ticket);
    await page.getByLabel("Ticket code").press("Enter");
    await page.getByText("Welcome, Mira").waitFor();
    await theirs.reload();
    await theirs.getByText("Cellar").first().waitFor();
    await looksRight(theirs, `life-ticket-${size}`);

    const had = await money(leaving.address);
    await giveBack(his, event);
    assert.deepEqual((await guestsOf(stage.stack, event)).map(({ name }) => name), ["Mira"]);
    await go(page, "Events");
    await page.reload();
    await payBack(page, "$0.05", event);
    assert.equal(await money(leaving.address), had + 50_000n);
    await his.reload();
    await his.getByText("$0.05 went back to the wallet that paid.").first().waitFor();
    await go(page, "Revenue");
    const row = page.getByRole("region", { name: "By event", exact: true }).getByRole("row").filter({ hasText: event.title });
    await row.waitFor();
    assert.deepEqual((await row.getByRole("cell").allInnerTexts()).map((text) => text.trim()), ["2 of 2", "100%", "$0.05"]);
    // A change is told two minutes later, once for all that was changed meanwhile.
    assert.match(await stage.stack.mailTo(mira.email, `Changed: ${event.title}`), /Cellar/);
  }));
}
