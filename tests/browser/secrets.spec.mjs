// Secrets: a host without a wallet signs in by e-mail, seals one and sells it; a guest buys it in the chat and
// sees it, and nothing keeps it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, download, looksRight } from "../support/browser.mjs";
import { arrive, button, card, dialog } from "../support/browser-guest.mjs";
import { cardOf, go, sampleWallet, section, sections, signInAsSampleHost, signInByMail } from "../support/browser-host.mjs";

const stage = browserStage();
const VALUE = `sk-live-"quoted"\\-5f2e9c0b`;
const HALF = "5f2e9c0b";
const NO_SERVER = /status of 404 .*\/api\/users\/me/;
const REFUSED = /status of 401 .*\/api\/auth\/otp\/verify/;
const list = (page) => section(page, "Secrets");

/** Neither what is shown, nor what is in a field, nor what is kept, nor the address has the value. */
async function isNowhere(page) {
  const found = await page.evaluate((half) => {
    const fields = [...document.querySelectorAll("input, textarea")].map(({ value }) => value);
    const places = { html: document.documentElement.outerHTML, fields: fields.join("\n"), address: location.href };
    const stored = { local: JSON.stringify({ ...localStorage }), session: JSON.stringify({ ...sessionStorage }), history: JSON.stringify(history.state) };
    return Object.entries({ ...places, ...stored }).flatMap(([place, text]) => (text?.includes(half) ? [place] : []));
  }, HALF);
  assert.deepEqual(found, [], "where the value is");
}

const isKept = (page) => page.evaluate((half) => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]).includes(half), HALF);

async function storeSecret(page, name) {
  await go(page, "Secrets");
  await button(page, "New secret").click();
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("The secret itself").fill(VALUE);
  await page.getByLabel("Price of reading it").fill("0.10");
}

test("a host signs in with a code, opens a server without a wallet, seals a secret, and a guest buys and sees it", stage.visit({}, async ({ page, context, expects, newVisitor }) => {
  const { stack } = stage;
  expects(NO_SERVER);
  expects(REFUSED);
  await page.goto("/my-mcp");
  await page.getByLabel("E-mail address").fill("nobody");
  await button(page, "Send me a code").click();
  await page.getByText("Write an e-mail address").waitFor();
  await page.getByLabel("E-mail address").fill("vera@example.org");
  await button(page, "Send me a code").click();
  const field = page.getByLabel("Code of 6 digits");
  await field.waitFor();
  assert.ok(await field.evaluate((element) => element === document.activeElement && element.inputMode === "numeric" && element.autocomplete === "one-time-code"));
  await page.getByText("npm start prints the code").waitFor();
  assert.ok(await button(page, /^Send again in \d+ s$/).isDisabled());
  await looksRight(page, "my-mcp-code");
  const code = await stack.codeFor("vera@example.org");
  await field.fill("12 34");
  await button(page, "Sign in with the code").click();
  await page.getByText("Write the 6 digits").waitFor();
  await field.fill(String((Number(code) + 1) % 1_000_000).padStart(6, "0"));
  await button(page, "Sign in with the code").click();
  await page.getByText(/not good for this address/).waitFor();
  await field.fill(` ${code.slice(0, 3)} ${code.slice(3)}`);
  await field.press("Enter");
  await page.getByText("Signed in as vera@example.org").waitFor();
  assert.equal(await page.getByLabel("Wallet that is paid (optional)").inputValue(), "");
  await looksRight(page, "my-mcp-no-server-mail");
  await button(page, "Open my server").click();
  await button(page, "Make an event").waitFor();
  const { mcpUrl, walletAddress } = await (await context.request.get("/api/users/me")).json();
  assert.match(walletAddress, /^0x[0-9a-fA-F]{40}$/);

  await go(page, "Secrets");
  await page.getByText("No secrets yet").waitFor();
  await storeSecret(page, "Weather key");
  const value = page.getByLabel("The secret itself");
  assert.equal(await value.evaluate((element) => getComputedStyle(element).webkitTextSecurity), "disc");
  await button(page, "Show the value while typing").click();
  assert.equal(await value.evaluate((element) => getComputedStyle(element).webkitTextSecurity), "none");
  await button(page, "Show the value while typing").click();
  await page.getByLabel("Price of reading it").fill("much");
  await button(page, "Seal and sell").click();
  await page.getByText(/Must be dollars/).waitFor();
  await looksRight(page, "my-mcp-secret-form");
  await page.getByLabel("Price of reading it").fill("0.10");
  await button(page, "Seal and sell").click();
  await cardOf(page, "Weather key").getByText("$0.10").waitFor();
  await isNowhere(page);
  for (const name of ["Settings", "Secrets"]) await go(page, name);
  await isNowhere(page);
  await page.reload();
  await cardOf(page, "Weather key").waitFor();
  await isNowhere(page);
  await looksRight(page, "my-mcp-secrets");

  const guest = await newVisitor({});
  await buyAndForget(await guest.newTab(), mcpUrl);

  await button(cardOf(page, "Weather key"), "Who has read it").click();
  const log = page.getByRole("region", { name: "Readings, newest first" });
  await log.getByText("Bought").waitFor();
  await cardOf(page, "Weather key").filter({ hasText: /Sold1/ }).waitFor();
  const transaction = await log.getByRole("link").last().getAttribute("href");
  const hash = transaction.split("/").at(-1);
  const { value: paid } = await stack.transferOf(hash, walletAddress);
  assert.equal(paid, 100_000n);
  await looksRight(page, "my-mcp-secret-log");
}));

async function buyAndForget(page, mcpUrl) {
  await arrive(page, { mcpUrl });
  await button(page, "List secrets").click();
  await button(page, "Buy · $0.10 for Weather key").waitFor();
  await looksRight(page, "chat-secrets");
  await button(page, "Buy · $0.10 for Weather key").click();
  await button(dialog(page), "Pay $0.10").click();
  const bought = card(page, "Secret: Weather key");
  await bought.getByText("••••").waitFor();
  await button(bought, "Show the value of Weather key").click();
  await bought.getByText(VALUE, { exact: true }).waitFor();
  await looksRight(page, "chat-secret");
  await button(bought, "Show the value of Weather key").click();
  // The transcript is written a moment after it has changed.
  await page.waitForFunction(() => JSON.stringify({ ...sessionStorage }).includes('\\"kind\\":\\"secret\\"'));
  assert.equal(await isKept(page), false);
  await button(page, "Developer panel").click();
  const { text } = await download(page, button(page, "Export as JSON"));
  assert.ok(text.includes("retrieveSecret") && !text.includes(HALF), "the export has no secret in it");
  await button(page, "Developer panel").click();
  // What the page says next shows that it has the value, which is not told again then.
  await button(page, "List secrets").click();
  await button(page, "Buy · $0.10 for Weather key").nth(1).waitFor();
  await page.reload();
  await card(page, "Secret: Weather key").getByText("is not kept by this page").waitFor();
  await isNowhere(page);
  await looksRight(page, "chat-secret-forgotten");
  // As it says, it would cost again.
  await button(page, "List secrets").click();
  await button(page, "Buy · $0.10 for Weather key").last().click();
  await button(dialog(page), "Not now").click();
  await page.getByText("Nothing was charged.").waitFor();
}

test("a secret is changed, replaced and withdrawn", stage.visit({ wallet: sampleWallet() }, async ({ page, context }) => {
  await signInAsSampleHost(page);
  await storeSecret(page, "Door code");
  await button(page, "Seal and sell").click();
  await button(cardOf(page, "Door code"), "Change").click();
  await page.getByText("Buyers of the old value have to buy again").waitFor();
  await page.getByLabel("Price of reading it").fill("0.20");
  await button(page, "Save changes").click();
  await cardOf(page, "Door code").getByText("$0.20").waitFor();
  await button(cardOf(page, "Door code"), "Change").click();
  await page.getByLabel("New value (optional)").fill(`${VALUE}-2`);
  await page.getByLabel("Expires (optional)").fill("2031-01-01T10:00");
  await button(page, "Save changes").click();
  await page.getByText("Nobody can buy the old one any more. Its value is destroyed.").waitFor();
  const stored = async () => (await (await context.request.get("/api/users/secrets")).json()).secrets.find(({ name }) => name === "Door code");
  const { version, price, expiresAt } = await stored();
  assert.deepEqual([version, price, Date.parse(expiresAt) > Date.now()], [2, "0.20", true]);
  await button(cardOf(page, "Door code"), "Change").click();
  await page.getByLabel("Expires (optional)").fill("");
  await button(page, "Save changes").click();
  await cardOf(page, "Door code").getByText("Never").waitFor();
  assert.equal((await stored()).expiresAt, undefined);
  await isNowhere(page);
  await button(cardOf(page, "Door code"), "Withdraw").click();
  await dialog(page).waitFor();
  await looksRight(page, "my-mcp-secret-withdraw");
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  await button(cardOf(page, "Door code"), "Withdraw").click();
  await button(dialog(page), "Withdraw it").click();
  await page.getByText("Nobody can buy it any more. Its value is destroyed.").waitFor();
  await cardOf(page, "Door code").getByText("Withdrawn", { exact: true }).waitFor();
  assert.equal((await stored()).status, "revoked");
}));

test("with the keyboard alone a host seals a secret", stage.visit({ wallet: sampleWallet() }, async ({ page }) => {
  await signInAsSampleHost(page);
  await sections(page).getByRole("link", { name: "Secrets", exact: true }).focus();
  await page.keyboard.press("Enter");
  await list(page).getByText(/Agents see name/).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "New secret");
  await page.keyboard.press("Enter");
  // The first field has the focus; then description, value, its button, price, end, and the way to save.
  for (const words of ["Key of keys", "", VALUE]) {
    await page.keyboard.type(words);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await cardOf(page, "Key of keys").getByText("For sale").waitFor();
  await isNowhere(page);
}));

test("on a phone a host seals a secret", stage.visit({ size: "phone" }, async ({ page, expects }) => {
  expects(NO_SERVER);
  await page.goto("/my-mcp");
  await signInByMail(page, stage.stack, "paul@example.org");
  await button(page, "Open my server").click();
  await button(page, "Make an event").waitFor();
  await storeSecret(page, "Pocket key");
  await button(page, "Seal and sell").click();
  await cardOf(page, "Pocket key").getByText("For sale").waitFor();
  await isNowhere(page);
}));
