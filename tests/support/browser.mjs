// A person in front of the page: Chromium, against what `npm start` runs. What must never happen is watched
// in every test: an error in the page, something that its Content-Security-Policy forbids, a request to
// anybody else.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { after, before } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";
import { chromium as browserPath } from "../../dev/chromium.mjs";
import { root } from "../../dev/lib/process.mjs";
import { startStack } from "./browser-stack.mjs";
import { install } from "./browser-wallet.mjs";
import { isForThumbs } from "./thumb.mjs";

const screenshots = join(root, ".dev", "screenshots");
const PATIENCE_MILLIS = 20_000;
const SIZES = { wide: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const SCHEMES = ["light", "dark"];
const QUIET = ["disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"];
/** Who is not signed in is told so with 401, which Chromium writes to the console. */
const SIGNED_OUT = /status of 401 .*\/api\/users\/me/;

/** What Chromium writes to the console of requests that a stopped server does not answer, or not to the end. */
export const UNANSWERED =
  /ERR_CONNECTION_(REFUSED|RESET)|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED|ERR_SOCKET_NOT_CONNECTED|WebSocket connection to .* failed/;

/**
 * For a whole file: the stack and the browser run from its first test to its last. `stage.stack` is what
 * `startStack` gives, `prepare` is given it before the first test, `settings()` gives what it is started with, `more` are switches
 * of Chromium; `stage.visit(options, body)` is the function of a test: `body` is given
 * - `page`: of a visitor who has never been here, and `context`;
 * - `newTab()`: another page of the same visitor, `newVisitor(options)`: another visitor;
 * - `expects(pattern)`: what may be said on the console from now on.
 *
 * `options`: `size` ("wide" or "phone"), `wallet` (of browser-wallet.mjs).
 */
export function browserStage(prepare = () => {}, settings = () => ({}), more = []) {
  const stage = {};
  before(async () => {
    mkdirSync(screenshots, { recursive: true });
    stage.stack = await startStack(await settings());
    await prepare(stage.stack);
    const sandbox = process.getuid?.() === 0 ? ["no-sandbox"] : [];
    const args = [...QUIET, ...sandbox, ...more].map((name) => `--${name}`);
    stage.browser = await chromium.launch({ executablePath: await browserPath(), args });
  });
  after(async () => {
    await stage.browser?.close();
    await stage.stack?.end();
  });
  stage.visit = (options, body) => (test) => visit(stage, options, body, test.name);
  return stage;
}

async function visit(stage, options, body, name) {
  // A test may have failed while the server was stopped.
  await stage.stack.start();
  const visitors = [];
  const arrive = async (more) => {
    const visitor = await newVisitor(stage, more);
    visitors.push(visitor);
    return visitor;
  };
  const first = await arrive(options);
  try {
    await body({ ...first, page: await first.newTab(), newVisitor: arrive });
    for (const { problems } of visitors) assert.deepEqual(problems, [], "what must not happen in a page");
  } catch (error) {
    await showFailure(visitors, name);
    throw error;
  } finally {
    for (const { context } of visitors) await context.close();
  }
}

async function newVisitor({ browser, stack }, { size = "wide", wallet }) {
  const context = await browser.newContext({ baseURL: stack.url, viewport: SIZES[size], reducedMotion: "reduce" });
  context.setDefaultTimeout(PATIENCE_MILLIS);
  const problems = [];
  const expected = [SIGNED_OUT];
  const watch = { stack, problems, isExpected: (text) => expected.some((pattern) => pattern.test(text)) };
  await watchContext(context, watch);
  if (wallet) await install(context, wallet);
  const newTab = async () => watchPage(await context.newPage(), watch);
  return { context, newTab, problems, expects: (pattern) => expected.push(pattern) };
}

async function watchContext(context, { stack, problems }) {
  const ours = new URL(stack.url).host;
  context.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (/^(http|ws)s?:$/.test(protocol) && host !== ours) problems.push(`a request to ${request.url()}`);
  });
  await context.exposeFunction("testSeesViolation", (what) => problems.push(what));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => {
      window.testSeesViolation(`${violatedDirective} forbids ${blockedURI} (${sourceFile}:${lineNumber})`);
    });
  });
}

function watchPage(page, { stack, problems, isExpected }) {
  page.on("pageerror", (error) => problems.push(`an error in the page: ${error.stack ?? error}`));
  page.on("console", (message) => {
    const text = `${message.text()} ${message.location().url ?? ""}`;
    if (message.type() === "error" && !isExpected(text)) problems.push(`on the console: ${text}`);
  });
  const socketUrl = stack.url.replace("http", "ws");
  page.on("websocket", (socket) => {
    if (!socket.url().startsWith(`${socketUrl}/`)) problems.push(`a socket to ${socket.url()}`);
  });
  return page;
}

/**
 * The state that the page is in, as everybody sees it: no violation that axe knows of, nothing that has to
 * be scrolled sideways, in light and dark, wide and on a phone, where every control is for a thumb. A screenshot of
 * each is kept.
 */
export async function looksRight(page, name) {
  const before = page.viewportSize();
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      const what = `${name}-${colorScheme}-${size}`;
      await page.evaluate(picturesInView);
      await page.screenshot({ path: join(screenshots, `${what}.png`) });
      // Dark on a phone has the colours of the one and the layout of the other.
      if (size === "wide" || colorScheme === "light") await isAccessible(page, what);
    }
    await hasNoSidewaysScroll(page, `${name}-${size}`);
  }
  await isForThumbs(page, name);
  await page.setViewportSize(before);
  await page.emulateMedia({ colorScheme: null });
}

// Runs in the page: waits for the pictures that are seen. One that cannot be loaded is seen as it is.
function picturesInView() {
  const isSeen = (image) => image.checkVisibility() && image.getBoundingClientRect().top < innerHeight;
  return Promise.all([...document.images].filter(isSeen).map((image) => image.decode().catch(() => undefined)));
}

/** What the page gives when the button or link `control` is pressed: the file's name and text. */
export async function download(page, control) {
  const [file] = await Promise.all([page.waitForEvent("download"), control.click()]);
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8") };
}

async function isAccessible(page, what) {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] }).analyze();
  const lines = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}\n  at ${target.join(" ")}\n  ${failureSummary?.replaceAll("\n", "\n  ")}`),
  );
  assert.ok(lines.length === 0, `axe objects to ${what}:\n${lines.join("\n")}`);
}

async function hasNoSidewaysScroll(page, what) {
  const { scroll, width } = await page.evaluate(() => ({
    scroll: Math.max(document.documentElement.scrollWidth, document.body.scrollWidth),
    width: document.documentElement.clientWidth,
  }));
  assert.ok(scroll <= width, `${what} is ${scroll} pixels wide, the screen ${width}`);
}

// What a person would look at first.
async function showFailure(visitors, name) {
  const file = name.replaceAll(/[^a-z0-9]+/gi, "-").slice(0, 60);
  for (const [index, { context, problems }] of visitors.entries()) {
    for (const problem of problems) console.log(`  seen: ${problem}`);
    for (const [tab, page] of context.pages().entries()) {
      const path = join(screenshots, `failed-${file}-${index}-${tab}.png`);
      await page.screenshot({ path }).catch(() => {});
      console.log(`  ${page.url()} looked like ${relative(root, path)}`);
    }
  }
}
