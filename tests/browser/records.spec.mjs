// What is kept of what happened: the developer panel and the list of transactions.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { browserStage, download, looksRight } from "../support/browser.mjs";
import { arrive, askForSeat, button, dialog, isPaidOnce, pay, say } from "../support/browser-guest.mjs";

const stage = browserStage();
const panel = (page) => page.getByRole("complementary", { name: "Developer panel" });
const tab = (page, name) => panel(page).getByRole("tab", { name: new RegExp(`^${name}`) });

/** A guest who has bought a seat and declined another. */
async function buyAndDecline(page, { wallet, evening }) {
  const bought = await stage.stack.createEvent({ title: `${evening} that is bought` });
  const declined = await stage.stack.createEvent({ title: `${evening} that is declined`, price: "0.07" });
  await arrive(page, { mcpUrl: stage.stack.host.mcpUrl, wallet });
  await askForSeat(page, bought);
  const { hash } = await pay(page, bought);
  await askForSeat(page, declined);
  await button(dialog(page), "Not now").click();
  await page.getByText("Nothing was charged.").waitFor();
  return { hash, bought, payer: await isPaidOnce(stage.stack, bought, { hash }) };
}

test("transactions and wallets that came to the chain are listed and exported", stage.visit({}, async ({ page }) => {
  const { hash, payer } = await buyAndDecline(page, { wallet: "Smart wallet", evening: "First evening" });
  await page.goto("/transactions");
  const payments = page.getByRole("region", { name: "Payments" });
  const row = (state) => payments.getByRole("row").filter({ hasText: state });
  assert.match(await row("You declined").innerText(), /\$0\.07/);
  const paid = row(/Paid/);
  assert.match(await paid.innerText(), /A seat[^]*\$0\.05/);
  assert.ok((await paid.getByRole("link").first().getAttribute("href")).endsWith(`/tx/${hash}`));
  await page.getByRole("region", { name: "Deployed wallets" }).getByRole("row").nth(1).waitFor();
  await looksRight(page, "transactions");

  const json = await download(page, button(page, "Export as JSON"));
  assert.match(json.name, /\.json$/);
  const told = JSON.parse(json.text);
  assert.deepEqual(told.payments.map(({ state, amount }) => [state, amount]).sort(), [["declined", "70000"], ["paid", "50000"]]);
  assert.deepEqual(told.deployments.map(({ address }) => address), [payer]);
  const csv = await download(page, button(page, "Export as CSV"));
  assert.match(csv.name, /\.csv$/);
  const [head, ...lines] = csv.text.trim().split("\r\n").map((line) => line.split(","));
  const cells = lines.map((line) => Object.fromEntries(line.map((cell, place) => [head[place], cell])));
  const line = cells.find(({ state }) => state === "paid");
  assert.deepEqual([line.kind, line.tool, line.amountUsd, line.amount, line.payer, line.txHash], ["payment", "rsvpToEvent", "0.05", "50000", payer, hash]);
  assert.equal(cells.filter(({ kind }) => kind === "deployment").length, 1);

  await page.reload();
  await row("You declined").waitFor();
}));

test("the developer panel shows what goes over the wire, and gives all of it away as a file", stage.visit({}, async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/");
  await button(page, "Developer panel").click();
  const { hash, payer } = await buyAndDecline(page, { evening: "Second evening" });
  await tab(page, "Wire").click();
  const search = panel(page).getByLabel("Search");
  await search.fill("rsvpToEvent");
  // An opened message has a list of its steps inside.
  const message = panel(page).locator(".exchanges > li");
  await button(panel(page), /^Payments/).click();
  const shown = [];
  for (const one of await message.all()) {
    await one.getByRole("button").first().click();
    shown.push(await one.innerText());
  }
  const paid = shown.find((text) => text.includes("x402/payment-response"));
  assert.ok(paid, "the paid call is shown");
  for (const part of ["x402/payment", "authorization", payer, hash]) assert.ok(paid.includes(part), `${part} is not shown`);
  assert.doesNotMatch(paid, /0x[0-9a-f]{130}/, "a signature is shown on request only");
  assert.ok(shown.some((text) => /accepts/.test(text)), "the challenge is shown");
  await looksRight(page, "panel-wire");
  // The narrow screen has shown them in a sheet, closed.
  await search.fill("payment-response");
  const one = message.first();
  await one.getByRole("button").first().click();
  const steps = one.getByRole("list", { name: "Steps of the paid call" });
  assert.deepEqual(await steps.getByRole("listitem").locator("strong").allInnerTexts(), ["Asked", "Priced", "Signed", "Paid, answered"]);
  const lengths = (await steps.getByRole("listitem").allInnerTexts()).slice(1);
  for (const length of lengths) assert.match(length, /\d m?s$/, "how long it took");
  await button(one, "Reveal signatures and tokens").click();
  assert.match(await one.innerText(), /0x[0-9a-f]{130}/);

  await tab(page, "Activity").click();
  const lines = panel(page).getByRole("tabpanel").getByRole("listitem");
  const all = await lines.count();
  await search.fill("nothing that was ever said");
  await panel(page).getByText("No line fits the search").waitFor();
  await search.fill("0.05");
  await lines.first().waitFor();
  assert.ok((await lines.count()) < all, "the search leaves some out");
  await looksRight(page, "panel-activity");
  await button(panel(page), /^Copy/).click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /0\.05/);
  const { name, text } = await download(page, button(panel(page), "Export as JSON"));
  assert.match(name, /\.json$/);
  assert.ok(text.includes("x402/payment") && text.includes(hash));
  assert.ok(JSON.parse(text).log.length >= all);
  const secret = await page.evaluate(() => Object.values(localStorage).join(" "));
  for (const token of secret.match(/[0-9a-f]{64}/g)) assert.ok(!text.includes(token), "a secret is in the file");

  await page.reload();
  await lines.nth(all - 1).waitFor();
  await tab(page, "Wire").click();
  await page.keyboard.press("/");
  await page.keyboard.type("payment-response");
  await message.first().waitFor();
}));

/** Runs what was copied, and gives what it prints. */
async function runCopied(command, args, text) {
  const folder = mkdtempSync(join(tmpdir(), "concierge-copied-"));
  const file = join(folder, "copied.ts");
  writeFileSync(file, text);
  try {
    return (await promisify(execFile)(command, [...args, file])).stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("a call is copied as curl, TypeScript and Python, and each of them makes the same call", stage.visit({}, async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const event = await stage.stack.createEvent({ title: "Evening that's copied \u{1F3AB}" });
  await arrive(page, { mcpUrl: stage.stack.host.mcpUrl });
  await say(page, "list events");
  await button(page, `Get a seat · $0.05 for ${event.title}`).waitFor();
  await button(page, "Developer panel").click();
  await tab(page, "Wire").click();
  await panel(page).getByLabel("Search").fill("tools/call");
  const message = panel(page).getByRole("listitem").filter({ hasText: "listEvents" }).first();
  await message.getByRole("button").first().click();
  const programs = { curl: ["sh", []], TypeScript: [process.execPath, ["--experimental-strip-types"]], Python: ["python3", []] };
  for (const [language, [command, args]] of Object.entries(programs)) {
    await message.getByRole("button", { name: `${language} as code of listEvents` }).click();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok((await runCopied(command, args, text)).includes("Evening that"), `${language}:\n${text}`);
  }
}));

test("on a phone the panel is a sheet", stage.visit({ size: "phone" }, async ({ page }) => {
  await arrive(page, { mcpUrl: stage.stack.host.mcpUrl });
  await button(page, "Developer panel").click();
  await dialog(page).getByRole("tab", { name: /^Tools/ }).click();
  await dialog(page).getByText("listEvents", { exact: true }).first().waitFor();
  await looksRight(page, "panel-sheet");
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
}));

test("each tool can be called with a form that knows its schema", stage.visit({}, async ({ page }) => {
  const event = await stage.stack.createEvent({ title: "Evening by form" });
  await page.goto("/");
  await button(page, "Developer panel").click();
  await arrive(page, { mcpUrl: stage.stack.host.mcpUrl });
  await tab(page, "Tools").click();
  const view = panel(page).getByRole("tabpanel");
  for (const name of ["listEvents", "getEvent", "rsvpToEvent", "getEventAnalytics"]) await view.getByText(name, { exact: true }).first().waitFor();
  await view.getByText("$0.01", { exact: true }).waitFor();
  await view.getByText("getEvent", { exact: true }).click();
  const form = view.getByRole("form", { name: "Call getEvent", exact: true });
  await button(form, "Call getEvent").click();
  await form.getByRole("alert").waitFor();
  await form.getByLabel("eventId").fill(event.id);
  await button(form, "Call getEvent").click();
  await view.getByRole("status").getByText(`"${event.title}"`, { exact: true }).waitFor();
  await looksRight(page, "panel-tools");
  await view.getByText("getEventAnalytics", { exact: true }).click();
  const paid = view.getByRole("form", { name: "Call getEventAnalytics" });
  await paid.getByLabel("eventId").fill(event.id);
  await button(paid, "Call getEventAnalytics").click();
  await button(dialog(page), "Pay $0.01").click();
  await view.getByText(/"totalRevenue"/).waitFor();
}));

test("the limits decide what is asked, and a call beyond them is refused without a question", stage.visit({}, async ({ page }) => {
  const event = await stage.stack.createEvent({ title: "Evening within limits" });
  const dear = await stage.stack.createEvent({ title: "Evening beyond limits", price: "0.09" });
  await arrive(page, { mcpUrl: stage.stack.host.mcpUrl });
  await button(page, /^Change the limits/).click();
  await looksRight(page, "limits");
  await dialog(page).getByLabel("Ask me above, in dollars").fill("0.06");
  await dialog(page).getByLabel("At most for one call, in dollars").fill("0.08");
  await button(dialog(page), "Save the limits").click();
  await say(page, "list events");
  await button(page, `Get a seat · $0.05 for ${event.title}`).click();
  await page.getByText("Ticket bought for $0.05").waitFor();
  await button(page, `Get a seat · $0.09 for ${dear.title}`).click();
  await page.getByText("Nothing was charged.").waitFor();
  await dialog(page).waitFor({ state: "detached" });
}));

test("the chat is saved as Markdown, the wallet's configuration as JSON, and the host's wallet is shown", stage.visit({}, async ({ page }) => {
  const event = await stage.stack.createEvent({ title: "Evening *to be saved*" });
  await arrive(page, { mcpUrl: stage.stack.host.mcpUrl });
  await askForSeat(page, event);
  const { ticketUrl } = await pay(page, event);
  const chat = await download(page, button(page, "Save chat"));
  assert.match(chat.name, /\.md$/);
  for (const part of ["**You:** list events", "Evening \\*to be saved\\*", "**Paid $0.05**", ticketUrl.replaceAll("_", "\\_")]) assert.ok(chat.text.includes(part), `${part} is not in\n${chat.text}`);
  await button(page, /^Change the wallet/).click();
  await looksRight(page, "wallet");
  const wallet = await download(page, button(dialog(page), "Save its configuration"));
  const { kind, address, network, limits } = JSON.parse(wallet.text);
  assert.deepEqual([kind, network, limits.perCall], ["browser", "eip155:84532", "1.00"]);
  assert.match(address, /^0x[0-9a-fA-F]{40}$/);
  const key = await page.evaluate(() => localStorage.getItem("events-concierge.testKey"));
  assert.ok(!wallet.text.includes(key) && !chat.text.includes(key), "no key is in a file");
  await button(dialog(page), "Close").click();
  await button(page, /^Change the server/).click();
  await dialog(page).getByText(stage.stack.host.walletAddress, { exact: true }).waitFor();
  await looksRight(page, "server");
}));
