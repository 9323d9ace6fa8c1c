// Pictures that a host uploads: a photo of a phone becomes the cover of an event, as every page shows it.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { root } from "../../dev/lib/process.mjs";
import { browserStage, looksRight } from "../support/browser.mjs";
import { button } from "../support/browser-guest.mjs";
import { cardOf, go, sampleWallet, signInAsSampleHost } from "../support/browser-host.mjs";

const stage = browserStage();

/** 12 megapixels with a place in its metadata, and turned by it. */
async function photo() {
  const [width, height] = [4000, 3000];
  const colours = Buffer.from(Array.from({ length: 12 }, (_, i) => [(i * 67) % 256, (i * 29) % 256, (i * 151) % 256]).flat());
  return sharp(colours, { raw: { width: 4, height: 3, channels: 3 } })
    .resize(width, height, { kernel: "cubic" })
    .withExif({ IFD0: { Copyright: "SECRET" }, IFD3: { GPSLatitude: "52/1 31/1 0/1" } })
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 95 })
    .toBuffer();
}

const sizeOf = (image) => image.evaluate((it) => it.decode().then(() => [it.naturalWidth, it.naturalHeight]));

test("a host uploads a photo as a cover, which every page shows, and takes it away", stage.visit({ wallet: sampleWallet() }, async ({ page }) => {
  const { stack } = stage;
  const event = await stack.createEvent({ title: "Evening with a picture" });
  await signInAsSampleHost(page);
  await go(page, "Events");
  await cardOf(page, event.title).getByRole("button", { name: "Edit" }).click();
  const form = page.getByRole("form", { name: "Change the event" });
  const drawn = form.getByRole("group", { name: "Cover" }).locator("img");
  const before = await drawn.getAttribute("src");
  await button(form, "Draw another cover").click();
  assert.notEqual(await drawn.getAttribute("src"), before);
  const file = form.getByLabel("Cover: a picture from this device");
  await file.setInputFiles({ name: "page.svg", mimeType: "image/svg+xml", buffer: Buffer.from("no picture") });
  await form.getByText("This file is not a picture that this browser can open. Choose a JPEG, PNG or WebP.").waitFor();
  await file.setInputFiles({ name: "photo.jpg", mimeType: "image/jpeg", buffer: await photo() });
  await form.getByLabel("What the picture shows (optional)").fill("A stage with lights");
  const [width, height] = await sizeOf(form.getByRole("img", { name: "A stage with lights" }));
  assert.deepEqual([width, height], [1200, 1200], "turned upright, cut to a square and resized");
  await looksRight(page, "my-mcp-event-picture");
  await button(form, "Save changes").click();
  await page.getByText(`“${event.title}” was changed.`).waitFor();

  await page.goto(`/e/${stack.host.scope}/${event.id}`);
  const cover = page.getByRole("img", { name: "A stage with lights" });
  assert.deepEqual(await sizeOf(cover), [1200, 1200]);
  await looksRight(page, "event-picture");
  const path = await cover.getAttribute("src");
  assert.equal(await page.locator("meta[property='og:image']").getAttribute("content"), `${new URL(page.url()).origin}${path}`);
  const served = await fetch(new URL(path, page.url()));
  const bytes = Buffer.from(await served.arrayBuffer());
  assert.ok(bytes.length <= 300_000 && !bytes.includes("SECRET") && !bytes.includes("Exif"), `${bytes.length} bytes`);
  const header = (name) => served.headers.get(name);
  assert.deepEqual(
    ["content-type", "cache-control", "x-content-type-options", "content-security-policy"].map(header),
    ["image/jpeg", "public, max-age=31536000, immutable", "nosniff", "default-src 'none'; sandbox"],
  );
  assert.equal((await sharp(bytes).metadata()).exif, undefined);
  for (const [address, name] of [[`/e/${stack.host.scope}`, "host-picture"], [`/buy/${stack.host.scope}/${event.id}`, "checkout-picture"]]) {
    await page.goto(address);
    await sizeOf(page.locator(`img[src="${path}"]`).first());
    await looksRight(page, name);
  }

  await page.goto("/my-mcp");
  await go(page, "Events");
  await sizeOf(cardOf(page, event.title).locator("img"));
  await cardOf(page, event.title).getByRole("button", { name: "Edit" }).click();
  await button(form, "Remove the picture").click();
  await button(form, "Save changes").click();
  await page.getByText(`“${event.title}” was changed.`).waitFor();
  const { events } = await stack.call("GET", "/api/users/events");
  assert.match(events.find(({ id }) => id === event.id).coverPath, /^\/covers\//);
}));

test("a host shows its own picture", stage.visit({ wallet: sampleWallet() }, async ({ page }) => {
  await signInAsSampleHost(page);
  await go(page, "Settings");
  await page.getByLabel("Your picture: a picture from this device").setInputFiles({ name: "me.jpg", mimeType: "image/jpeg", buffer: await photo() });
  await page.getByLabel("What the picture shows (optional)").fill("Ada");
  await button(page, "Save name").click();
  await page.getByText("Guests read it from now on.").waitFor();
  await looksRight(page, "my-mcp-picture");
  await page.goto(`/e/${stage.stack.host.scope}`);
  assert.deepEqual(await sizeOf(page.getByRole("img", { name: "Ada" })), [640, 640]);
}));

test("the picture of a link preview has the letters of three scripts, and figures where a title is in another one", async () => {
  const { stack } = stage;
  const draw = async (title, name) => {
    const { id } = await stack.createEvent({ title, location: "Berlin", coverPalette: "ink" });
    const answer = await fetch(`${stack.url}/e/${stack.host.scope}/${id}/share.png`);
    assert.equal(answer.headers.get("content-type"), "image/png");
    const png = Buffer.from(await answer.arrayBuffer());
    if (name) writeFileSync(join(root, ".dev", "screenshots", `share-${name}.png`), png);
    // The right side is the cover, which is another one for every event, in the same colours here.
    return sharp(png).extract({ left: 0, top: 0, width: 560, height: 630 }).raw().toBuffer();
  };
  const [accents, plain] = [await draw("Kovač", undefined), await draw("Kovac", undefined)];
  assert.ok(!accents.equals(plain), "the accent is drawn");
  assert.ok(plain.equals(await draw("Kovac", undefined)), "the same title is drawn alike");
  await draw("Žluťoučký kůň: Łódź, Ångström, Đặng Thế, ß, œuvre, ı", "latin");
  await draw("Das große Frühlingsfest in der Straße München", "german");
  await draw("Вечер о Rust: Ёлки, щи и мёд, їжак", "cyrillic");
  await draw("Βραδιά για αρχάριους: Ώρα ΐ, Ψυχή", "greek");
  const [figures, other] = [await draw("初心者のための夜", "figures"), await draw("مساء", undefined)];
  assert.ok(figures.equals(other), "no part of such a title is drawn");
});
