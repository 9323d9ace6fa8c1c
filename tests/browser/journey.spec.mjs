// From a link that somebody shares to a ticket, and found again on another device: everything real, in one go. With
// PICTURES=1 the pictures of README.md and docs/page.md are made on the way.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../dev/lib/process.mjs";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button, dialog } from "../support/browser-guest.mjs";
import { go, sampleWallet, signInAsSampleHost, unfold } from "../support/browser-host.mjs";
import { fakeWallet } from "../support/browser-wallet.mjs";

const stage = browserStage((stack) => stack.call("PATCH", "/api/users/me", { displayName: "Ada's evenings", about: "Three evenings a month about programs, tea and money." }));
/** A wallet that is not signed in asks for the list in vain. */
const ASKED = /status of 40[12] /;

const EVENT = {
  title: "Rust meetup",
  description: "Two talks and **time to talk**.\n\n- Wasm on the edge\n- Paying machines\n\nBring a laptop.",
  location: "Werkraum am Lindenhof, Berlin",
  timeZone: "Europe/Berlin",
  startsAt: "2030-03-01T17:30:00Z",
  askName: "required",
  askEmail: "notAsked",
  coverPalette: "tide",
};

/** A picture for the documents, if they are to be made anew. */
async function picture(page, name) {
  if (!process.env.PICTURES) return;
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: join(root, "docs", "pictures", `${name}.png`) });
}

const guest = fakeWallet();
test("a link that is shared leads to a ticket, which the same wallet finds on another device and pays for once", stage.visit({ wallet: guest }, async ({ page, newVisitor }) => {
  const { stack } = stage;
  const event = await stack.createEvent(EVENT);
  await stack.chain.mint(guest.address, 10_000_000n);

  await page.goto(`/e/${stack.host.scope}/${event.id}`);
  await page.getByRole("heading", { name: event.title }).waitFor();
  await page.getByText("Ada's evenings").filter({ visible: true }).first().waitFor();
  await page.locator("strong", { hasText: "time to talk" }).waitFor();
  await looksRight(page, "journey-event");
  await picture(page, "event");

  await page.getByRole("link", { name: "Get a ticket" }).first().click();
  await dialog(page).getByText("1 seat · $0.05 to Ada's evenings").waitFor();
  // Its cover is the one of the event's page, in the palette that the host has chosen.
  assert.match(await dialog(page).locator("img.cover").getAttribute("src"), new RegExp(`^/covers/${event.id}/0-tide/`));
  assert.equal(await dialog(page).getByLabel(/E-mail/).count(), 0, "what is not asked for has no field");
  await dialog(page).getByRole("radio", { name: /^Test Wallet/ }).click();
  await dialog(page).getByText("$9.95").waitFor();
  await button(dialog(page), "Pay $0.05").click();
  await dialog(page).getByText(/name/i).first().waitFor();
  assert.equal(guest.signatures, 0, "nothing is signed without the name that the host needs");
  await dialog(page).getByLabel(/^Name/).fill("Mira Kovač");
  await picture(page, "checkout");
  await button(dialog(page), "Pay $0.05").click();
  await page.waitForURL(/\/t\//);
  await page.getByText("Mira Kovač").waitFor();
  const ticket = page.url();
  await picture(page, "ticket");

  const other = await newVisitor({ wallet: guest });
  other.expects(ASKED);
  const later = await other.newTab();
  await later.goto("/tickets");
  await button(later, "Find my tickets").click();
  await button(later, "Sign in with Test Wallet").click();
  const next = later.getByRole("article", { name: `Next: ${event.title}` });
  await next.getByText(/Werkraum am Lindenhof/).waitFor();
  await looksRight(later, "journey-tickets");
  await picture(later, "tickets");
  await next.getByRole("link", { name: /^Show the code/ }).click();
  await later.waitForURL(ticket);

  // Whoever comes by the link once more is told so, and is asked for nothing.
  await later.goto(`/buy/${stack.host.scope}/${event.id}`);
  await dialog(later).getByRole("radio", { name: /^Test Wallet/ }).click();
  const held = dialog(later).getByText("You already have a seat with this wallet. Nothing was charged.");
  const name = dialog(later).getByLabel(/^Name/);
  if (!(await held.isVisible())) {
    await name.fill("Mira Kovač");
    await button(dialog(later), "Pay $0.05").click();
  }
  await held.waitFor();
  const paid = await stack.chain.transfers(stack.host.walletAddress);
  assert.equal(paid.filter(({ args }) => args.from === guest.address).length, 1, "one charge");
}));

test("a host says on the page who it is, what a guest is asked for, and how the cover looks", stage.visit({ wallet: sampleWallet() }, async ({ page }) => {
  await signInAsSampleHost(page);
  await go(page, "Settings");
  await page.getByLabel("Name", { exact: true }).fill("Ada & friends");
  await button(page, "Save name").click();
  await page.getByText("Guests read it from now on.").waitFor();
  await go(page, "Events");
  await button(page, "New event").click();
  const form = page.getByRole("form", { name: "New event" });
  for (const [label, text] of [["Title", "Tea with Ada"], ["Starts", "2031-03-01T18:30"], ["Time zone of these times", "Europe/Berlin"], ["Seats", "5"], ["Price of a seat in dollars", "0.05"]]) await form.getByLabel(label, { exact: true }).fill(text);
  await unfold(page, "What guests are asked");
  await form.getByLabel("The guest's name").selectOption("Required");
  await form.getByLabel("The guest's e-mail address").selectOption("Not asked for");
  await form.getByLabel("Colours of the cover").selectOption("Honey");
  await looksRight(page, "my-mcp-event-form");
  await button(form, "Publish").click();
  await page.getByText("“Tea with Ada” is on sale.").waitFor();
  const { events } = await stage.stack.call("GET", "/api/users/events");
  const { id, askName, askEmail, coverPalette } = events.find(({ title }) => title === "Tea with Ada");
  assert.deepEqual([askName, askEmail, coverPalette], ["required", "notAsked", "honey"]);
  await page.goto(`/e/${stage.stack.host.scope}/${id}`);
  await page.getByText("Ada & friends").filter({ visible: true }).first().waitFor();
}));
