// The whole way to a ticket with Tab, Enter and Esc alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage } from "../support/browser.mjs";
import { dialog, serverLink, isPaidOnce, ticketOf } from "../support/browser-guest.mjs";

const stage = browserStage();
const TABS_MAX = 80;

/** What has the focus, as a screen reader would name it. */
const focused = (page) =>
  page.evaluate(() => {
    const { activeElement: element } = document;
    const label = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
    return label.trim();
  });

async function tabTo(page, name) {
  const seen = [];
  for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
    const now = await focused(page);
    if (typeof name === "string" ? now === name : name.test(now)) return hasVisibleFocus(page, now);
    seen.push(now.slice(0, 40));
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to ${name}; it leads to ${seen.join(" | ")}`);
}

// A ring or a shadow that is not there without the focus.
async function hasVisibleFocus(page, name) {
  const { style, width, shadow } = await page.evaluate(() => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
    return { style: outlineStyle, width: parseFloat(outlineWidth), shadow: boxShadow };
  });
  assert.ok((style !== "none" && width >= 1) || shadow !== "none", `the focus on ${name} cannot be seen`);
}

async function press(page, name) {
  await tabTo(page, name);
  await page.keyboard.press("Enter");
}

/** However far one tabs, the focus stays in the dialog. */
async function isTrapped(page) {
  const isInside = () => page.evaluate(() => document.querySelector("dialog[open], [role=dialog]").contains(document.activeElement));
  for (const key of ["Tab", "Shift+Tab"]) {
    for (let count = 0; count < 15; count += 1) {
      assert.ok(await isInside(), `${key} leaves the dialog`);
      await page.keyboard.press(key);
    }
  }
  assert.ok(await isInside());
}

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
