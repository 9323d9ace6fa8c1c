// Everything bought is found again: in this browser without a sign-in, and with one on every device.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { arrive, askForSeat, button, dialog, pay } from "../support/browser-guest.mjs";
import { fakeWallet } from "../support/browser-wallet.mjs";

const stage = browserStage();
/** A wallet that is not signed in asks for the list in vain, and a challenge is answered with 402. */
const ASKED = /status of 40[12] /;

test("a seat that was bought here is found again after the tab was closed", stage.visit({}, async ({ page, newVisitor, context }) => {
  await page.goto("/tickets");
  await page.getByText("No tickets in this browser").waitFor();
  await looksRight(page, "tickets-none");
  const event = await stage.stack.createEvent({ title: "Evening to be found", location: "Betahaus, Berlin" });
  await arrive(page, { mcpUrl: stage.stack.host.mcpUrl });
  await askForSeat(page, event);
  const { ticketUrl } = await pay(page, event);
  await page.close();
  const later = await context.newPage();
  await later.goto("/tickets");
  const next = later.getByRole("article", { name: `Next: ${event.title}` });
  await next.getByText("Betahaus, Berlin").waitFor();
  await looksRight(later, "tickets-here");
  await next.getByRole("link", { name: /^Show the code/ }).click();
  await later.waitForURL(ticketUrl);
  // On another device the link is enough.
  const other = await (await newVisitor({})).newTab();
  await other.goto("/tickets");
  await button(other, "Add a ticket").click();
  await dialog(other).getByLabel("Link of the ticket").fill("https://example.org/t/not-ours");
  await button(dialog(other), "Show the ticket").click();
  await dialog(other).getByText("This is not the link of a ticket.").waitFor();
  await looksRight(other, "tickets-add");
  await dialog(other).getByLabel("Link of the ticket").fill(ticketUrl);
  await button(dialog(other), "Show the ticket").click();
  await other.waitForURL(ticketUrl);
}));

const inDays = (days) => new Date(Date.now() + days * 86_400_000).toISOString();

/** What `GET /api/tickets` answers, as src/tickets/views.rs has it. */
function answer({ scope, mcpUrl }, wallet, more) {
  const line = (changes) => ({
    kind: "seat",
    host: { scope, name: "Ada's events", serverUrl: mcpUrl },
    item: "evt_1d21b796b09f22423e956b55",
    title: "Rust meetup",
    startsAt: inDays(14),
    endsAt: null,
    timeZone: "Europe/Berlin",
    place: "Werkraum am Lindenhof",
    state: "valid",
    ticketUrl: `${stage.stack.url}/t/abc`,
    again: null,
    paidUsd: "0.05",
    network: "eip155:84532",
    transaction: `0x${"ab".repeat(32)}`,
    transactionUrl: null,
    boughtAt: "2026-11-28T12:00:00Z",
    ...changes,
  });
  const tickets = [
    line({}),
    line({ title: "Sunset rooftop jazz", item: "evt_b", startsAt: inDays(20), place: "Dachterrasse, Berlin", ticketUrl: `${stage.stack.url}/t/abd` }),
    line({ title: "Sourdough from zero", item: "evt_c", startsAt: inDays(40), state: "on_its_way", ticketUrl: null, transaction: null }),
    line({ title: "Short films, long talk", item: "evt_d", startsAt: "2026-11-06T19:00:00Z", state: "used", ticketUrl: `${stage.stack.url}/t/abe` }),
    line({ kind: "desk", title: "The door does not open", item: "tkt_1", startsAt: null, place: null, ticketUrl: null, state: "open" }),
    ...more.map(line),
  ];
  return { tickets, unavailable: [], wallets: [{ kind: "browser", address: wallet }], walletsUnavailable: [] };
}

const owner = fakeWallet();
test("who signs in with a wallet sees everything that it has bought, and reads a secret again without paying", stage.visit({ wallet: owner }, async ({ page, context, expects }) => {
  const { stack } = stage;
  expects(ASKED);
  const secret = await stack.call("POST", "/api/users/secrets", { name: "Wifi password of the Werkraum", description: "For guests", price: "0.05", value: "correct-horse-battery" });
  await stack.chain.mint(owner.address, 1_000_000n);
  await arrive(page, { mcpUrl: stack.host.mcpUrl, wallet: "Test Wallet", money: false });
  await button(page, "List secrets").click();
  await button(page, "Buy · $0.05 for Wifi password of the Werkraum").click();
  await dialog(page).getByRole("heading", { name: "Wifi password of the Werkraum" }).waitFor();
  await looksRight(page, "chat-question-secret");
  await button(dialog(page), "Pay $0.05").click();
  await page.getByText("••••").waitFor();
  const again = { url: `${stack.url}/x402/users/${stack.host.scope}/tools/retrieveSecret`, arguments: { secretId: secret.id } };
  const bought = { kind: "secret", title: secret.name, item: secret.id, startsAt: null, place: null, ticketUrl: null, again };
  let isUp = false;
  await context.route("**/api/tickets", (route) =>
    isUp ? route.fulfill({ json: answer(stack.host, owner.address, [bought]) }) : route.fulfill({ status: 503, json: { detail: "the tickets cannot be read now" } }),
  );
  expects(/status of 503/);
  await page.goto("/tickets");
  await button(page, "Find my tickets").click();
  await button(page, "Sign in with Test Wallet").click();
  await page.getByText("Your tickets could not be read.").waitFor();
  await looksRight(page, "tickets-failed");
  isUp = true;
  await button(page, "Try again").click();
  await page.getByRole("article", { name: "Next: Rust meetup" }).waitFor();
  for (const name of ["Later", "Secrets you bought", "Helpdesk and more", "Past"]) await page.getByRole("region", { name }).waitFor();
  await looksRight(page, "tickets");
  const receipt = page.getByRole("link", { name: "Receipt: Short films, long talk" });
  assert.ok((await receipt.getAttribute("href")).startsWith(`${stack.url}/explorer/tx/0xabab`));
  const paid = (await stack.chain.transfers(stack.host.walletAddress)).length;
  await button(page, `Show ${secret.name}`).click();
  await page.getByText("correct-horse-battery", { exact: true }).waitFor();
  await looksRight(page, "tickets-secret");
  assert.equal((await stack.chain.transfers(stack.host.walletAddress)).length, paid, "reading again costs nothing");
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.ok(!kept.includes("correct-horse"), "the value is kept nowhere");
  await button(page, `Hide ${secret.name}`).click();
  await page.getByText("correct-horse-battery", { exact: true }).waitFor({ state: "detached" });
}));
