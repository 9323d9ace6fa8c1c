// A full event: a guest joins the waitlist, is offered the seat that comes back, and gets it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button, buyAtCheckout, dialog, openCheckout } from "../support/browser-guest.mjs";
import { fakeWallet } from "../support/browser-wallet.mjs";
import { until } from "../support/network.mjs";

const stage = browserStage();

const [ada, bob] = [fakeWallet(), fakeWallet()];
test("who waits for a full event gets the seat that comes back", stage.visit({ wallet: ada }, async ({ page, newVisitor }) => {
  const { stack } = stage;
  for (const wallet of [ada, bob]) await stack.chain.mint(wallet.address, 1_000_000n);
  const event = await stack.createEvent({ title: "Night to wait for", capacity: 1 });
  await buyAtCheckout(page, stack, event);
  const other = await (await newVisitor({ wallet: bob })).newTab();
  await other.goto(`/e/${stack.host.scope}/${event.id}`);
  await looksRight(other, "event-full");
  await other.getByRole("link", { name: "Join the waitlist" }).first().click();
  await dialog(other).getByText("This event is full.").waitFor();
  await dialog(other).getByRole("radio", { name: /^Test Wallet/ }).click();
  await looksRight(other, "waitlist-join");
  await button(dialog(other), "Join the waitlist").click();
  await dialog(other).getByText("You are number 1 on the waitlist.").waitFor();
  await looksRight(other, "waitlist-waiting");
  assert.equal((await stack.chain.transfers(stack.host.walletAddress)).length, 1, "waiting costs nothing");
  // The host sees who waits, and adds a seat.
  const { waiting, guests } = await stack.call("GET", `/api/users/events/${event.id}/waitlist`);
  assert.deepEqual([waiting, guests[0].wallet], [1, bob.address]);
  await stack.call("PATCH", `/api/users/events/${event.id}`, { capacity: 2 });
  await until(async () => {
    const list = await stack.call("GET", `/api/users/events/${event.id}/waitlist`);
    return list.offered === 1 && list;
  });
  // It is for nobody else.
  const stranger = await stack.call("GET", `/api/users/events`);
  assert.equal(stranger.events.find(({ id }) => id === event.id).seatsLeft, 0);
  await button(dialog(other), "Look again").click();
  await dialog(other).getByText("A seat is held for you").waitFor();
  await looksRight(other, "waitlist-offered");
  await button(dialog(other), `Get the seat · $${event.price}`).click();
  await button(dialog(other), `Pay $${event.price}`).click();
  await other.waitForURL(/\/t\//);
  const { rsvps } = await stack.call("GET", `/api/users/events/${event.id}/rsvps`);
  assert.deepEqual(rsvps.map(({ wallet }) => wallet).sort(), [ada.address, bob.address].sort());
}));

const eve = fakeWallet();
test("on a phone a guest leaves the waitlist again", stage.visit({ wallet: eve, size: "phone" }, async ({ page, newVisitor }) => {
  const { stack } = stage;
  const holder = fakeWallet();
  await stack.chain.mint(holder.address, 1_000_000n);
  const event = await stack.createEvent({ title: "Night without me", capacity: 1 });
  await buyAtCheckout(await (await newVisitor({ wallet: holder })).newTab(), stack, event);
  await openCheckout(page, stack, event);
  await dialog(page).getByLabel("Your e-mail (optional)").fill("eve@example");
  await button(dialog(page), "Join the waitlist").click();
  await dialog(page).getByText("This address has no ending, such as .org.").waitFor();
  await dialog(page).getByLabel("Your e-mail (optional)").fill("eve@example.org");
  await looksRight(page, "waitlist-phone");
  await button(dialog(page), "Join the waitlist").click();
  await dialog(page).getByText("You are number 1 on the waitlist.").waitFor();
  await button(dialog(page), "Leave the waitlist").click();
  await dialog(page).getByText("You are off the waitlist.").waitFor();
  const { guests } = await stack.call("GET", `/api/users/events/${event.id}/waitlist`);
  assert.deepEqual(guests, []);
}));
