// Somebody without a wallet signs in by e-mail in the sheet, gets a wallet, and pays with it. The stack is the real one;
// only that it runs on this machine, where a wallet needs no sign-in, is kept from the page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button, dialog } from "../support/browser-guest.mjs";
import { signInByMail } from "../support/browser-host.mjs";

const stage = browserStage();
const NO_SERVER = /status of 404 .*\/api\/users\/me/;

async function elsewhere(page) {
  await page.route("**/api/settings", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), local: false } });
  });
}

test("who has no wallet has one made by e-mail, pays with it, and finds the ticket on another device", stage.visit({ size: "phone" }, async ({ page, newVisitor, expects }) => {
  const { stack } = stage;
  const event = await stack.createEvent({ title: "First evening", location: "Betahaus, Berlin" });
  expects(NO_SERVER);
  await elsewhere(page);
  await page.goto(`/buy/${stack.host.scope}/${event.id}`);
  await dialog(page).getByRole("heading", { name: event.title }).waitFor();
  assert.equal(await dialog(page).getByRole("radio", { name: /Make one for me/ }).count(), 0, "nobody has a wallet without a sign-in");
  await button(dialog(page), /^Make one for me/).click();
  await looksRight(page, "checkout-make-wallet");
  await signInByMail(dialog(page), stack, "mira@example.org");
  await dialog(page).getByRole("radio", { name: /Make one for me/ }).click();
  await button(dialog(page), "Waiting for $0.05").waitFor();
  await looksRight(page, "checkout-made-wallet");
  await button(dialog(page), "Get test USDC").click();
  await dialog(page).getByText("$9.95").waitFor();
  await button(dialog(page), "Pay $0.05").click();
  await page.waitForURL(/\/t\//);
  await page.getByRole("heading", { name: event.title }).waitFor();
  const ticket = page.url();
  const { rsvps } = await stack.call("GET", `/api/users/events/${event.id}/rsvps`);
  const { value } = await stack.transferOf(rsvps[0].txHash, stack.host.walletAddress);
  assert.deepEqual([rsvps.length, value], [1, 50_000n]);

  const other = await newVisitor({});
  other.expects(NO_SERVER);
  const later = await other.newTab();
  await later.goto("/my-mcp");
  await signInByMail(later, stack, "mira@example.org");
  await later.getByText("Signed in as mira@example.org").waitFor();
  await later.goto("/tickets");
  await later.getByRole("article", { name: `Next: ${event.title}` }).getByRole("link", { name: /^Show the code/ }).click();
  await later.waitForURL(ticket);
}));

test("who has nothing but an e-mail address gets a free seat by the mailed code", stage.visit({}, async ({ page, expects }) => {
  const { stack } = stage;
  const event = await stack.createEvent({ title: "Open evening", price: "0" });
  expects(NO_SERVER);
  await elsewhere(page);
  await page.goto(`/buy/${stack.host.scope}/${event.id}`);
  await button(dialog(page), /^Make one for me/).click();
  await signInByMail(dialog(page), stack, "noor@example.org");
  await dialog(page).getByRole("radio", { name: /Make one for me/ }).click();
  await button(dialog(page), "Get a ticket · Free").click();
  await page.waitForURL(/\/t\//);
  await page.getByText("This seat is free. Nothing was paid.").waitFor();
  const { rsvps } = await stack.call("GET", `/api/users/events/${event.id}/rsvps`);
  assert.equal(rsvps.length, 1);
}));
