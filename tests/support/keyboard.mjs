// A person without a mouse: Tab to a control by its name, a ring that is seen, a focus that stays in a dialog.
import assert from "node:assert/strict";

const TABS_MAX = 90;

/** What has the focus, as a screen reader would name it. */
export const focused = (page) => page.evaluateHandle(() => document.activeElement).then(nameOf);

/** The name of an element without what a screen reader leaves out: a count beside it may come at any time. */
export const nameOf = (handle) =>
  handle.evaluate((element) => {
    const visible = (one) => {
      const copy = one.cloneNode(true);
      for (const hidden of copy.querySelectorAll("[aria-hidden=true], [hidden]")) hidden.remove();
      return copy.textContent;
    };
    return (element.getAttribute("aria-label") ?? visible(element.labels?.[0] ?? element)).trim();
  });

/** Presses Tab until `name` (a text, or a pattern) has the focus, which must be seen. */
export async function tabTo(page, name) {
  const seen = [];
  for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
    const now = await focused(page);
    if (typeof name === "string" ? now === name : name.test(now)) return hasVisibleFocus(page, now);
    seen.push(now.slice(0, 40));
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to ${name}; it leads to ${seen.join(" | ")}`);
}

/** A ring or a shadow that is not there without the focus. */
export async function hasVisibleFocus(page, name) {
  const rings = await page.evaluate(() => {
    const { activeElement: element } = document;
    // Some fields have their ring around the box that they stand in.
    return [element, element.closest("label, .search-field, .composer-box")].filter(Boolean).map((one) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
      return { style: outlineStyle, width: parseFloat(outlineWidth), shadow: boxShadow };
    });
  });
  const isSeen = ({ style, width, shadow }) => (style !== "none" && width >= 1) || shadow !== "none";
  assert.ok(rings.some(isSeen), `the focus on ${name} cannot be seen`);
}

export async function press(page, name, key = "Enter") {
  await tabTo(page, name);
  await page.keyboard.press(key);
}

/** Tabs to the field and writes into it. */
export async function type(page, name, text) {
  await tabTo(page, name);
  await page.keyboard.type(text);
}

/** However far one tabs, the focus stays in the dialog. */
export async function isTrapped(page) {
  const isInside = () => page.evaluate(() => document.querySelector("dialog[open], [role=dialog]").contains(document.activeElement));
  for (const key of ["Tab", "Shift+Tab"]) {
    for (let count = 0; count < 15; count += 1) {
      assert.ok(await isInside(), `${key} leaves the dialog`);
      await page.keyboard.press(key);
    }
  }
  assert.ok(await isInside());
}
