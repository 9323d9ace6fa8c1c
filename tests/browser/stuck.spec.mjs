// Payments that were used on the chain while no endpoint has a log that says how: the host sees them, decides by
// hand, and the books say so. Chain and runtime are real; the facilitator says "pending" of all, the endpoint has lost its logs.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { payers } from "../../dev/chain/accounts.mjs";
import { startChain } from "../../dev/chain/chain.mjs";
import { startFacilitator } from "../../dev/chain/facilitator.mjs";
import { assertBooksAreClean } from "../support/audit.mjs";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button, dialog } from "../support/browser-guest.mjs";
import { cardOf, sampleWallet, signInAsSampleHost } from "../support/browser-host.mjs";
import { behaviours, startHostile } from "../support/hostile.mjs";
import { rpcFaults, startHostileRpc } from "../support/hostile-rpc.mjs";
import { payFor, rsvp } from "../support/pay.mjs";

/** The chain was last asked long ago; a decision of the host asks it again. */
const AGED = "UPDATE payments SET valid_before = valid_before - 3600, attempts = 40 WHERE state = 'unknown' RETURNING id";
const REFUSED = /status of (409|422) .*\/verdict/;
const NOBODYS = `0x${"ab".repeat(32)}`;

let chain, rpc, facilitator, hostile;
const stuck = {};
const stage = browserStage(
  async (stack) => {
    const titles = ["Named", "Spoken", "Free", "Shown", "Faster"];
    for (const [index, title] of titles.entries()) stuck[title] = await payInVain(stack, title, payers[index]);
    await stack.stop();
    assert.equal(stack.sql(AGED).length, titles.length);
    await stack.start();
  },
  async () => {
    chain = await startChain();
    rpc = await startHostileRpc(() => chain.url);
    facilitator = await startFacilitator({ rpcUrl: chain.url });
    hostile = await startHostile(() => facilitator.url);
    rpc.misbehave(rpcFaults.hasNoLogs);
    return { RPC_URL: rpc.url, FACILITATOR_URL: hostile.url };
  },
);
after(async () => {
  for (const one of [hostile, facilitator, rpc, chain]) await one?.stop();
});

/** The last seat of an event is paid for, and nobody hears of it. */
async function payInVain(stack, title, payer) {
  const network = { worker: { fetch: (place, init) => fetch(stack.url + place, init) } };
  const event = await stack.createEvent({ title, capacity: 1 });
  const payment = await payFor(network, stack.host, event, payer);
  hostile.next.push(behaviours.paysAndIsPending);
  const answer = await rsvp(network, stack.host, event, payment);
  assert.equal(answer.status, 409, JSON.stringify(answer.body));
  const transfers = await chain.transfers(stack.host.walletAddress);
  const { transactionHash } = transfers.find(({ args }) => args.from.toLowerCase() === payer.address.toLowerCase());
  return { event, payer: payer.address, transaction: transactionHash };
}

const asHost = (body) => stage.visit({ wallet: sampleWallet() }, async (visitor) => {
  await signInAsSampleHost(visitor.page);
  await body(visitor);
});
const card = (page, title) => cardOf(page, `$0.05 for a seat at “${title}”`);
const own = (place) => stage.stack.call("GET", `/api/users/${place}`);
const seatsOf = async (title) => (await own("events")).events.find(({ id }) => id === stuck[title].event.id);
const lineOf = async (title) => (await own("payments")).payments.find(({ eventId }) => eventId === stuck[title].event.id);
const guestsOf = async (title) => (await own(`events/${stuck[title].event.id}/rsvps`)).rsvps;

/** The line, the guests and the seats of an event say the same. */
async function isDecided(title, { state, txHash = null, sold }) {
  const line = await lineOf(title);
  assert.deepEqual([line.state, line.stuck, line.open, line.txHash], [state, false, false, txHash]);
  assert.deepEqual((await guestsOf(title)).map(({ txHash: hash }) => hash), sold ? [txHash] : []);
  const { rsvpCount, seatsHeld, seatsLeft } = await seatsOf(title);
  assert.deepEqual({ rsvpCount, seatsHeld, seatsLeft }, { rsvpCount: sold, seatsHeld: 0, seatsLeft: 1 - sold });
}

/** What has moved on the page without anybody's doing since it was loaded, by class. */
const movedParts = (page) => page.evaluate(() => new Promise((resolve) => {
  const classes = (entries) => entries.flatMap(({ sources }) => sources.map(({ node }) => node?.className ?? ""));
  new PerformanceObserver((list) => resolve(classes(list.getEntries()))).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve([]), 500);
}));

async function decide(page, title, transaction) {
  await card(page, title).getByLabel("Transaction that has paid").fill(transaction);
  await button(card(page, title), "It was paid").click();
}

test("a host is told at the top what waits for them, is led there by the keyboard, and reads what it is and why", asHost(async ({ page }) => {
  await page.reload();
  await page.getByText("5 payments wait for your decision").waitFor();
  await cardOf(page, /^Named$/).waitFor();
  assert.ok(!(await movedParts(page)).some((moved) => /host-side|notice/.test(moved)), "the notice moves nothing as it comes");
  await looksRight(page, "my-mcp-stuck-notice");
  await button(page, "Decide").focus();
  await page.keyboard.press("Enter");
  await card(page, "Named").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Waiting for your decision");
  const text = await card(page, "Named").innerText();
  for (const piece of ["$0.05", "rsvpToEvent", "Base Sepolia", "Used on chain, and no log that can be read says how", "the seat is handed over", "the seat is free again"]) {
    assert.ok(text.includes(piece), `${piece} in ${text}`);
  }
  await card(page, "Named").getByTitle(stuck.Named.payer).waitFor();
  const link = card(page, "Named").getByRole("link", { name: /block explorer/ });
  assert.equal(await link.getAttribute("href"), `${new URL(page.url()).origin}/explorer/address/${stuck.Named.payer}`);
  assert.match(await link.getAttribute("rel"), /noopener/);
  assert.equal((await seatsOf("Named")).seatsHeld, 1);
  await looksRight(page, "my-mcp-stuck");
}));

test("what was paid is booked with the transaction that the host names, once, and errors are shown at its field", asHost(async ({ page, expects }) => {
  expects(REFUSED);
  await button(page, "Decide").click();
  await decide(page, "Named", "0x12");
  await card(page, "Named").getByText("Must be the hash of a transaction: 0x and 64 hex digits").waitFor();
  assert.deepEqual(await page.evaluate(() => [document.activeElement.name, document.activeElement.ariaInvalid]), ["transaction", "true"]);
  await looksRight(page, "my-mcp-stuck-refused");
  assert.equal((await lineOf("Named")).stuck, true);
  // The address out of a block explorer will do, and so will the keyboard.
  await card(page, "Named").getByLabel("Transaction that has paid").fill(`https://sepolia.basescan.org/tx/${stuck.Named.transaction}#eventlog`);
  await page.keyboard.press("Enter");
  await page.getByText("$0.05 for a seat at “Named”: the amount is booked, and the seat is handed over.", { exact: true }).waitFor();
  await card(page, "Named").waitFor({ state: "detached" });
  await page.getByText("4 payments wait for your decision").waitFor();
  await isDecided("Named", { state: "delivered", txHash: stuck.Named.transaction, sold: 1 });

  await decide(page, "Spoken", stuck.Named.transaction);
  await card(page, "Spoken").getByText("It is in your books already, for another payment").waitFor();
  assert.equal((await lineOf("Spoken")).stuck, true);
  // No endpoint knows this transaction: it is the host's word that counts.
  await decide(page, "Spoken", NOBODYS);
  await page.getByText("$0.05 for a seat at “Spoken”: the amount is booked, and the seat is handed over.", { exact: true }).waitFor();
  await isDecided("Spoken", { state: "delivered", txHash: NOBODYS, sold: 1 });
  await page.getByRole("region", { name: "Payments, newest first" }).getByRole("row").filter({ hasText: "Spoken" }).getByText("Paid and delivered").waitFor();
  await looksRight(page, "my-mcp-stuck-booked");
}));

test("what was not paid frees its seat, after a question that can be left", asHost(async ({ page }) => {
  await button(page, "Decide").click();
  await button(card(page, "Free"), "It was not paid…").focus();
  await page.keyboard.press("Enter");
  await dialog(page).getByText(/it is yours to pay back/).waitFor();
  await looksRight(page, "my-mcp-stuck-not-paid");
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "It was not paid…");
  assert.equal((await lineOf("Free")).stuck, true);
  await page.keyboard.press("Enter");
  await button(dialog(page), "It was not paid").click();
  await page.getByText("$0.05 for a seat at “Free”: the seat is free again, and nothing is booked.", { exact: true }).waitFor();
  await dialog(page).waitFor({ state: "detached" });
  await page.waitForFunction(() => /the seat is free again/.test(document.activeElement.textContent));
  await isDecided("Free", { state: "failed", sold: 0 });
}));

test("who cancels an event is told in the server's words what is being paid for, and a word that comes too late changes nothing", asHost(async ({ page, expects }) => {
  expects(REFUSED);
  await button(cardOf(page, /^Faster$/), "Cancel event").click();
  await dialog(page).getByText("0 sold, 0 of 1 left, 1 held for payments under way.").waitFor();
  await button(dialog(page), "Cancel the event").click();
  await page.getByText(/^“Faster”: The event is cancelled\. No seat was sold\. 1 more is being paid for right now: .* to be paid back, too/).waitFor();
  await button(page, "Decide").click();
  await card(page, "Faster").waitFor();
  const line = await lineOf("Faster");
  await stage.stack.call("POST", `/api/users/payments/${line.id}/verdict`, { paid: false });
  await decide(page, "Faster", stuck.Faster.transaction);
  await page.getByText("The outcome of this payment is known, or it is being carried out.", { exact: true }).waitFor();
  await card(page, "Faster").waitFor({ state: "detached" });
  await page.getByText("1 payment waits for your decision: the chain cannot say any more whether it was paid.").waitFor();
  await isDecided("Faster", { state: "failed", sold: 0 });
}));

test("the chain is asked once more and believed, whatever the host says", asHost(async ({ page }) => {
  await button(page, "Decide").click();
  await card(page, "Shown").waitFor();
  rpc.recovers();
  await button(card(page, "Shown"), "It was not paid…").click();
  await button(dialog(page), "It was not paid").click();
  await page.getByText(/the seat is handed over\. You said that it was not paid, but the chain shows that it was\.$/).waitFor();
  await isDecided("Shown", { state: "delivered", txHash: stuck.Shown.transaction, sold: 1 });
  await page.getByText(/for your decision/).waitFor({ state: "detached" });
  await page.getByRole("heading", { name: "Waiting for your decision" }).waitFor({ state: "detached" });
  await looksRight(page, "my-mcp-stuck-shown");
  assert.equal((await own("revenue")).totalAtomic, "150000");
}));

test("the ledger has each word of the host, and the books are clean", async () => {
  const { stack } = stage;
  await stack.stop();
  const notes = stack.sql("SELECT e.title, l.note FROM ledger l JOIN events e ON e.id = l.event_id WHERE l.entry = 'verdict' ORDER BY e.title");
  assert.deepEqual(notes.map(({ title, note }) => [title, note]), [
    ["Faster", "the host says: not paid"],
    ["Free", "the host says: not paid"],
    ["Spoken", "the host says: paid"],
  ]);
  // The transaction that was named for “Spoken” is put right once there are logs again: taken back, and booked anew.
  const booked = stack.sql("SELECT e.title, sum(l.amount) AS amount FROM ledger l JOIN events e ON e.id = l.event_id GROUP BY e.title HAVING sum(l.amount) <> 0 ORDER BY e.title");
  assert.deepEqual(booked.map(({ title, amount }) => [title, amount]), [["Named", 50_000], ["Shown", 50_000], ["Spoken", 50_000]]);
  await assertBooksAreClean({ sql: (_, query) => stack.sql(query) }, stack.host.scope);
});
