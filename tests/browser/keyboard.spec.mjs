// The whole way to a ticket with Tab, Enter and Esc alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage } from "../support/browser.mjs";
import { dialog, serverLink, isPaidOnce, ticketOf } from "../support/browser-guest.mjs";
import { sampleWallet, section, sections } from "../support/browser-host.mjs";
import { focused, hasVisibleFocus, isTrapped, nameOf, press, tabTo } from "../support/keyboard.mjs";

const stage = browserStage();

test("with the keyboard alone a guest connects, declines, pays and opens the ticket", stage.visit({}, async ({ page, context }) => {
  const event = await stage.stack.createEvent({ title: "Evening of keys" });
  const rsvp = `Get a seat · $0.05 for ${event.title}`;
  await page.goto(serverLink(stage.stack.host.mcpUrl));
  await page.getByRole("button", { name: "Connect", exact: true }).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Skip to the content");
  await page.keyboard.press("Enter");
  await press(page, "Connect");
  await page.getByRole("log").getByText("Connected").waitFor();
  await press(page, /^Test key/);
  await page.getByRole("button", { name: "Get test USDC" }).waitFor();
  await press(page, "Get test USDC");
  await page.getByText("Test USDC has come.").waitFor();
  await tabTo(page, "Message to the concierge");
  await page.keyboard.type("list events");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: rsvp }).waitFor();
  await press(page, rsvp);
  await dialog(page).waitFor();
  await isTrapped(page);
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  assert.equal(await focused(page), rsvp, "the focus goes back");
  await page.getByText("Nothing was charged.").waitFor();
  await page.keyboard.press("Enter");
  await dialog(page).waitFor();
  await press(page, "Pay $0.05");
  const paid = await ticketOf(page, event);
  await isPaidOnce(stage.stack, event, paid);
  const opened = context.waitForEvent("page");
  await press(page, "Show ticket");
  assert.equal((await opened).url(), paid.ticketUrl);
}));

test("with the keyboard alone a guest comes from an event's page to the ticket, and finds it again", stage.visit({}, async ({ page }) => {
  const event = await stage.stack.createEvent({ title: "Night of keys" });
  await page.goto(`/e/${stage.stack.host.scope}/${event.id}`);
  await press(page, /^Get a ticket/);
  await dialog(page).getByRole("heading", { name: event.title }).waitFor();
  await dialog(page).getByRole("radio", { name: /^Test key/ }).waitFor();
  await isTrapped(page);
  await tabTo(page, /^Test key|^Make one/);
  await dialog(page).getByRole("radio", { name: /^Test key/ }).focus();
  await page.keyboard.press("Space");
  await dialog(page).getByRole("button", { name: "Get test USDC" }).waitFor();
  await press(page, "Get test USDC");
  await dialog(page).getByRole("button", { name: "Pay $0.05" }).waitFor();
  await press(page, "Pay $0.05");
  await page.waitForURL(/\/t\//);
  await page.getByRole("heading", { name: event.title }).waitFor();
  await page.goto("/tickets");
  await page.getByText(event.title).first().waitFor();
  await tabTo(page, /Night of keys$/);
}));

test("with the keyboard alone a host signs in, goes through all sections, and closes a dialog with Esc", stage.visit({ wallet: sampleWallet() }, async ({ page }) => {
  await page.goto("/my-mcp");
  await page.getByRole("button", { name: "Sign in with Test Wallet" }).waitFor();
  await press(page, "Sign in with Test Wallet");
  const links = sections(page).getByRole("link");
  await links.first().waitFor();
  const names = await Promise.all((await links.elementHandles()).map(nameOf));
  assert.ok(names.length > 7, `${names}`);
  await tabTo(page, names[1]);
  for (const name of [...names.slice(1), names[0]]) {
    // The focus is at the start of the section, and the navigation stands before it.
    for (let steps = 0; steps < 20 && (await focused(page)) !== name; steps += 1) await page.keyboard.press("Shift+Tab");
    assert.equal(await focused(page), name);
    await hasVisibleFocus(page, name);
    await page.keyboard.press("Enter");
    await section(page, name).waitFor();
  }
}));

test("with the keyboard alone the panel is searched, and its sheet gives the focus back", stage.visit({ size: "phone" }, async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Connect", exact: true }).waitFor();
  await press(page, "Developer panel");
  await dialog(page).getByLabel("Search").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("connect");
  assert.equal(await dialog(page).getByLabel("Search").inputValue(), "connect");
  // In the field, Esc empties it.
  await page.keyboard.press("Escape");
  assert.equal(await dialog(page).getByLabel("Search").inputValue(), "");
  await isTrapped(page);
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  assert.equal(await focused(page), "Developer panel", "the focus goes back");
}));
