// People find events of hosts that chose to be found.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button } from "../support/browser-guest.mjs";
import { go, sampleWallet, signInAsSampleHost } from "../support/browser-host.mjs";

const stage = browserStage();

/** Loads the page until it shows, or does not show, this event. */
async function shows(page, title, isThere) {
  const link = page.getByRole("link", { name: title, exact: true });
  for (let tries = 0; tries < 30 && (await link.isVisible()) !== isThere; tries += 1) {
    await page.waitForTimeout(500);
    await page.goto(`/discover?q=${encodeURIComponent(title)}&again=${tries}`);
  }
  assert.equal(await link.isVisible(), isThere);
  return link;
}

test("a host lists itself, is found by words, time and price, and leaves", stage.visit({ wallet: sampleWallet() }, async ({ page, newVisitor }) => {
  const soon = new Date(Date.now() + 3 * 86_400_000).toISOString();
  const event = await stage.stack.createEvent({ title: "Night of lanterns", location: "Tempelhof, Berlin", startsAt: soon, price: "0.05" });
  const visitor = await (await newVisitor({})).newTab();
  await visitor.goto("/discover");
  await visitor.getByText("No host is listed yet.").waitFor();
  await looksRight(visitor, "discover-empty");

  await signInAsSampleHost(page);
  await go(page, "Settings");
  await button(page, "List me").click();
  await page.getByText("In some seconds everybody finds you there.").waitFor();
  await looksRight(page, "host-listed");

  await shows(visitor, event.title, true);
  await visitor.goto("/discover");
  await looksRight(visitor, "discover");
  await visitor.getByLabel("What").fill("lanterns");
  await visitor.getByLabel("Where").fill("berlin");
  await visitor.getByLabel("When").selectOption("week");
  await visitor.getByLabel("Price").selectOption("1");
  await button(visitor, "Search").click();
  const link = visitor.getByRole("link", { name: event.title, exact: true });
  await link.waitFor();
  await visitor.getByLabel("Price").selectOption("free");
  await button(visitor, "Search").click();
  await visitor.getByText("Nothing fits.").waitFor();
  await looksRight(visitor, "discover-none");
  await visitor.getByRole("link", { name: "Show all events" }).click();
  await link.click();
  await visitor.getByRole("heading", { name: event.title, level: 1 }).waitFor();

  const guest = await (await newVisitor({ size: "phone" })).newTab();
  await guest.goto("/");
  await guest.getByRole("button", { name: new RegExp(`^${event.title}`) }).waitFor();
  // One field and the events: no title above them, no steps, and the address of a server only for those who have one.
  for (const name of [/Choose a server/, /Choose a wallet/]) assert.equal(await guest.getByRole("heading", { name }).count(), 0);
  assert.ok(await guest.getByLabel("Server URL").isHidden());
  await looksRight(guest, "chat-market");
  await guest.getByText("I have a server address").click();
  await guest.getByLabel("Server URL").fill("nonsense");
  await button(guest, "Connect").click();
  await guest.getByText("This is not a URL.").waitFor();
  await looksRight(guest, "chat-market-address");
  await guest.getByLabel("What are you looking for?").fill("zeppelins");
  await button(guest, "Search").click();
  await guest.getByText("Nothing fits. Try other words.").waitFor();
  await guest.getByLabel("What are you looking for?").fill("lanterns");
  await button(guest, "Search").click();
  await guest.getByRole("button", { name: new RegExp(`^${event.title} .*Tempelhof, Berlin · \\$0\\.05`) }).click();
  await guest.getByRole("log").getByText("Connected").waitFor();
  await guest.getByRole("heading", { name: "Choose a wallet" }).waitFor();
  await looksRight(guest, "chat-market-wallet");
  await button(guest, `Get a seat · $0.05 for ${event.title}`).waitFor();

  await button(page, "Leave the list").click();
  await page.getByText("Nobody finds you there any more.").waitFor();
  await shows(visitor, event.title, false);
}));
