// Strangers write the titles of events, the answers of tools and the names of tools. All of it is text.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { otherHost } from "../../dev/chain/accounts.mjs";
import { browserStage, looksRight } from "../support/browser.mjs";
import { arrive, askForSeat, button, dialog, pay, say } from "../support/browser-guest.mjs";
import { challenge, startHostileServer } from "../support/hostile-server.mjs";

const IMAGE = `<img src=x onerror="window.hacked=1">`;
const SCRIPT = `<script>window.hacked=1</script>`;
const LINK = "javascript:window.hacked=1";
const EVIL = `${IMAGE}${SCRIPT}`;

let server;
const stage = browserStage(async () => {
  server = await startHostileServer();
});
after(() => server?.stop());

/** Nothing of it has become a part of the page. */
async function isHarmless(page) {
  const found = await page.evaluate(() => ({
    hacked: window.hacked,
    scripts: [...document.scripts].filter((script) => !script.src).length,
    images: [...document.images].filter((image) => image.getAttribute("src") === "x").length,
    links: [...document.querySelectorAll("[href], [src], [action], [formaction]")]
      .flatMap((element) => ["href", "src", "action", "formaction"].map((name) => element.getAttribute(name) ?? ""))
      .filter((address) => /^\s*(javascript|data:text|vbscript)/i.test(address)),
    frames: document.querySelectorAll("iframe, object, embed").length,
  }));
  assert.deepEqual(found, { hacked: undefined, scripts: 0, images: 0, links: [], frames: 0 });
}

/** Links of strangers tell nobody where they were followed from. */
async function linksAreGuarded(page) {
  const links = await page.getByRole("link").evaluateAll((all) =>
    all.filter((link) => link.origin !== location.origin || link.target === "_blank").map((link) => [link.href, link.rel]),
  );
  for (const [href, rel] of links) assert.match(rel, /noopener/, href);
}

test("an event whose title, description and place are markup is shown as written, and can be bought", stage.visit({}, async ({ page }) => {
  const event = await stage.stack.createEvent({ title: `Evening ${EVIL}`, description: `${EVIL} ${LINK}`, location: EVIL });
  await arrive(page, { mcpUrl: stage.stack.host.mcpUrl });
  await askForSeat(page, event);
  await isHarmless(page);
  await pay(page, event);
  await page.getByText(event.title).first().waitFor();
  await looksRight(page, "hostile-event");
  await isHarmless(page);
  await linksAreGuarded(page);
}));

test("what is said in the chat is text", stage.visit({}, async ({ page }) => {
  await page.goto("/");
  await say(page, EVIL);
  await page.getByRole("log").getByText(EVIL).first().waitFor();
  await isHarmless(page);
  await page.reload();
  await page.getByRole("log").getByText(EVIL).first().waitFor();
  await isHarmless(page);
}));

/** What a server answers, and what is to be seen of it in the chat. */
const RESULTS = {
  "links that are scripts": [EVIL, { ticketUrl: LINK, calendarUrl: `JaVaScRiPt:window.hacked=1`, transactionHash: EVIL, message: EVIL, rsvp: { code: EVIL }, event: { title: EVIL, startsAt: EVIL, location: EVIL } }],
  "events of markup": ["1e+308 seats left", { events: [{ id: EVIL, title: EVIL, description: EVIL, price: EVIL, startsAt: EVIL, timeZone: EVIL, location: EVIL, status: EVIL }, { id: EVIL, title: EVIL, seatsLeft: 1e308 }, null, 5, EVIL] }],
  "an event without sense": [EVIL, { event: { title: { toString: EVIL }, startsAt: [], price: {} }, title: EVIL, startsAt: EVIL }],
  "names of the language": [EVIL, { __proto__: null, constructor: EVIL, toString: EVIL, events: { length: 5, map: EVIL }, message: EVIL }],
  "a text that is a page": [EVIL, EVIL],
};
for (const [what, [shown, content]] of Object.entries(RESULTS)) {
  test(`a server whose answer has ${what} does no harm`, stage.visit({}, async ({ page }) => {
    const tool = { name: "sell", title: EVIL, description: EVIL, inputSchema: { type: "object", properties: { [EVIL]: { type: "string", title: EVIL, description: EVIL, enum: [EVIL] } } } };
    const url = server.at(`/result-${what.replaceAll(" ", "-")}`, {
      initialize: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: EVIL, version: EVIL } },
      "tools/list": { tools: [tool] },
      "tools/call": { structuredContent: content, content: [{ type: "text", text: EVIL }] },
    });
    await arrive(page, { mcpUrl: url, money: false });
    await isHarmless(page);
    await button(page, "Developer panel").click();
    await page.getByRole("tab", { name: "Tools" }).click();
    await page.getByRole("tabpanel").getByText("sell", { exact: true }).click();
    await button(page, "Call sell").click();
    await page.getByRole("log").getByText(shown).first().waitFor();
    await isHarmless(page);
    await page.getByRole("tab", { name: "Wire" }).click();
    for (const one of await page.getByRole("tabpanel").getByRole("listitem").all()) await one.getByRole("button").first().click();
    await isHarmless(page);
    await linksAreGuarded(page);
    await page.goto("/transactions");
    await page.getByRole("heading", { name: "Payments", level: 1 }).waitFor();
    await isHarmless(page);
  }));
}

test("a question about a payment of a hostile server shows its words as words", stage.visit({}, async ({ page }) => {
  const more = { resource: { url: LINK, description: EVIL, mimeType: EVIL }, error: EVIL };
  const url = server.at("/asks", { "tools/call": challenge(otherHost.address, {}, more) });
  await arrive(page, { mcpUrl: url });
  await button(page, "Developer panel").click();
  await page.getByRole("tab", { name: "Tools" }).click();
  await page.getByRole("tabpanel").getByText("sell", { exact: true }).click();
  await button(page, "Call sell").click();
  await dialog(page).getByText("The server says").waitFor();
  await dialog(page).getByText("Details", { exact: true }).click();
  await dialog(page).getByText(otherHost.address, { exact: true }).first().waitFor();
  await isHarmless(page);
  await looksRight(page, "hostile-question");
  await button(dialog(page), "Not now").click();
  await page.getByText("Nothing was charged.").waitFor();
  await isHarmless(page);
}));

test("a server's address is only gone to after a click, and only if it is one of the web", stage.visit({}, async ({ page }) => {
  const url = server.at("/not-asked", {});
  await page.goto(`/?door=${encodeURIComponent(url)}`);
  await button(page, "Connect").waitFor();
  await page.waitForLoadState("networkidle");
  assert.ok(!server.seen.some(({ path }) => path === "/not-asked"), "the server was gone to by a link alone");
  for (const address of [LINK, "data:text/html,hello", "file:///etc/passwd", "https://user:word@example.com/"]) {
    await page.goto(`/?door=${encodeURIComponent(address)}`);
    await button(page, "Connect").click();
    await page.getByRole("alert").first().waitFor();
    await isHarmless(page);
  }
}));
