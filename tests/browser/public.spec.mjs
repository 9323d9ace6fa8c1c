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
