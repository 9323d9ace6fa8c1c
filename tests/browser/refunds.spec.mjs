// A guest gives a seat back, the host pays it back, and both see how far the money is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button, dialog, openCheckout } from "../support/browser-guest.mjs";
import { cardOf, payBack, sampleWallet, signInAsSampleHost } from "../support/browser-host.mjs";
import { fakeWallet } from "../support/browser-wallet.mjs";
import { until } from "../support/network.mjs";

const stage = browserStage();
/** A wallet that is not signed in asks for the list in vain, and a challenge is answered with 402. */
const ASKED = /status of 40[12] /;
const money = (address) => stage.stack.chain.balance(address);

/** Buys a seat on the sheet, and signs in with the same wallet. */
async function buyAndFind(page, event, wallet, policy) {
  await stage.stack.chain.mint(wallet.address, 1_000_000n);
  await page.goto(`/buy/${stage.stack.host.scope}/${event.id}`);
  await dialog(page).getByText(policy).waitFor();
  await dialog(page).getByRole("radio", { name: /^Test Wallet/ }).click();
  await button(dialog(page), "Pay $0.05").click();
  await page.waitForURL(/\/t\//);
  const ticketUrl = page.url();
  await page.getByText(policy).waitFor();
  await page.getByRole("link", { name: "Cancel it in your tickets" }).click();
  await button(page, "Find my tickets").click();
  await button(page, "Sign in with Test Wallet").click();
  await page.getByRole("article", { name: `Next: ${event.title}` }).waitFor();
  return ticketUrl;
}

const guest = fakeWallet();
test("a guest who cancels gets the money back that was promised, once", stage.visit({ wallet: guest }, async ({ page, newVisitor, expects }) => {
  expects(ASKED);
  const { host } = stage.stack;
  const event = await stage.stack.createEvent({ title: "Evening to cancel", refundPercent: 100 });
  const policy = "If you cancel before the start, you get all your money back.";
  const ticketUrl = await buyAndFind(page, event, guest, policy);
  const [had, earned] = [await money(guest.address), await money(host.walletAddress)];

  await button(page, `Cancel: ${event.title}`).click();
  await dialog(page).getByText("$0.05 goes back to the wallet that paid.").waitFor();
  await looksRight(page, "tickets-cancel");
  await button(dialog(page), "Keep it").click();
  await button(page, `Cancel: ${event.title}`).click();
  await button(dialog(page), "Cancel and get $0.05 back").click();
  await page.getByRole("status").getByText("The host has not sent it yet.").waitFor();
  await page.getByRole("region", { name: "Past" }).getByText("Cancelled").waitFor();
  await looksRight(page, "tickets-cancelled");
  const { rsvps } = await stage.stack.call("GET", `/api/users/events/${event.id}/rsvps`);
  assert.deepEqual(rsvps, [], "the seat is free again");

  const theirs = await (await newVisitor({ wallet: sampleWallet() })).newTab();
  await signInAsSampleHost(theirs);
  await payBack(theirs, "$0.05", event);
  assert.equal(await money(guest.address), had + 50_000n);
  assert.equal(await money(host.walletAddress), earned - 50_000n);

  await page.reload();
  await page.getByRole("region", { name: "Past" }).getByText("$0.05 went back to the wallet that paid.").waitFor();
  await looksRight(page, "tickets-paid-back");
  await page.goto(ticketUrl);
  await page.getByText("This seat was given back").waitFor();
  await page.getByRole("link", { name: "See the transfer" }).waitFor();
  await looksRight(page, "ticket-given-back");
}));

const moved = fakeWallet();
test("on a phone, a host cancels an event and its guest is paid back", stage.visit({ wallet: moved, size: "phone" }, async ({ page, newVisitor, expects }) => {
  expects(ASKED);
  const event = await stage.stack.createEvent({ title: "Evening that is called off" });
  await buyAndFind(page, event, moved, "If you cancel, you get no money back.");
  await button(page, `Cancel: ${event.title}`).click();
  await dialog(page).getByText("give no money back").waitFor();
  await button(dialog(page), "Keep it").click();

  const theirs = await (await newVisitor({ wallet: sampleWallet(), size: "phone" })).newTab();
  await signInAsSampleHost(theirs);
  await button(cardOf(theirs, event.title), "Cancel event").click();
  await dialog(theirs).getByText("Everybody who paid gets everything back").waitFor();
  await looksRight(theirs, "host-cancel-event");
  await button(dialog(theirs), "Cancel the event").click();
  await theirs.getByText("1 guest gets the money back from you.").waitFor();
  const had = await money(moved.address);
  await theirs.reload();
  await payBack(theirs, "$0.05", event);
  assert.equal(await money(moved.address), had + 50_000n);
}));

const freeGuest = fakeWallet();
test("a free seat is given back without a word about money", stage.visit({ wallet: freeGuest }, async ({ page, expects }) => {
  expects(ASKED);
  const event = await stage.stack.createEvent({ title: "Evening for free", price: "0" });
  await openCheckout(page, stage.stack, event);
  await button(dialog(page), "Get a ticket · Free").click();
  await page.waitForURL(/\/t\//);
  await page.goto("/tickets");
  await button(page, "Find my tickets").click();
  await button(page, "Sign in with Test Wallet").click();
  const seat = page.getByRole("article", { name: `Next: ${event.title}` });
  // The index of buyers is published by the alarm.
  await until(async () => {
    await seat.waitFor();
    if (await button(seat, `Cancel: ${event.title}`).isVisible()) return true;
    await page.waitForTimeout(1000);
    await page.reload();
    return false;
  });
  await button(seat, `Cancel: ${event.title}`).click();
  await dialog(page).getByText("It was free, so no money goes back.").waitFor();
  await looksRight(page, "tickets-cancel-free");
  await button(dialog(page), "Cancel it").click();
  await page.getByRole("status").getByText("The seat is cancelled. It was free.").waitFor();
  const { rsvps } = await stage.stack.call("GET", `/api/users/events/${event.id}/rsvps`);
  assert.deepEqual(rsvps, []);
}));
