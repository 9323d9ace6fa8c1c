// What a guest does in the chat, found by its roles and labels as a person would.
import assert from "node:assert/strict";
import { until } from "./network.mjs";

export const button = (where, name) => where.getByRole("button", { name, exact: typeof name === "string" });
export const dialog = (page) => page.getByRole("dialog");
export const serverLink = (mcpUrl) => `/?door=${encodeURIComponent(mcpUrl)}`;
/** The newest card with this title. */
export const card = (page, name) => cards(page, name).last();
export const tickets = (page, { title }) => cards(page, `Ticket: ${title}`);
const cards = (page, name) => ["region", "article", "group"].reduce((found, role) => found.or(page.getByRole(role, { name })), page.getByRole("listitem", { name }));

/** Connects to a server and chooses a wallet, which is filled unless `money` is false. */
export async function arrive(page, { mcpUrl, wallet = "Test key", money = true }) {
  await page.goto(serverLink(mcpUrl));
  await button(page, "Connect").click();
  await page.getByRole("log").getByText("Connected").waitFor();
  await button(page, new RegExp(`^${wallet}`)).click();
  await button(page, /^Change the wallet/).waitFor();
  if (money) await fill(page);
}

/** Test money from the faucet. */
export async function fill(page) {
  await button(page, "Get test USDC").click();
  await page.getByText("Test USDC has come.").waitFor();
  await page.getByRole("complementary", { name: "Server, wallet and limits" }).getByText("$10.00").first().waitFor();
}

export async function say(page, words) {
  await page.getByRole("button", { name: "Send", disabled: false }).waitFor();
  await page.getByLabel("Message to the concierge").fill(words);
  await page.keyboard.press("Enter");
}

/** Asks for a seat with the button on the event's card; the question comes up. */
export async function askForSeat(page, { title, price }) {
  await say(page, "list events");
  await button(page, `Get a seat · $${price} for ${title}`).last().click();
  await dialog(page).getByRole("heading", { name: title }).waitFor();
  await dialog(page).getByText(`1 seat · $${price} to`).waitFor();
}

/** Says yes, and waits for the ticket, which alone says what was paid: nothing is said twice. */
export async function pay(page, event) {
  await button(dialog(page), `Pay $${event.price}`).click();
  const ticket = await ticketOf(page, event);
  await card(page, `Ticket: ${event.title}`).getByText(`Ticket bought for $${event.price}`).waitFor();
  assert.equal(await card(page, `Paid $${event.price}`).count(), 0);
  assert.equal(await page.getByText("(yes or no)").count(), 0);
  return ticket;
}

/** The ticket as it is shown: `{hash, ticketUrl}`. */
export async function ticketOf(page, { title }) {
  const ticket = card(page, `Ticket: ${title}`);
  const ticketUrl = await ticket.getByRole("link", { name: "Show ticket" }).getAttribute("href");
  return { hash: await transactionOf(ticket), ticketUrl };
}

async function transactionOf(where) {
  const link = await where.getByRole("link", { name: "Receipt" }).first().getAttribute("href");
  const hash = /\/tx\/(0x[0-9a-f]{64})$/.exec(link)?.[1];
  assert.ok(hash, `no transaction in ${link}`);
  return hash;
}

/** The checkout of what a host sells, with the test wallet chosen. */
export async function openCheckout(page, { host }, { id }) {
  await page.goto(`/buy/${host.scope}/${id}`);
  await dialog(page).getByRole("radio", { name: /^Test Wallet/ }).click();
}

/** Buys a seat there; gives the link of the ticket. */
export async function buyAtCheckout(page, stack, event) {
  await openCheckout(page, stack, event);
  await button(dialog(page), `Pay $${event.price}`).click();
  await page.waitForURL(/\/t\//);
  return page.url();
}

/** What the Guest says of results waits until `isTime`; without it the page never hears of them. */
export async function withoutResults(page, isTime) {
  await page.routeWebSocket(/\/agent\?/, (socket) => {
    socket.connectToServer().onMessage((message) => {
      const isResult = String(message).includes('"type":"tool_result"');
      if (!isResult) socket.send(message);
      else if (isTime) void until(isTime, 120).then(() => socket.send(message));
    });
  });
}

/** Who has a seat of the event, as its host is told. */
export const guestsOf = async (stack, { id }) => (await stack.call("GET", `/api/users/events/${id}/rsvps`)).rsvps;

/** How often a wallet has paid the host. */
export async function charges({ chain, host }, { address }) {
  const moved = await chain.transfers(host.walletAddress);
  return moved.filter(({ args }) => args.from === address).length;
}

/** Exactly one seat of the event was sold, for one transfer, which is what the page has shown. */
export async function isPaidOnce(stack, event, { hash }) {
  const { rsvps } = await until(async () => {
    const guests = await stack.call("GET", `/api/users/events/${event.id}/rsvps`);
    return guests.rsvps.length > 0 && guests;
  });
  assert.deepEqual(rsvps.map(({ txHash }) => txHash), [hash]);
  const { from, value } = await stack.transferOf(hash, stack.host.walletAddress);
  assert.equal(value, BigInt(event.priceAtomic));
  const moved = await stack.chain.transfers(stack.host.walletAddress);
  assert.equal(moved.filter(({ args }) => args.from === from).length, 1, "one charge");
  return from;
}

/** No seat of the event was sold, and nobody with this address has paid anything. */
export async function isNotPaid(stack, event, address) {
  const { rsvps } = await stack.call("GET", `/api/users/events/${event.id}/rsvps`);
  assert.deepEqual(rsvps, []);
  const moved = await stack.chain.transfers(stack.host.walletAddress);
  assert.deepEqual(moved.filter(({ args }) => args.from.toLowerCase() === address.toLowerCase()), []);
}
