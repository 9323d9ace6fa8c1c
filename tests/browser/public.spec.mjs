// The pages that the Worker makes itself: what an event's link, a host's link and a ticket's link show.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";

const HOSTILE = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;
let event, ticketUrl;

const stage = browserStage(async (stack) => {
  event = await stack.createEvent({ title: `Lisp & ${HOSTILE}`, description: `${HOSTILE}\njavascript:alert(1)`, location: HOSTILE });
  ({ ticketUrl } = await stack.buySeat(event));
});

const PAGES = [
  ["an event's page", "event", () => `/e/${stage.stack.host.scope}/${event.id}`],
  ["a host's page", "host", () => `/e/${stage.stack.host.scope}`],
  ["a ticket", "ticket", () => ticketUrl],
];
for (const [what, name, address] of PAGES) {
  test(`${what} shows the words of strangers as words, to everybody`, stage.visit({}, async ({ page }) => {
    await page.goto(address());
    await page.getByText(HOSTILE).first().waitFor();
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    await looksRight(page, `public-${name}`);
  }));
}

test("a ticket's QR code is whole on a phone without scrolling, and large enough for every camera", stage.visit({ size: "phone" }, async ({ page }) => {
  await page.goto(ticketUrl);
  const { y, height, width } = await page.locator(".qr svg").boundingBox();
  assert.ok(y + height <= page.viewportSize().height, `it ends at ${y + height}`);
  // The code itself has 45 of the 53 modules; the rest is its quiet zone.
  assert.ok((width * 45) / 53 >= 208, `${width}`);
  await page.getByText("Valid, not used yet").waitFor();
}));

test("an event's page leads to its ticket, and works by keyboard without a script", stage.visit({}, async ({ page }) => {
  await page.goto(PAGES[0][2]());
  assert.equal(await page.locator("script:not([type='application/ld+json'])").count(), 0);
  const [link] = await page.getByRole("link", { name: "Get a ticket" }).all();
  assert.ok((await link.getAttribute("href")).endsWith(`/buy/${stage.stack.host.scope}/${event.id}`));
  const add = page.getByRole("button", { name: "Add to calendar" });
  await add.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Google Calendar" }).waitFor();
  const data = JSON.parse(await page.locator("script[type='application/ld+json']").textContent());
  assert.deepEqual([data["@type"], data.name], ["Event", event.title]);
}));

test("the picture of a link preview is a PNG that browsers decode", stage.visit({}, async ({ page }) => {
  await page.goto(PAGES[0][2]());
  const address = await page.locator("meta[property='og:image']").getAttribute("content");
  const answer = await page.request.get(address);
  assert.deepEqual([answer.status(), answer.headers()["content-type"]], [200, "image/png"]);
  const same = await page.request.get(address, { headers: { "if-none-match": answer.headers().etag } });
  assert.equal(same.status(), 304);
  const size = await page.evaluate(async (src) => {
    const image = Object.assign(new Image(), { src });
    await image.decode();
    return [image.naturalWidth, image.naturalHeight];
  }, address);
  assert.deepEqual(size, [1200, 630]);
}));

test("a browser that opens a server gets its host's page, and what is missing has a next step", stage.visit({}, async ({ page, expects }) => {
  expects(/status of 404/);
  const { scope } = stage.stack.host;
  await page.goto(`/mcp/users/${scope}`);
  assert.equal(new URL(page.url()).pathname, `/e/${scope}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.goto(`/e/${scope}/evt_${"0".repeat(24)}`);
  await page.getByText("There is no such event").waitFor();
  await page.getByRole("link", { name: "Go to the start page" }).waitFor();
  await looksRight(page, "public-missing");
}));
