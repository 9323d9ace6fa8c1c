// States that are seldom seen, each looked at once: no money, no seats, no answer that fits.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { arrive, button, card, dialog, say } from "../support/browser-guest.mjs";

let full, open;

const stage = browserStage(async (stack) => {
  full = await stack.createEvent({ title: "Full evening", location: "Betahaus, Berlin", capacity: 1 });
  open = await stack.createEvent({ title: "Quiet reading", location: "Online", capacity: 2 });
  await stack.buySeat(full);
});

test("a full event has no button, in the chat and on its own page, and its checkout says so", stage.visit({}, async ({ page }) => {
  await arrive(page, { mcpUrl: stage.stack.host.mcpUrl, money: false });
  await say(page, "list events");
  await card(page, full.title).getByText("Full", { exact: true }).waitFor();
  await button(page, /for Full evening$/).waitFor({ state: "detached" });
  await looksRight(page, "chat-full");
  await page.goto(`/e/${stage.stack.host.scope}/${full.id}`);
  await page.getByText(/^(Full|Sold out)/).first().waitFor();
  await page.getByRole("link", { name: /^Get a ticket/ }).waitFor({ state: "detached" });
  await looksRight(page, "public-full");
  await page.goto(`/buy/${stage.stack.host.scope}/${full.id}`);
  await page.getByText(/full|sold out/i).first().waitFor();
  await looksRight(page, "checkout-full");
}));

test("with an empty wallet the chat says how to fill it, and the words that it does not know lead on", stage.visit({}, async ({ page }) => {
  await arrive(page, { mcpUrl: stage.stack.host.mcpUrl, money: false });
  await page.getByText("Your wallet is empty.").waitFor();
  await say(page, `rsvp to the ${open.title}`);
  await dialog(page).getByText("This wallet is $0.05 short. Nothing was charged.").waitFor();
  assert.ok(await button(dialog(page), "Waiting for $0.05").isDisabled(), "no button that will fail");
  await looksRight(page, "chat-empty-wallet");
  await button(dialog(page), "Get test USDC").click();
  await button(dialog(page), "Pay $0.05").waitFor();
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  await say(page, "what's the capital of france");
  await page.getByRole("group", { name: "What you can say next" }).waitFor();
  await looksRight(page, "chat-not-understood");
}));
