// Phones at the entrance of an event: a camera that sees tickets, with a connection and without.
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { browserStage, looksRight, UNANSWERED } from "../support/browser.mjs";
import { sampleWallet, section, signInAsSampleHost } from "../support/browser-host.mjs";
import { cameraOf, writeVideo } from "../support/qr-video.mjs";

const video = join(mkdtempSync(join(tmpdir(), "concierge-camera-")), "camera.y4m");
writeVideo(video);
const stage = browserStage(undefined, undefined, cameraOf(video));

const button = (page, name) => page.getByRole("button", { name, exact: true });
const codeOf = ({ ticketUrl }) => new URL(ticketUrl).pathname.split("/").at(-1);
const entrance = (event) => stage.stack.call("GET", `/api/users/events/${event.id}/entrance`);

/** The server knows it, too: until then the line goes on with what is not sent yet. */
const isSent = (page, line) => page.getByText(line, { exact: true }).waitFor();

/** The host signs in on the phone of `visitor`, at the entrance of `event`. */
async function open({ page, context }, event, device) {
  await context.grantPermissions(["camera"]);
  await signInAsSampleHost(page);
  await page.goto(`/check-in?event=${event.id}`);
  await page.getByText(/ of \d are in/).waitFor();
  if (device === undefined) return;
  await button(page, "Guest list").click();
  await page.getByLabel("Name of this device").fill(device);
  await button(page, "Close").click();
}

/** Whether the files of the page, and the reader of codes among them, are kept for a start without a connection. */
const isKept = (page) =>
  page.waitForFunction(async () => {
    const kept = await (await caches.open("check-in-1")).keys();
    return kept.some(({ url }) => url.endsWith("/check-in")) && kept.some(({ url }) => /decode/.test(url));
  });

test("a ticket is scanned, lets its guest in once, and a check-in is taken back", stage.visit({ size: "phone", wallet: sampleWallet() }, async (visitor) => {
  const { page } = visitor;
  const event = await stage.stack.createEvent({ title: "Evening at the gate" });
  const ticket = await stage.stack.buySeat(event);
  writeVideo(video, ticket.ticketUrl);
  await open(visitor, event);
  await page.getByText("Come in").waitFor();
  await isSent(page, "1 of 1 are in");
  await button(page, "Undo").click();
  await isSent(page, "0 of 1 are in");
  assert.equal((await entrance(event)).summary.inside, 0);

  // The guest shows the ticket once more. Green goes away by itself.
  await page.reload();
  await page.getByText("Come in").waitFor();
  await looksRight(page, "check-in-green");
  await page.getByText("Come in").waitFor({ state: "detached" });
  await isSent(page, "1 of 1 are in");
  assert.equal((await entrance(event)).summary.inside, 1);

  await looksRight(page, "check-in-camera");
  await button(page, "Type a code").click();
  await page.getByLabel("Code under the QR code").fill(codeOf(ticket).slice(-8).toUpperCase());
  await looksRight(page, "check-in-type");
  await button(page, "Check in").click();
  await page.getByText("Already in").waitFor();
  await page.getByText(/This ticket was used today at/).waitFor();
  await looksRight(page, "check-in-red");
  await page.waitForTimeout(2_500);
  assert.ok(await page.getByText("Already in").isVisible(), "red stays until a tap");
  await button(page, "Scan next").click();
  await page.getByText("Point at the code on the ticket").waitFor();

  const other = await stage.stack.createEvent({ title: "Another evening" });
  await page.goto(`/check-in?event=${other.id}`);
  await page.getByText("Not valid").waitFor();
}));

test("a guest is found in the list, and only this page may use the camera", stage.visit({ size: "phone", wallet: sampleWallet() }, async (visitor) => {
  const { page } = visitor;
  writeVideo(video);
  const event = await stage.stack.createEvent({ title: "Evening by list" });
  await stage.stack.buySeat(event);
  await open(visitor, event);
  await button(page, "Guest list").click();
  await looksRight(page, "check-in-guests");
  await page.getByLabel("Search for a name").fill("nobody");
  await page.getByText("No guest has this name.").waitFor();
  await page.getByLabel("Search for a name").fill("0X");
  await page.getByRole("button", { name: /^Check in 0x/ }).click();
  await page.getByText("Come in").waitFor();
  await isSent(page, "1 of 1 are in");
  assert.equal((await entrance(event)).summary.inside, 1);

  const policy = async (path) => (await page.request.get(path)).headers()["permissions-policy"];
  assert.match(await policy("/check-in"), /camera=\(self\)/);
  for (const path of ["/", "/my-mcp"]) assert.match(await policy(path), /camera=\(\)/);
  const csp = async (path) => (await page.request.get(path)).headers()["content-security-policy"];
  assert.equal(await csp("/check-in"), await csp("/"));
}));

test("two phones without a connection let a ticket in, and the later one and the host are told", stage.visit({ size: "phone", wallet: sampleWallet() }, async (visitor) => {
  const { page: north, context, expects, newVisitor } = visitor;
  const other = await newVisitor({ size: "phone", wallet: sampleWallet() });
  const south = await other.newTab();
  for (const expect of [expects, other.expects]) {
    expect(/ERR_INTERNET_DISCONNECTED|ERR_FAILED|favicon\.ico/);
    expect(UNANSWERED);
  }
  writeVideo(video);
  const event = await stage.stack.createEvent({ title: "Evening in a cellar" });
  const ticket = await stage.stack.buySeat(event);
  await open(visitor, event, "North door");
  await open({ page: south, context: other.context }, event, "South door");
  await isKept(north);
  await isKept(south);

  // Nothing that opens a ticket is kept on a phone.
  const kept = await north.evaluate(() => JSON.stringify({ ...localStorage }));
  const [, secret] = codeOf(ticket).split("-");
  assert.ok(kept.includes(event.title) && !kept.includes(secret) && !kept.includes(secret.slice(-8)), kept);

  // The phones share the camera of this browser, and a camera that runs sees the new picture at once. They wait at a file of
  // the same server.
  for (const each of [north, south]) await each.goto("/icon.svg");
  for (const each of [context, other.context]) await each.setOffline(true);
  // A page that has just loaded may get its first request out before Chromium takes it offline: nobody hears it.
  await stage.stack.stop();
  writeVideo(video, ticket.ticketUrl);
  await north.goto(`/check-in?event=${event.id}`);
  await north.getByText("Come in").waitFor();
  await north.getByText("1 of 1 are in · 1 not sent yet").waitFor();
  await south.goto(`/check-in?event=${event.id}`);
  await south.getByText("Come in").waitFor();
  // The same phone knows what it has done, also after a reload.
  await north.reload();
  await north.getByText("Already in").waitFor();
  await button(north, "Scan next").click();
  await north.getByText(/No connection. Check-in goes on/).waitFor();
  await button(north, "Type a code").click();
  await north.getByLabel("Code under the QR code").fill(secret.slice(-8));
  await button(north, "Check in").click();
  await north.getByText("A short code needs a connection").waitFor();
  await button(north, "Scan next").click();
  await stage.stack.start();
  assert.equal((await entrance(event)).summary.inside, 0);

  // The later one is back first.
  await other.context.setOffline(false);
  await isSent(south, "1 of 1 are in");
  await context.setOffline(false);
  await isSent(north, "1 of 1 are in");
  await south.getByText("Let in twice").waitFor();
  await south.getByText(/on North door, then today at .* on South door/).waitFor();
  await looksRight(south, "check-in-twice");
  assert.ok(!(await north.getByText("Let in twice").isVisible()), "it was first");
  const { summary } = await entrance(event);
  assert.deepEqual([summary.sold, summary.inside, summary.problems.length], [1, 1, 1]);
  assert.deepEqual(summary.problems[0].letIn.map(({ device }) => device), ["North door", "South door"]);

  await north.goto("/my-mcp#guests");
  await section(north, "Guests").waitFor();
  await north.getByRole("combobox", { name: "Event" }).selectOption(event.id);
  await north.getByText("Tickets to look at").waitFor();
  await north.getByText("1 of 1 are in").waitFor();
  await north.getByRole("button", { name: "To come 0" }).click();
  await north.getByText("No guest is found with these words.").waitFor();
  await north.getByRole("button", { name: "All 1" }).click();
  await north.getByLabel("Name, e-mail, wallet or code").fill(secret.slice(-8));
  await north.getByRole("region", { name: `Guests of ${event.title}` }).getByText("In", { exact: true }).waitFor();
  await looksRight(north, "my-mcp-guests-twice");
}));
