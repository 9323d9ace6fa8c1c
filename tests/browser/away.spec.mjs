// The server stops while people look at the page, and comes back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { host as hostKey } from "../../dev/chain/accounts.mjs";
import { browserStage, looksRight, UNANSWERED } from "../support/browser.mjs";
import { arrive, askForSeat, button, dialog, isPaidOnce, pay, say } from "../support/browser-guest.mjs";
import { go } from "../support/browser-host.mjs";
import { fakeWallet } from "../support/browser-wallet.mjs";

const stage = browserStage();
/** How long after the server's return the page must have noticed. */
const RETURN_MILLIS = 30_000;
const AWAY = /server cannot be reached|server is away|not reached|connection .*lost/i;

test("in the chat: it says that the server is away, comes back by itself, and goes on where it was", stage.visit({}, async ({ page, expects }) => {
  const { stack } = stage;
  const event = await stack.createEvent({ title: "Evening after the storm" });
  await arrive(page, { mcpUrl: stack.host.mcpUrl });
  await say(page, "list events");
  await button(page, `Get a seat · $0.05 for ${event.title}`).waitFor();
  expects(UNANSWERED);
  await stack.stop();
  await page.getByText(AWAY).first().waitFor();
  await looksRight(page, "away-chat");
  await stack.start();
  await page.getByText(AWAY).first().waitFor({ state: "detached", timeout: RETURN_MILLIS });
  await askForSeat(page, event);
  await isPaidOnce(stack, event, await pay(page, event));
}));

test("in the chat: a question that was open when the server stopped is asked again", stage.visit({}, async ({ page, expects }) => {
  const { stack } = stage;
  const event = await stack.createEvent({ title: "Evening between two storms" });
  await arrive(page, { mcpUrl: stack.host.mcpUrl });
  await askForSeat(page, event);
  expects(UNANSWERED);
  await stack.stop();
  await page.getByText(AWAY).first().waitFor();
  await stack.start();
  await page.getByText(AWAY).first().waitFor({ state: "detached", timeout: RETURN_MILLIS });
  await isPaidOnce(stack, event, await pay(page, event));
}));

test("in the checkout: it says that the server is away, pays nothing meanwhile, and goes on", stage.visit({}, async ({ page, expects }) => {
  const { stack } = stage;
  const event = await stack.createEvent({ title: "Evening with a storm in it" });
  await page.goto(`/buy/${stack.host.scope}/${event.id}`);
  await dialog(page).getByRole("radio", { name: /^Test key/ }).click();
  await button(dialog(page), "Get test USDC").click();
  await dialog(page).getByText("$9.95").waitFor();
  expects(UNANSWERED);
  await stack.stop();
  await dialog(page).getByText("Nothing is paid meanwhile.").waitFor();
  assert.ok(await button(dialog(page), "Pay $0.05").isDisabled());
  await looksRight(page, "away-checkout");
  await stack.start();
  await dialog(page).getByText("Nothing is paid meanwhile.").waitFor({ state: "detached", timeout: RETURN_MILLIS });
  await button(dialog(page), "Pay $0.05").click();
  await page.waitForURL(/\/t\//);
  const { rsvps } = await stack.call("GET", `/api/users/events/${event.id}/rsvps`);
  assert.equal(rsvps.length, 1);
}));

test("a session that the deployment refuses is given up, and another one begins", stage.visit({}, async ({ page, expects }) => {
  const KEY = "events-concierge.session";
  await page.goto("/");
  await page.getByText("Connected", { exact: true }).waitFor();
  const refused = await page.evaluate((key) => {
    const kept = JSON.parse(localStorage.getItem(key));
    const forged = { ...kept, token: kept.token.split("").toReversed().join("") };
    localStorage.setItem(key, JSON.stringify(forged));
    return forged.session;
  }, KEY);
  expects(/WebSocket connection to .* failed|status of 4\d\d .*\/agent/);
  await page.reload();
  await page.getByText("Your earlier session has ended").waitFor({ timeout: RETURN_MILLIS });
  await page.getByText("Connected", { exact: true }).waitFor();
  const next = await page.evaluate((key) => JSON.parse(localStorage.getItem(key)).session, KEY);
  assert.notEqual(next, refused);
}));

const wallet = fakeWallet({ privateKey: hostKey.privateKey });
test("in My MCP: it says that the server is away, and what was asked for comes by itself", stage.visit({ wallet }, async ({ page, expects }) => {
  const { stack } = stage;
  await page.goto("/my-mcp");
  await button(page, "Sign in with Test Wallet").click();
  await go(page, "Events");
  await page.getByRole("heading", { name: "Rust meetup" }).waitFor();
  expects(UNANSWERED);
  await stack.stop();
  await go(page, "Revenue");
  await page.getByText(AWAY).first().waitFor();
  await looksRight(page, "away-my-mcp");
  await stack.start();
  await page.getByText("From asked to kept").waitFor({ timeout: RETURN_MILLIS });
  await page.getByText(AWAY).first().waitFor({ state: "detached" });
}));
