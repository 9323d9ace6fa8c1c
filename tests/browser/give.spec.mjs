// A guest gives a ticket to somebody else: from the ticket's page, in plain words, and asked once more.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button, buyAtCheckout, dialog } from "../support/browser-guest.mjs";
import { fakeWallet } from "../support/browser-wallet.mjs";

const stage = browserStage();
/** Former tickets are answered with 409. */
const GONE = /status of 409/;

const ada = fakeWallet();
test("a ticket is given to somebody, and only the new link opens it", stage.visit({ wallet: ada }, async ({ page, newVisitor, expects }) => {
  const { stack } = stage;
  await stack.chain.mint(ada.address, 1_000_000n);
  const event = await stack.createEvent({ title: "Night to give away", capacity: 1 });
  const former = await buyAtCheckout(page, stack, event);
  await page.getByRole("link", { name: "Give to somebody" }).click();
  await dialog(page).getByRole("heading", { name: "Give this ticket to somebody" }).waitFor();
  await looksRight(page, "give-form");
  await button(dialog(page), "Give the ticket away").click();
  await dialog(page).getByText("Write the name of the new guest.").waitFor();
  await dialog(page).getByLabel("Name of the new guest").fill("Bob");
  await button(dialog(page), "Give the ticket away").click();
  await dialog(page).getByText("You cannot take it back.").waitFor();
  await dialog(page).getByText("it goes to the wallet that paid, not to Bob").waitFor();
  await looksRight(page, "give-sure");
  // Second thoughts.
  await button(dialog(page), "Keep the ticket").click();
  await button(dialog(page), "Give the ticket away").click();
  await button(dialog(page), "Yes, give it to Bob").click();
  await dialog(page).getByText("Bob has the ticket").waitFor();
  await looksRight(page, "give-done");
  const link = await dialog(page).getByRole("group", { name: "Link of the new ticket" }).innerText();
  assert.match(link, /\/t\/[\w-]+$/);
  assert.notEqual(link, former);
  // What the wallet signed cost nothing.
  assert.equal((await stack.chain.transfers(stack.host.walletAddress)).length, 1);
  expects(GONE);
  await page.goto(former);
  await page.getByRole("heading", { name: "This ticket was given to somebody else" }).waitFor();
  await page.goto("/tickets");
  await page.getByText("No tickets in this browser").waitFor();
  const other = await (await newVisitor({})).newTab();
  await other.goto(link);
  await other.getByRole("heading", { name: "See you on 1 March, Bob" }).waitFor();
  // With nothing but the link it is passed on as it is.
  assert.equal(await other.getByRole("link", { name: "Give to somebody" }).count(), 0);
  const { rsvps } = await stack.call("GET", `/api/users/events/${event.id}/rsvps`);
  assert.deepEqual(rsvps.map(({ name, checkedInAt }) => [name, checkedInAt]), [["Bob", null]]);
}));

const eve = fakeWallet();
test("another wallet gives no ticket away, and nothing changes", stage.visit({ wallet: eve, size: "phone" }, async ({ page }) => {
  const { stack } = stage;
  await stack.chain.mint(eve.address, 1_000_000n);
  const event = await stack.createEvent({ title: "Night to keep" });
  const ticket = await buyAtCheckout(page, stack, event);
  await page.getByRole("link", { name: "Give to somebody" }).click();
  await dialog(page).getByLabel("Name of the new guest").fill("Mallory");
  await button(dialog(page), "Give the ticket away").click();
  await looksRight(page, "give-phone");
  eve.refuses = true;
  await button(dialog(page), "Yes, give it to Mallory").click();
  await dialog(page).getByText("You did not sign. The ticket is still yours.").waitFor();
  await page.goto(ticket);
  await page.getByText("Valid, not used yet").waitFor();
}));
