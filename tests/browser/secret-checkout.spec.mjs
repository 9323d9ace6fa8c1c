// A secret is bought from its host's page in the sheet that sells seats, and is never paid for twice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button, charges, dialog } from "../support/browser-guest.mjs";
import { fakeWallet } from "../support/browser-wallet.mjs";

const stage = browserStage();
const VALUE = "sk-live-7c1d";
/** A wallet that is not signed in asks for the list, and a reading without a payment, in vain. */
const ASKED = /status of 40[12] /;
const wallet = (page) => dialog(page).getByRole("radio", { name: /^Test Wallet/ });
const newSecret = (name) => stage.stack.call("POST", "/api/users/secrets", { name, value: VALUE, price: "0.10", description: "For the weather of tomorrow" });
const isStored = (page) => page.evaluate((value) => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]).includes(value), VALUE);

const buyer = fakeWallet();
test("a secret is bought from the host's page, shown, found again, and not sold to its buyer again", stage.visit({ wallet: buyer }, async ({ page, newVisitor, expects }) => {
  const { stack } = stage;
  const { id } = await newSecret("Weather key");
  await stack.chain.mint(buyer.address, 10_000_000n);
  await page.goto(`/e/${stack.host.scope}`);
  await looksRight(page, "host-secrets");
  await page.getByRole("link", { name: "Buy · $0.10, Weather key" }).click();
  await page.waitForURL(`/buy/${stack.host.scope}/${id}`);
  await dialog(page).getByText("1 secret · $0.10 to").waitFor();
  await wallet(page).click();
  await dialog(page).getByText("$9.90").waitFor();
  await looksRight(page, "secret-checkout");
  assert.equal(buyer.signatures, 0);
  await button(dialog(page), "Pay $0.10").click();
  await dialog(page).getByText("The secret is yours").waitFor();
  assert.equal(await dialog(page).getByText(VALUE).count(), 0, "it is shown when asked for");
  await button(dialog(page), "Show the value of Weather key").click();
  await dialog(page).getByText(VALUE, { exact: true }).waitFor();
  await looksRight(page, "secret-bought");
  assert.equal(await isStored(page), false);
  assert.equal(await charges(stack, buyer), 1);

  expects(ASKED);
  await page.goto(`/buy/${stack.host.scope}/${id}`);
  await dialog(page).getByText("The secret is yours").waitFor();
  assert.equal(await button(dialog(page), "Pay $0.10").count(), 0);
  // A page that was left may not have read the value, so it is told again until the page has answered; later it is asked for.
  const again = button(dialog(page), "Show it again");
  const told = button(dialog(page), "Show the value of Weather key");
  await again.or(told).waitFor();
  if (await again.isVisible()) await again.click();
  await told.click();
  await dialog(page).getByText(VALUE, { exact: true }).waitFor();

  // Another device knows nothing of it: the wallet's word is enough.
  const other = await newVisitor({ wallet: buyer });
  other.expects(ASKED);
  const later = await other.newTab();
  await later.goto(`/buy/${stack.host.scope}/${id}`);
  await wallet(later).click();
  await button(dialog(later), "I have bought it already").click();
  await button(dialog(later), "Show the value of Weather key").click();
  await dialog(later).getByText(VALUE, { exact: true }).waitFor();
  await dialog(later).getByRole("link", { name: "Go to your tickets" }).click();
  await button(later, "Find my tickets").click();
  await button(later, "Sign in with Test Wallet").click();
  await button(later, "Show Weather key").click();
  await later.getByText(VALUE, { exact: true }).waitFor();
  assert.equal(await charges(stack, buyer), 1, "one charge in all");
}));

const stranger = fakeWallet();
test("who has not bought a secret is told so, and one that is not for sale has a page", stage.visit({ wallet: stranger }, async ({ page, expects }) => {
  const { stack } = stage;
  const { id } = await newSecret("Key of nobody");
  expects(ASKED);
  await page.goto(`/buy/${stack.host.scope}/${id}`);
  await wallet(page).click();
  await dialog(page).getByText("Waiting for $0.10").waitFor();
  await button(dialog(page), "I have bought it already").click();
  await dialog(page).getByText("This wallet has not bought it. Nothing was charged.").waitFor();
  await looksRight(page, "secret-not-bought");
  await page.goto(`/buy/${stack.host.scope}/sec_000000000000000000000000`);
  await page.getByText("There is no such secret").waitFor();
  await page.getByRole("link", { name: "See what the host sells" }).click();
  await page.getByRole("link", { name: "Buy · $0.10, Key of nobody" }).waitFor();
}));
