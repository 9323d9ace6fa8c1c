// A deployment whose settings are missing says so to who opens its page.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { chromium as browserPath } from "../../dev/chromium.mjs";
import { startWorker } from "../support/worker.mjs";

let worker, browser;

before(async () => {
  worker = await startWorker({ secrets: { MASTER_KEY: randomBytes(32).toString("hex") } });
  browser = await chromium.launch({ executablePath: await browserPath(), args: ["--no-sandbox", "--disable-gpu"] });
});
after(async () => {
  await browser?.close();
  await worker?.stop();
});

test("on / it is one sentence with the setting and the command, and no talk of a server that is away", async () => {
  const page = await browser.newPage({ baseURL: worker.url });
  await page.goto("/");
  const notice = page.getByRole("alert").filter({ hasText: "PUBLIC_URL" }).first();
  await notice.waitFor();
  assert.match(await notice.innerText(), /PUBLIC_URL is missing, .*`npm run deploy` sets it/);
  assert.doesNotMatch(await page.locator("body").innerText(), /cannot be reached|connection was lost/i);
  await page.close();
});
