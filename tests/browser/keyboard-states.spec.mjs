// With the keyboard alone where it is seldom tried: an empty wallet, a payment of unknown outcome, the helpdesk, the
// entrance. Each on a desktop and on a phone; `looksRight` holds every state against axe in light and dark.
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { arrive, button, card, dialog, guestsOf, withoutResults } from "../support/browser-guest.mjs";
import { sampleWallet, section } from "../support/browser-host.mjs";
import { focused, isTrapped, press, tabTo, type } from "../support/keyboard.mjs";
import { startMailApi } from "../support/mail-api.mjs";
import { until } from "../support/network.mjs";
import { cameraOf, writeVideo } from "../support/qr-video.mjs";

const CUSTOMER = "ada@example.org";
const video = join(mkdtempSync(join(tmpdir(), "concierge-camera-")), "camera.y4m");
writeVideo(video);
let api;
const stage = browserStage(
  async (stack) => void (await stack.call("PATCH", "/api/users/me", { doors: ["events", "desk"], displayName: "Ada's evenings" })),
  async () => {
    api = await startMailApi();
    return { ...api.settings.vars, ...api.settings.secrets };
  },
  cameraOf(video),
);
after(() => api?.stop());

const SIZES = ["wide", "phone"];
const linkTo = ({ id }) => `/buy/${stage.stack.host.scope}/${id}`;

/** Chooses the test key in the checkout of the event. */
async function openWithTestKey(page, event) {
  await page.goto(linkTo(event));
  await dialog(page).getByRole("radio", { name: /^Test key/ }).waitFor();
  await tabTo(page, /^Test key/);
  await page.keyboard.press("Space");
  await button(dialog(page), "Get test USDC").waitFor();
}

for (const size of SIZES) {
  test(`an empty wallet is filled and pays, on a ${size} screen`, stage.visit({ size }, async ({ page }) => {
    const event = await stage.stack.createEvent({ title: `Empty pockets, ${size}` });
    await openWithTestKey(page, event);
    assert.ok(await button(dialog(page), "Waiting for $0.05").isDisabled());
    await isTrapped(page);
    await looksRight(page, "keyboard-empty");
    await press(page, /^Another wallet$/);
    await tabTo(page, /^Test key/);
    await press(page, "Get test USDC");
    await dialog(page).getByText("$9.95").waitFor();
    await press(page, "Pay $0.05");
    await page.waitForURL(/\/t\//);
    await page.getByRole("heading", { name: event.title }).waitFor();
    assert.equal((await guestsOf(stage.stack, event)).length, 1);
    await press(page, /^Add to calendar$/, "Tab");
  }));

  test(`a payment of unknown outcome is left and found again, on a ${size} screen`, stage.visit({ size }, async ({ page }) => {
    const event = await stage.stack.createEvent({ title: `Late answer, ${size}` });
    let isReleased = false;
    await withoutResults(page, () => isReleased);
    await openWithTestKey(page, event);
    await press(page, "Get test USDC");
    await press(page, "Pay $0.05");
    await dialog(page).getByText("Paid, on its way").waitFor({ timeout: 60_000 });
    assert.equal(await button(dialog(page), /^Pay/).count(), 0, "nobody pays twice");
    await isTrapped(page);
    await looksRight(page, "keyboard-pending");
    await press(page, "Go to your tickets");
    await page.getByRole("heading", { name: "Your tickets" }).waitFor();
    await page.getByText(`“${event.title}” is paid.`).waitFor({ timeout: 60_000 });
    await looksRight(page, "keyboard-pending-tickets");
    await press(page, "Get the ticket");
    await page.getByRole("link", { name: "Show ticket" }).waitFor();
    await page.goto("/tickets");
    await page.getByRole("article", { name: `Next: ${event.title}` }).waitFor();
    assert.equal(await page.getByText(`“${event.title}” is paid.`).count(), 0);
    isReleased = true;
    await page.goto(linkTo(event));
    await dialog(page).getByText("You already have a seat with this wallet. Nothing was charged.").waitFor();
    await press(page, "Show ticket");
    await page.waitForURL(/\/t\//);
    assert.equal((await guestsOf(stage.stack, event)).length, 1);
  }));

  test(`a guest opens a ticket at the helpdesk, and the host answers it, on a ${size} screen`, stage.visit({ size, wallet: sampleWallet() }, async ({ page, newVisitor }) => {
    const guest = await (await newVisitor({ size })).newTab();
    await arrive(guest, { mcpUrl: stage.stack.host.mcpUrl });
    await callFromPanel(guest, "createTicket", { subject: `Lost scarf, ${size}`, body: "A green one, from the second row.", email: CUSTOMER });
    const opening = guest.getByRole("dialog", { name: "Open a helpdesk ticket" });
    await opening.getByText("to Ada's evenings").waitFor();
    const question = await opening.innerText();
    assert.match(question, /“Lost scarf, \w+” · \$0\.02 to Ada's evenings/);
    assert.match(question, /A green one, from the second row\.[^]*ada@example\.org/);
    await looksRight(guest, "keyboard-question-ticket");
    await press(guest, "Pay $0.02");
    await leavePanel(guest, size);
    const opened = card(guest, /^Ticket #\d+/);
    await opened.waitFor();
    const ticketId = await opened.locator("code").first().textContent();
    const number = Number(/#(\d+)/.exec(await opened.getByRole("heading").innerText())[1]);
    await callFromPanel(guest, "sendReply", { ticketId, body: "It is at the bar." });
    const reply = guest.getByRole("dialog", { name: "Reply to a customer" });
    await reply.getByText(`Ticket #${number} · $0.06 to Ada's evenings`).waitFor();
    await reply.getByText(/^From a wallet with fewer than 3 approved drafts this becomes a draft/).waitFor();
    await looksRight(guest, "keyboard-question-reply");
    await press(guest, "Pay $0.06");
    await leavePanel(guest, size);
    await guest.getByRole("log").getByText("Waits for approval", { exact: true }).waitFor();

    await page.goto("/my-mcp#desk");
    await page.getByRole("button", { name: "Sign in with Test Wallet" }).waitFor();
    await press(page, "Sign in with Test Wallet");
    await section(page, "Desk").waitFor();
    await press(page, `Approve and send the draft for #${number}`);
    await until(() => api.arrived.some(({ subject }) => subject.startsWith(`[#${number}]`)));
    await page.getByText("Nothing waits for you").waitFor();
    await looksRight(page, "keyboard-desk");
  }));

  test(`guests are let in at the entrance, on a ${size} screen`, stage.visit({ size, wallet: sampleWallet() }, async ({ page, context }) => {
    const event = await stage.stack.createEvent({ title: `Gate of keys, ${size}` });
    const { ticketUrl } = await stage.stack.buySeat(event);
    const { ticketUrl: second } = await stage.stack.buySeat(event);
    await context.grantPermissions(["camera"]);
    await page.goto("/my-mcp");
    await page.getByRole("button", { name: "Sign in with Test Wallet" }).waitFor();
    await press(page, "Sign in with Test Wallet");
    await section(page, "Home").waitFor();
    await page.goto(`/check-in?event=${event.id}`);
    await page.getByText("0 of 2 are in").waitFor();
    await looksRight(page, "keyboard-check-in");
    await press(page, "Type a code");
    await dialog(page).waitFor();
    await isTrapped(page);
    await page.keyboard.press("Escape");
    await dialog(page).waitFor({ state: "detached" });
    assert.equal(await focused(page), "Type a code", "the focus goes back");
    await letInByCode(page, ticketUrl);
    await page.getByText("Come in").waitFor();
    // Two seconds are short for a hand on Tab: the button has the focus, or is the next one.
    await press(page, "Undo");
    await page.getByText("0 of 2 are in").waitFor();
    await letInByCode(page, ticketUrl);
    await page.getByText("1 of 2 are in").waitFor();
    await page.getByText("Come in").waitFor({ state: "detached" });
    await letInByCode(page, ticketUrl);
    await page.getByText("Already in").waitFor();
    await looksRight(page, "keyboard-check-in-red");
    await press(page, "Scan next");
    await page.getByText("Already in").waitFor({ state: "detached" });
    await press(page, "Guest list");
    await press(page, /^Check in 0x/);
    await page.getByText("2 of 2 are in").waitFor();
    assert.notEqual(second, ticketUrl);
  }));
}

async function letInByCode(page, ticketUrl) {
  await press(page, "Type a code");
  await type(page, /^Code under the QR code/, new URL(ticketUrl).pathname.slice(-8));
  await page.keyboard.press("Enter");
}

/** On a phone the panel is a sheet, which Esc closes. */
async function leavePanel(page, size) {
  await page.getByRole("dialog", { name: /ticket|customer/ }).waitFor({ state: "detached" });
  if (size !== "phone") return;
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
}

/** Calls a tool with its form in the developer panel. */
async function callFromPanel(page, tool, values) {
  const tools = page.getByRole("tab", { name: /^Tools/ });
  if (!(await tools.isVisible())) await press(page, "Developer panel");
  await tools.waitFor();
  await tabTo(page, /^(Activity|Tools|Wire|Money)/);
  for (let tabs = 0; tabs < 4 && !/^Tools/.test(await focused(page)); tabs += 1) await page.keyboard.press("ArrowRight");
  const form = page.getByRole("form", { name: `Call ${tool}` });
  if (!(await form.isVisible())) await press(page, new RegExp(`^${tool}\\b`));
  for (const [name, value] of Object.entries(values)) await type(page, new RegExp(`^${name}\\b`), value);
  await press(page, `Call ${tool}`);
}
