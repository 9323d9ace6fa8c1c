// What a phone asks of a page: nothing to scroll sideways, little room for the frame, and controls for a thumb.
import assert from "node:assert/strict";

export const PHONES = { usual: { width: 390, height: 844 }, small: { width: 320, height: 568 } };
const TARGET_PIXELS_MIN = 40;
/** Together: a bar above and tabs below. */
const CHROME_PIXELS_MAX = 96;

/** Holds the state of the page on each phone. */
export async function isForThumbs(page, what) {
  const before = page.viewportSize();
  for (const [name, size] of Object.entries(PHONES)) {
    await page.setViewportSize(size);
    const { small, wide, chrome } = await page.evaluate(measure, TARGET_PIXELS_MIN);
    assert.deepEqual(small, [], `${what} on a ${name} phone: controls that are too small for a thumb`);
    assert.deepEqual(wide, [], `${what} on a ${name} phone: wider than the screen`);
    assert.ok(chrome <= CHROME_PIXELS_MAX, `${what} on a ${name} phone: ${chrome} pixels of bars`);
  }
  await page.setViewportSize(before);
}

// Runs in the page.
function measure(least) {
  const isSeen = (element) => {
    const { width, height } = element.getBoundingClientRect();
    return element.checkVisibility({ visibilityProperty: true }) && width > 1 && height > 1 && getComputedStyle(element).clipPath === "none";
  };
  // A link within a sentence has the height of its line.
  const isText = (element) => element.tagName === "A" && getComputedStyle(element).display === "inline";
  const isSkipLink = (element) => element.classList.contains("skip-link");
  // A tick is pressed by its label too.
  const targetOf = (element) => (/^(checkbox|radio)$/.test(element.type) ? (element.closest("label") ?? element.labels?.[0] ?? element) : element);
  const nameOf = (element) => {
    const { width, height } = targetOf(element).getBoundingClientRect();
    const text = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
    return `${element.tagName.toLowerCase()} "${text.trim().slice(0, 40)}" ${Math.round(width)}×${Math.round(height)}`;
  };
  const open = document.querySelector("dialog[open]") ?? document;
  const controls = [...open.querySelectorAll("a[href], button, input, select, textarea, summary, [role=tab]")];
  const isSmall = (element) => {
    const { width, height } = targetOf(element).getBoundingClientRect();
    return width < least - 0.5 || height < least - 0.5;
  };
  const small = controls.filter((element) => isSeen(element) && !isText(element) && !isSkipLink(element) && isSmall(element)).map(nameOf);
  const root = document.documentElement;
  const wide = Math.max(root.scrollWidth, document.body.scrollWidth) > root.clientWidth ? [`${root.scrollWidth} of ${root.clientWidth}`] : [];
  const heightOf = (selector) => document.querySelector(selector)?.getBoundingClientRect().height ?? 0;
  return { small, wide, chrome: heightOf(".top") + heightOf(".pages") + heightOf(".host-bar") };
}
