// Promo codes, from the host's form to the ticket: a lower price, a wrong code, and one that is used up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button, dialog } from "../support/browser-guest.mjs";
import { cardOf, sampleWallet, signInAsSampleHost, unfold } from "../support/browser-host.mjs";
import { fakeWallet } from "../support/browser-wallet.mjs";

const stage = browserStage();
/** The price of a code is asked for, a wrong code is refused, and a free seat asks for a signature. */
const ASKED = /status of 40[129] /;

const group = (page, name) => page.getByRole("group", { name, exact: true });
const radio = (page, name) => dialog(page).getByRole("radio", { name });
const balance = ({ address }) => stage.stack.chain.balance(address);

async function fill(where, values) {
  for (const [label, value] of Object.entries(values)) await where.getByLabel(label, { exact: true }).fill(value);
}

async function addCode(page, name, values) {
  await button(page, "Add a code").click();
  await fill(group(page, name), values);
}

/** The host publishes an event of $0.10 that asks for a name; gives the path of its sheet. */
async function publish(page) {
  await signInAsSampleHost(page);
  await button(page, "New event").click();
  await fill(page, { Title: "Night of codes", Starts: "2030-05-01T18:30", Seats: "20", "Time zone of these times": "Europe/Berlin", "Price of a seat in dollars": "0.10" });
  await unfold(page, "What guests are asked", "Promo codes");
  await page.getByLabel("The guest's name").selectOption("required");
  await addCode(page, "Code 1", { "Promo code": "half-off", "What it takes off": "half", "For how many seats (optional)": "1" });
  await button(page, "Publish").click();
  await page.getByRole("alert").filter({ hasText: "“HALF-OFF” needs what it takes off, such as 20% or 5" }).waitFor();
  await looksRight(page, "promo-form-fault");
  await fill(group(page, "Code 1"), { "What it takes off": "50%", "Code ends (optional)": "2030-04-30T12:00" });
  await addCode(page, "Code 2", { "Promo code": "GUEST-LIST", "What it takes off": "0.10" });
  await button(page, "Publish").click();
  await page.getByText("“Night of codes” is on sale.").waitFor();
  const path = await cardOf(page, "Night of codes").getByRole("link", { name: "Public page" }).getAttribute("href");
  return path.replace("/e/", "/buy/");
}

/** Opens the sheet as a guest whose wallet is chosen, and types a code. */
async function typeCode(page, path, code) {
  await page.goto(path);
  await dialog(page).getByText("1 seat · $0.10 to").waitFor();
  await radio(page, /^Test Wallet/).click();
  await button(dialog(page), "Have a code?").click();
  await fill(dialog(page), { "Promo code": code });
  await button(dialog(page), "Use the code").click();
}

const buyer = fakeWallet();
const late = fakeWallet();
const friend = fakeWallet();
test("a host makes codes, and guests who have one pay less, as often as it may be used", stage.visit({ wallet: sampleWallet() }, async ({ page, newVisitor }) => {
  const path = await publish(page);
  const { call, chain, host, transferOf } = stage.stack;
  const id = path.split("/").at(-1);
  await chain.mint(buyer.address, 1_000_000n);
  await chain.mint(late.address, 1_000_000n);

  const first = await newVisitor({ wallet: buyer, size: "phone" });
  first.expects(ASKED);
  const tab = await first.newTab();
  await typeCode(tab, path, "half-on");
  await dialog(tab).getByText("This code is not one of this event; check its writing, or leave it out to pay the full price. Nothing was charged.").waitFor();
  await looksRight(tab, "promo-wrong");
  await fill(dialog(tab), { "Promo code": "half-off" });
  await tab.keyboard.press("Enter");
  await dialog(tab).getByText("Code HALF-OFF: $0.05 a seat").waitFor();
  await dialog(tab).getByText("1 seat · $0.05 to").waitFor();
  await looksRight(tab, "promo-used");
  assert.equal(await balance(buyer), 1_000_000n);
  await fill(dialog(tab), { Name: "Mira Kovač" });
  await button(dialog(tab), "Pay $0.05").click();
  await tab.waitForURL(/\/t\//);
  assert.equal(await balance(buyer), 950_000n);
  const { rsvps } = await call("GET", `/api/users/events/${id}/rsvps`);
  const { from, value } = await transferOf(rsvps[0].txHash, host.walletAddress);
  assert.deepEqual({ from, value }, { from: buyer.address, value: 50_000n });

  const second = await newVisitor({ wallet: late });
  second.expects(ASKED);
  const other = await second.newTab();
  await typeCode(other, path, "HALF-OFF");
  await dialog(other).getByText("This code has been used as often as it can be; leave it out to pay the full price. Nothing was charged.").waitFor();
  await button(dialog(other), "Pay $0.10").waitFor();
  await looksRight(other, "promo-used-up");

  const third = await newVisitor({ wallet: friend });
  third.expects(ASKED);
  const free = await third.newTab();
  await typeCode(free, path, "guest-list");
  await dialog(free).getByText("Code GUEST-LIST: a free seat").waitFor();
  await fill(dialog(free), { Name: "Ada" });
  await button(dialog(free), "Get a ticket · Free").click();
  await free.waitForURL(/\/t\//);

  assert.deepEqual(await call("GET", `/api/users/events/${id}/rsvps`).then(({ rsvps: all }) => all.map(({ promoCode }) => promoCode)), ["HALF-OFF", "GUEST-LIST"]);
  await page.reload();
  await button(cardOf(page, "Night of codes"), "Edit").click();
  await unfold(page, "Promo codes");
  await group(page, "Code 1").getByText("1 used so far").waitFor();
  assert.equal(await group(page, "Code 1").getByLabel("Code ends (optional)").inputValue(), "2030-04-30T12:00");
  await group(page, "Code 1").scrollIntoViewIfNeeded();
  await looksRight(page, "promo-form");
  await button(page, "Remove code 1").click();
  await button(page, "Save changes").click();
  await page.getByText("“Night of codes” was changed.").waitFor();
  const { events } = await call("GET", "/api/users/events");
  const { promoCodes } = events.find((event) => event.id === id);
  assert.deepEqual(promoCodes, [{ code: "GUEST-LIST", off: "0.10", uses: 0, used: 1 }]);
}));
