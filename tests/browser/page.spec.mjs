// What the page is made of: the headers that it comes with, what its first view loads, and that it looks
// right before anything has been done.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { test } from "node:test";
import { root } from "../../dev/lib/process.mjs";
import { browserStage, looksRight } from "../support/browser.mjs";

const PAGES = { "/": "Chat", "/tickets": "Tickets", "/my-mcp": "Host" };
const FIRST_VIEW_KILOBYTES_MAX = 150;
/** viem says who it is in each of its errors; the curve is what its keys need. */
const VIEM = /viem@|secp256k1/;

const stage = browserStage();

test("every page comes with a strict Content-Security-Policy and is never kept without asking", async () => {
  for (const path of Object.keys(PAGES)) {
    const answer = await fetch(stage.stack.url + path);
    assert.equal(answer.status, 200, path);
    const policy = Object.fromEntries(
      answer.headers.get("content-security-policy").split(";").map((part) => {
        const [name, ...sources] = part.trim().split(" ");
        return [name, sources];
      }),
    );
    assert.deepEqual(policy["default-src"], ["'none'"]);
    assert.deepEqual(policy["script-src"], ["'self'"]);
    assert.deepEqual(policy["style-src"], ["'self'"]);
    assert.deepEqual(policy["connect-src"], ["'self'"]);
    assert.deepEqual(policy["base-uri"], ["'none'"]);
    assert.deepEqual(policy["frame-ancestors"], ["'none'"]);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.equal(answer.headers.get("referrer-policy"), "no-referrer");
    assert.equal(answer.headers.get("cache-control"), "no-cache");
    const html = await answer.text();
    assert.doesNotMatch(html, /<script(?![^>]* src="\/)|<style| style=| on[a-z]+=/, "nothing inline");
    const script = /<script[^>]* src="(\/assets\/[^"]+)"/.exec(html)[1];
    const file = await fetch(stage.stack.url + script);
    assert.equal(file.headers.get("cache-control"), "public, max-age=31536000, immutable");
  }
});

test("beside the page's own paths the Worker answers as before", async () => {
  for (const [accept, type] of [["text/html", /^text\/html/], ["application/json", /problem\+json/]]) {
    const nowhere = await fetch(`${stage.stack.url}/no-such-page`, { headers: { accept } });
    assert.equal(nowhere.status, 404);
    assert.match(nowhere.headers.get("content-type"), type);
  }
  assert.equal((await fetch(`${stage.stack.url}/health`)).status, 200);
});

test(`the first view needs at most ${FIRST_VIEW_KILOBYTES_MAX} kB of scripts, and no wallet code`, stage.visit({}, async ({ page }) => {
  const scripts = [];
  page.on("response", (response) => {
    if (response.request().resourceType() === "script") scripts.push(response);
  });
  await page.goto("/", { waitUntil: "networkidle" });
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
  const bodies = await Promise.all(scripts.map((script) => script.body()));
  const kilobytes = bodies.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0) / 1000;
  console.log(`  the first view: ${kilobytes.toFixed(1)} kB of scripts gzipped, in ${bodies.length} files`);
  assert.ok(bodies.length > 0 && kilobytes <= FIRST_VIEW_KILOBYTES_MAX, `${kilobytes} kB`);
  assert.ok(!bodies.some((body) => VIEM.test(body)), "viem is loaded when it is needed");
  const folder = join(root, "web", "dist", "assets");
  const others = readdirSync(folder).filter((name) => name.endsWith(".js")).map((name) => readFileSync(join(folder, name), "utf8"));
  assert.ok(others.some((text) => VIEM.test(text)), "viem would be recognized");
}));

for (const [path, name] of Object.entries(PAGES)) {
  test(`${path} looks right to a visitor who has never been here`, stage.visit({}, async ({ page }) => {
    await page.goto(path);
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: true }).waitFor();
    assert.match(await page.title(), new RegExp(name));
    await page.waitForLoadState("networkidle");
    await page.getByRole("heading", { level: 1 }).waitFor();
    await looksRight(page, `first-${name.toLowerCase().replace(" ", "-")}`);
  }));
}
