// The page in a hand: little frame, targets for a thumb, tabs and cards that scroll, tables as rows, and a keyboard that
// covers nothing. `looksRight` measures targets and width in every other state, too.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { arrive, button, pay, askForSeat, say } from "../support/browser-guest.mjs";
import { go, sampleWallet, signInAsSampleHost } from "../support/browser-host.mjs";
import { PHONES, isForThumbs } from "../support/thumb.mjs";

const SAFE_AREA_PIXELS = 34;
let event;

const stage = browserStage(async (stack) => {
  event = await stack.createEvent({ title: "Evening in a hand", location: "Lindenhof 4, Berlin", description: "**Talks** and snacks.\n\nBring a friend." });
  await stack.createEvent({ title: "Second evening", location: "Online", price: "0.25", capacity: 3 });
});

for (const [name, size] of Object.entries(PHONES)) {
  test(`a guest on a ${name} phone finds and buys within reach of a thumb`, stage.visit({ size: "phone" }, async ({ page }) => {
    await page.setViewportSize(size);
    await page.goto("/");
    await isForThumbs(page, "the start");
    await arrive(page, { mcpUrl: stage.stack.host.mcpUrl });
    await askForSeat(page, event);
    await looksRight(page, `phone-${name}-question`);
    await pay(page, event);
    await looksRight(page, `phone-${name}-ticket`);
    for (const path of ["/tickets", "/transactions", `/buy/${stage.stack.host.scope}/${event.id}`]) {
      await page.goto(path);
      await page.getByRole("heading", { level: path.startsWith("/buy") ? 2 : 1 }).first().waitFor();
      await page.waitForLoadState("networkidle");
      await isForThumbs(page, path);
    }
  }));
}

test("events lie beside each other and scroll, and the page does not", stage.visit({ size: "phone" }, async ({ page }) => {
  await arrive(page, { mcpUrl: stage.stack.host.mcpUrl, money: false });
  await say(page, "list events");
  await button(page, `Get a seat · $0.05 for ${event.title}`).waitFor();
  const row = page.getByRole("group", { name: /events$/ }).last();
  const { inside, outside } = await row.evaluate(({ scrollWidth, clientWidth }) => ({ inside: scrollWidth, outside: clientWidth }));
  assert.ok(inside > outside, `${inside} of ${outside}: the next card is seen`);
  // Who has no touch screen reaches the cards by their buttons.
  await button(page, "Get a seat · $0.25 for Second evening").focus();
  assert.ok(await row.evaluate(({ scrollLeft }) => scrollLeft > 0));
}));

// Chromium without a screen has no keyboard, so the test says how much of the page is still seen.
test("the keyboard of the phone covers no message field", stage.visit({ size: "phone" }, async ({ page }) => {
  await page.addInitScript(() => {
    let height;
    Object.defineProperty(visualViewport, "height", { get: () => height ?? innerHeight });
    window.testKeyboard = (pixels) => {
      height = pixels === 0 ? undefined : innerHeight - pixels;
      visualViewport.dispatchEvent(new Event("resize"));
    };
  });
  await arrive(page, { mcpUrl: stage.stack.host.mcpUrl, money: false });
  const field = page.getByLabel("Message to the concierge");
  const pages = page.getByRole("navigation", { name: "Pages" });
  await field.focus();
  await page.evaluate(() => window.testKeyboard(336));
  const seen = PHONES.usual.height - 336;
  const { y, height } = await page.getByRole("form", { name: "Message" }).boundingBox();
  assert.ok(y + height <= seen, `the message field ends at ${y + height} of ${seen}`);
  assert.ok(await pages.isHidden(), "the room belongs to the message");
  await field.fill("two words");
  await page.evaluate(() => window.testKeyboard(0));
  await pages.waitFor();
  assert.equal(await field.inputValue(), "two words");
  // The bar of a browser is no keyboard.
  await page.evaluate(() => window.testKeyboard(90));
  assert.ok(await pages.isVisible());
}));

test("the bars keep clear of what the phone draws over the page", stage.visit({ size: "phone" }, async ({ page, context }) => {
  const devtools = await context.newCDPSession(page);
  await devtools.send("Emulation.setSafeAreaInsetsOverride", { insets: { bottom: SAFE_AREA_PIXELS } });
  await page.goto("/");
  const bar = page.getByRole("navigation", { name: "Pages" });
  const link = await bar.getByRole("link", { name: "Host" }).boundingBox();
  assert.equal(link.y + link.height, PHONES.usual.height - SAFE_AREA_PIXELS);
}));

test("a host reaches every section by the bar at the bottom, and the rows of its tables are blocks", stage.visit({ size: "phone", wallet: sampleWallet() }, async ({ page }) => {
  await stage.stack.buySeat(event);
  await signInAsSampleHost(page);
  for (const name of ["Home", "Events", "Guests", "Revenue", "Payments", "Secrets", "Connect", "Credentials", "Settings"]) {
    await go(page, name);
    await page.waitForLoadState("networkidle");
    await looksRight(page, `phone-host-${name.toLowerCase().replaceAll(" ", "-")}`);
    for (const cell of await page.locator(".host-table td:visible").all()) {
      const { x, width } = await cell.boundingBox();
      assert.ok(x >= 0 && x + width <= PHONES.usual.width, `a cell in ${name} is seen whole`);
    }
  }
}));
