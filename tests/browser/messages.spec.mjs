// A host writes to its guests, and a guest stops that with one click; a moved event changes their calendars.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button } from "../support/browser-guest.mjs";
import { go, sampleWallet, signInAsSampleHost, unfold } from "../support/browser-host.mjs";

const stage = browserStage();

/** An event with two guests who gave an address, and one who gave none. */
async function eventWithGuests(title) {
  const { stack } = stage;
  const event = await stack.createEvent({ title, location: "Hall" });
  for (const [name, email] of [["Ada", "ada@example.org"], ["Mira Kovač", "mira@example.org"], ["Jonas"]]) {
    await stack.buySeat(event, { name, email });
  }
  return event;
}

async function showGuests(page, event) {
  await signInAsSampleHost(page);
  await go(page, "Guests");
  await page.getByLabel("Event", { exact: true }).selectOption(event.id);
}

async function write(page, subject, text) {
  await button(page, "Message guests").click();
  await page.getByLabel("Subject").fill(subject);
  await page.getByLabel("Message", { exact: true }).fill(text);
  await button(page, "Preview").click();
}

/** Where a reader stops messages, by the text of a mail. */
const wayOut = (mail) => new URL(/http\S+\/u\/\S+/.exec(mail)[0]).pathname;

for (const size of ["wide", "phone"]) {
  test(`a host writes to guests after a look at the mail (${size})`, stage.visit({ size, wallet: sampleWallet() }, async ({ page, context, expects }) => {
    expects(/status of 422/);
    const title = `Evening of ${size} words`;
    const event = await eventWithGuests(title);
    await showGuests(page, event);
    await button(page, "Message guests").click();
    await button(page, "Preview").click();
    await page.getByText("Must not be empty").waitFor();
    await looksRight(page, `message-empty-${size}`);
    await button(page, "Discard").click();

    await write(page, `Cups for ${size}`, "Please bring a cup.\nWe have tea.");
    await page.getByText("Nothing is sent yet. 2 addresses get the message. 1 guest gave no address.").waitFor();
    await page.getByText("Please bring a cup.").waitFor();
    await looksRight(page, `message-preview-${size}`);
    await button(page, "Back").click();
    assert.equal(await page.getByLabel("Subject").inputValue(), `Cups for ${size}`, "what was typed stays");
    await button(page, "Preview").click();
    await button(page, "Send to 2 addresses").click();
    await page.getByText("The message goes to 2 addresses.").waitFor();
    await page.getByRole("heading", { name: "What guests were told" }).waitFor();
    await looksRight(page, `message-sent-${size}`);
    const mail = await stage.stack.mailTo("ada@example.org", `Cups for ${size}`);
    assert.match(mail, /Please bring a cup\./);

    // Only whom a search has found, accents or not.
    await page.getByLabel("Name, e-mail, wallet or code").fill("kovac");
    await write(page, `For Mira ${size}`, "Hello.");
    await page.getByText("Nothing is sent yet. 1 address gets the message.").waitFor();
    await button(page, "Send to 1 address").click();
    await page.getByText("The message goes to 1 address.").waitFor();
    await stage.stack.mailTo("mira@example.org", `For Mira ${size}`);

    // A guest looks, which changes nothing, and stops the messages.
    const guest = await context.newPage();
    await guest.goto(wayOut(mail));
    await guest.getByRole("heading", { name: /^Stop messages of / }).waitFor();
    await looksRight(guest, `unsubscribe-${size}`);
    await button(guest, "Stop messages").click();
    await guest.getByRole("heading", { name: /^You get no more messages of / }).waitFor();
    await looksRight(guest, `unsubscribed-${size}`);
    await guest.close();
    await page.getByLabel("Name, e-mail, wallet or code").fill("");
    await write(page, `Third ${size}`, "Hello.");
    await page.getByText("1 address wants no messages.").waitFor();
    await button(page, "Back").click();
    await button(page, "Discard").click();
    const again = await context.newPage();
    await again.goto(wayOut(mail));
    await button(again, "Get messages again").click();
    await again.getByRole("heading", { name: /^You get messages of .* again$/ }).waitFor();
    await again.close();
  }));
}

test("a mail program stops messages with one request and no page", stage.visit({}, async () => {
  const { stack } = stage;
  const event = await stack.createEvent({ title: "One click" });
  await stack.buySeat(event, { email: "bob@example.org" });
  const send = (recipients, subject) => stack.call("POST", `/api/users/events/${event.id}/messages`, { subject, text: "Hello.", recipients });
  assert.equal((await send(1, "First")).isSent, true);
  const mail = await stack.mailTo("bob@example.org", "First");
  const answer = await fetch(stack.url + wayOut(mail), {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "List-Unsubscribe=One-Click",
  });
  assert.equal(answer.status, 200, await answer.text());
  assert.deepEqual(await send(undefined, "Second").then(({ recipients, unsubscribed }) => [recipients, unsubscribed]), [0, 1]);
}));

test("the form says that guests are told of a move, and the reminder is chosen there", stage.visit({ wallet: sampleWallet() }, async ({ page }) => {
  const event = await eventWithGuests("Evening that moves");
  await signInAsSampleHost(page);
  const card = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: event.title, exact: true }) });
  await button(card, "Edit").click();
  await page.getByLabel("Place (optional)").fill("Cellar");
  await page.getByText("Guests who gave an e-mail address are told").waitFor();
  await unfold(page, "What guests are told");
  await page.getByLabel("Remind guests by e-mail").selectOption("2 hours before");
  await button(page, "Save changes").click();
  await page.getByText(`“${event.title}” was changed.`).waitFor();
  const { events } = await stage.stack.call("GET", "/api/users/events");
  const changed = events.find(({ id }) => id === event.id);
  assert.deepEqual([changed.location, changed.remindHours, changed.refundIfMoved], ["Cellar", 2, true]);
}));

test("a cancelled event is mailed with a file for the calendar", stage.visit({}, async () => {
  const { stack } = stage;
  const event = await stack.createEvent({ title: "Evening that falls" });
  await stack.buySeat(event, { email: "cem@example.org" });
  await stack.call("DELETE", `/api/users/events/${event.id}`);
  // That `wrangler dev` has taken the mail says that it takes the file; what is in it the native tests read.
  assert.match(await stack.mailTo("cem@example.org", "Cancelled: Evening that falls"), /goes back to the wallet that paid/);
}));
