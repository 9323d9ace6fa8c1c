// Products that a host switches on and off, and credentials of its own programs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button, dialog } from "../support/browser-guest.mjs";
import { cardOf, go, sampleWallet, signInAsSampleHost } from "../support/browser-host.mjs";

const stage = browserStage();

/** The answer of the server to a program with this token, outside the browser. */
async function toolsWith(token) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  const answer = await fetch(stage.stack.host.mcpUrl, { method: "POST", headers, body });
  const { result } = await answer.json();
  return { status: answer.status, tools: result?.tools.map(({ name }) => name) };
}

const tokenOn = (page) => page.getByRole("group", { name: "token", exact: true }).innerText();

/** The token is on the page no longer, and was kept nowhere. */
async function isForgotten(page, token) {
  const found = await page.evaluate((text) => [document.documentElement.outerHTML, JSON.stringify([{ ...localStorage }, { ...sessionStorage }]), location.href].some((place) => place.includes(text)), token.slice(-12));
  assert.equal(found, false);
}

test("a host switches products on and off; one stays on", stage.visit({ wallet: sampleWallet() }, async ({ page, context }) => {
  const open = async () => (await (await context.request.get("/api/users/me")).json()).doors;
  await signInAsSampleHost(page);
  // No link leads to what is off, but an address may.
  await page.goto("/my-mcp#desk");
  await page.getByText("Your desk is switched off").waitFor();
  await looksRight(page, "my-mcp-desk-closed");
  await button(page, "Go to the settings").click();
  const boxes = { events: page.getByLabel(/^Events:/), vault: page.getByLabel(/^Vault:/), desk: page.getByLabel(/^Desk:/) };
  await boxes.desk.check();
  await boxes.events.uncheck();
  await boxes.vault.uncheck();
  await boxes.desk.uncheck();
  await page.getByText("Choose at least one product").waitFor();
  assert.ok(await button(page, "Save products").isDisabled());
  await looksRight(page, "my-mcp-products");
  await boxes.desk.check();
  await button(page, "Save products").click();
  await page.getByText("The products were changed.").waitFor();
  assert.deepEqual(await open(), ["desk"]);
  await page.goto("/my-mcp#secrets");
  await page.getByText("Your vault is switched off").waitFor();
  await go(page, "Settings");
  for (const box of [boxes.events, boxes.vault]) await box.check();
  await button(page, "Save products").click();
  await page.waitForFunction(async () => (await (await fetch("/api/users/me")).json()).doors.length === 3);
  await go(page, "Desk");
  await page.getByText("Nothing waits for you").waitFor();
}));

test("a credential is made, shown once, works at the server, and is refused once it is revoked", stage.visit({ wallet: sampleWallet() }, async ({ page, expects }) => {
  await signInAsSampleHost(page);
  await go(page, "Credentials");
  await page.getByText("No credentials yet").waitFor();
  await button(page, "New credential").click();
  await button(page, "Create credential").click();
  await page.getByText("Give it a name").waitFor();
  await page.getByLabel("Name").fill("Front desk agent");
  await page.getByLabel(/^For some tools only/).check();
  await page.getByLabel("createEvent").check();
  await page.getByLabel("listEvents").check();
  await page.getByLabel("How far it may go").selectOption("send");
  await page.getByLabel("Expires").fill("2020-01-01T10:00");
  await button(page, "Create credential").click();
  await page.getByText("Must be in the future").waitFor();
  await looksRight(page, "my-mcp-credential-form");
  await page.getByLabel("Expires").fill("2099-01-01T10:00");
  await button(page, "Create credential").click();
  await page.getByText("Must be at most 366 days from now").waitFor();
  await page.getByLabel("Expires").fill("");
  await page.getByText(/Leave it empty for 90 days from now/).waitFor();
  // As the server answers when the sign-in is 11 minutes ago.
  expects(/status of 403 .*\/credentials/);
  const detail = "sign in again and repeat";
  const body = JSON.stringify({ type: "urn:events-concierge:problem:sign_in_again", title: "sign in again", status: 403, detail });
  await page.route("**/api/users/credentials", (route) => route.fulfill({ status: 403, contentType: "application/problem+json", body }));
  await button(page, "Create credential").click();
  await page.getByText(/needs a sign-in of the last 10 minutes/).waitFor();
  await looksRight(page, "my-mcp-credential-sign-in");
  await page.unroute("**/api/users/credentials");
  await button(page, "Sign in with Test Wallet").click();
  await page.getByText(/it is not shown again/).waitFor();
  await looksRight(page, "my-mcp-credential-token");
  const token = await tokenOn(page);
  assert.match(token, /^mcp_[0-9a-f]{32}_/);
  const { status, tools } = await toolsWith(token);
  assert.equal(status, 200);
  assert.deepEqual(tools.toSorted(), ["createEvent", "listEvents"]);
  await button(page, "I have copied it").click();
  await isForgotten(page, token);
  const made = cardOf(page, "Front desk agent");
  await made.getByText("createEvent, listEvents").waitFor();
  await made.getByText("Send: does what you may do").waitFor();
  await made.filter({ hasNotText: /Last usedNever|ExpiresNever/ }).waitFor();
  await looksRight(page, "my-mcp-credentials");
  await page.reload();
  await made.waitFor();
  await isForgotten(page, token);
  await button(made, "Revoke").click();
  await dialog(page).waitFor();
  await looksRight(page, "my-mcp-credential-revoke");
  await button(dialog(page), "Revoke it").click();
  await made.getByText("Revoked", { exact: true }).waitFor();
  assert.equal((await toolsWith(token)).status, 401);
}));
