// Nothing that was paid for is lost: the tab is closed before the answer, the server stops before the answer, and the
// buyer comes with another device. Each time there is one charge, and the ticket is found.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight, UNANSWERED } from "../support/browser.mjs";
import { button, charges, dialog, guestsOf, openCheckout } from "../support/browser-guest.mjs";
import { fakeWallet } from "../support/browser-wallet.mjs";
import { until } from "../support/network.mjs";

const stage = browserStage();
/** A wallet that is not signed in asks for the list in vain. */
const ASKED = /status of 40[12] /;
const RETURN_SECONDS = 60;
const RETURN_MILLIS = RETURN_SECONDS * 1000;

/** Pays in the sheet; the page hears of no result before `isHeard`. It ends when the money has moved. */
async function payUnheard(page, event, wallet, isHeard = () => false) {
  await page.routeWebSocket(/\/agent\?/, (socket) => {
    socket.connectToServer().onMessage((message) => {
      if (isHeard() || !String(message).includes('"type":"tool_result"')) socket.send(message);
    });
  });
  await stage.stack.chain.mint(wallet.address, 1_000_000n);
  await openCheckout(page, stage.stack, event);
  await button(dialog(page), "Pay $0.05").click();
  await until(async () => (await charges(stage.stack, wallet)) === 1);
}

const closer = fakeWallet();
test("a tab that was closed before the answer: the ticket is under Tickets, here and on another device", stage.visit({ wallet: closer }, async ({ page, context, newVisitor }) => {
  const event = await stage.stack.createEvent({ title: "Evening behind a closed tab" });
  await payUnheard(page, event, closer);
  await page.close();

  const later = await context.newPage();
  await later.goto("/tickets");
  const here = later.getByRole("article", { name: `Next: ${event.title}` });
  const ticketUrl = await here.getByRole("link", { name: /^Show the code/ }).getAttribute("href", { timeout: RETURN_MILLIS });
  assert.equal(await later.getByText(`“${event.title}” is paid.`).count(), 0, "nothing is missing");
  await looksRight(later, "tickets-after-closed-tab");

  const other = await newVisitor({ wallet: closer });
  other.expects(ASKED);
  const device = await other.newTab();
  await device.goto("/tickets");
  await button(device, "Find my tickets").click();
  await button(device, "Sign in with Test Wallet").click();
  const next = device.getByRole("article", { name: `Next: ${event.title}` });
  await next.getByRole("link", { name: /^Show the code/ }).click();
  await device.waitForURL(ticketUrl);
  assert.deepEqual([await charges(stage.stack, closer), (await guestsOf(stage.stack, event)).length], [1, 1]);
}));

const patient = fakeWallet();
test("a server that stops before the answer: after its return the sheet turns into the ticket", stage.visit({ wallet: patient }, async ({ page, expects }) => {
  const { stack } = stage;
  const event = await stack.createEvent({ title: "Evening behind a dead server" });
  let isBack = false;
  await payUnheard(page, event, patient, () => isBack);
  expects(UNANSWERED);
  await stack.stop();
  isBack = true;
  await stack.start();
  const held = dialog(page).getByRole("link", { name: "Show ticket" });
  // It shows the ticket, or says that the wallet has it: the sheet asks again for what it did not hear.
  await until(async () => {
    if (/\/t\//.test(page.url())) return true;
    if (await held.isVisible()) await held.click();
    return false;
  }, RETURN_SECONDS);
  await page.getByRole("heading", { name: event.title }).waitFor();
  assert.deepEqual([await charges(stage.stack, patient), (await guestsOf(stage.stack, event)).length, patient.signatures], [1, 1, 1]);
}));
