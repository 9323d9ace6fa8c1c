// The event form: time zones are found by typing, an event is prepared as a draft, looked at, published or deleted; and figures
// that grow by themselves.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button } from "../support/browser-guest.mjs";
import { cardOf, go, sampleWallet, signInAsSampleHost } from "../support/browser-host.mjs";

const stage = browserStage();

const events = () => stage.stack.call("GET", "/api/users/events").then((answer) => answer.events);

async function fill(page, values) {
  for (const [label, value] of Object.entries(values)) await page.getByLabel(label, { exact: true }).fill(value);
}

for (const size of ["wide", "phone"]) {
  test(`a time zone is found by typing, with the keyboard alone (${size})`, stage.visit({ size, wallet: sampleWallet() }, async ({ page }) => {
    await signInAsSampleHost(page);
    await button(page, "New event").click();
    const zone = page.getByRole("combobox", { name: "Time zone of these times" });
    await zone.fill("berl");
    const option = page.getByRole("option", { name: /Berlin/ });
    await option.waitFor();
    assert.equal(await zone.getAttribute("aria-expanded"), "true");
    await looksRight(page, `zone-search-${size}`);
    await zone.press("Enter");
    assert.equal(await zone.inputValue(), "Europe/Berlin");
    await page.getByText(/^Berlin, UTC\+[12] now$/).waitFor();
    assert.equal(await page.getByText("Give the event a title").count(), 0, "the form is not sent by choosing");

    await zone.fill("america new");
    await page.getByRole("option", { name: /New York/ }).waitFor();
    const chosen = page.getByRole("listbox", { name: "Time zones" }).getByRole("option", { selected: true });
    const marked = () => chosen.textContent();
    const first = await marked();
    await zone.press("ArrowDown");
    assert.notEqual(await marked(), first);
    assert.equal(await zone.getAttribute("aria-activedescendant"), await chosen.getAttribute("id"));
    await zone.press("ArrowUp");
    assert.equal(await marked(), first);
    await zone.press("Escape");
    await page.getByRole("listbox", { name: "Time zones" }).waitFor({ state: "hidden" });
    assert.equal(await zone.inputValue(), "america new", "what was typed stays");
    await zone.press("ArrowDown");
    await page.getByRole("option", { name: /New York/ }).click();
    assert.equal(await zone.inputValue(), "America/New_York");
    await zone.fill("kathman");
    await zone.press("Tab");
    assert.equal(await zone.inputValue(), "Asia/Kathmandu", "what can mean one zone alone means it");
  }));
}

test("an event is prepared as a draft that only its host sees, and is published", stage.visit({ wallet: sampleWallet() }, async ({ page, expects, newVisitor }) => {
  await signInAsSampleHost(page);
  await button(page, "New event").click();
  await fill(page, { Title: "Evening in secret", Starts: "2030-05-01T18:30", Seats: "20", "Price of a seat in dollars": "0.05", "Place (optional)": "Cellar" });
  await page.getByLabel("Time zone of these times").fill("Europe/Berlin");
  const preview = page.getByRole("complementary", { name: "How it will look" });
  await preview.getByText("Evening in secret").waitFor();
  await preview.getByText("Get a seat · $0.05").waitFor();
  await preview.getByText(/1 May 2030|May 1, 2030/).waitFor();
  await looksRight(page, "event-form-preview");
  await button(page, "Save as draft").click();
  await page.getByText("“Evening in secret” is saved as a draft, and only you see it.").waitFor();
  const card = cardOf(page, "Evening in secret");
  await card.getByText("Draft", { exact: true }).waitFor();
  await looksRight(page, "event-draft");
  const draft = (await events()).find(({ title }) => title === "Evening in secret");
  assert.equal(draft.status, "draft");

  const other = await newVisitor({});
  const stranger = await other.newTab();
  other.expects(/status of 404/);
  const path = await card.getByRole("link", { name: "Preview" }).getAttribute("href");
  assert.equal((await stranger.goto(path)).status(), 404);
  expects(/favicon/);
  await card.getByRole("link", { name: "Preview" }).click();
  await page.getByText("Only you see this page").waitFor();
  await looksRight(page, "event-draft-page");
  await page.goBack();

  await button(card, "Edit").click();
  await fill(page, { Title: "Evening in public" });
  await button(page, "Save as draft").click();
  const renamed = cardOf(page, "Evening in public");
  await renamed.getByText("Draft", { exact: true }).waitFor();
  await button(renamed, "Publish").click();
  await page.getByText("“Evening in public” is on sale.").waitFor();
  await renamed.getByText("On sale", { exact: true }).waitFor();
  assert.equal((await stranger.goto(path)).status(), 200);
  await button(renamed, "Edit").click();
  await button(page, "Save changes").waitFor();
  assert.equal(await button(page, "Save as draft").count(), 0, "what guests know is no draft");
}));

test("a draft is deleted after a question", stage.visit({ wallet: sampleWallet() }, async ({ page }) => {
  await stage.stack.createEvent({ title: "Idea", draft: true });
  await signInAsSampleHost(page);
  await button(cardOf(page, "Idea"), "Delete draft").click();
  await page.getByRole("dialog").waitFor();
  await looksRight(page, "event-draft-delete");
  await button(page.getByRole("dialog"), "Delete the draft").click();
  await page.getByText("“Idea”: The draft is deleted.").waitFor();
  await cardOf(page, "Idea").waitFor({ state: "detached" });
  assert.deepEqual((await events()).filter(({ title }) => title === "Idea"), []);
}));

test("payments and revenue follow sales by themselves, and there is nothing to refresh", stage.visit({ wallet: sampleWallet() }, async ({ page, newTab }) => {
  const event = await stage.stack.createEvent({ title: "Evening of figures", price: "0.31" });
  await signInAsSampleHost(page);
  await go(page, "Payments");
  const revenue = await newTab();
  await revenue.goto("/my-mcp#revenue");
  await revenue.getByText("Revenue, all time").waitFor();
  for (const each of [page, revenue]) assert.equal(await button(each, "Refresh").count(), 0);
  await stage.stack.buySeat(event);
  // A hidden tab reads when it is looked at.
  await page.bringToFront();
  await page.getByRole("region", { name: "Payments, newest first" }).getByText("$0.31").waitFor();
  await revenue.bringToFront();
  await revenue.getByRole("row", { name: /Evening of figures/ }).getByText("$0.31").waitFor();
}));
