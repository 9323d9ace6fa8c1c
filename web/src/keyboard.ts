// The keyboard of a phone. Some browsers lay it over the page, which then does not know that its lower part is covered.

/** A browser's bars are not as high as a keyboard, pixels. */
const KEYBOARD_MIN_PIXELS = 150;

/** Tells the styles how much of the page is covered (`--keyboard`), and that somebody types on a phone (`data-keyboard`). */
export function watchKeyboard(): void {
  const visible = window.visualViewport;
  if (visible === null) return;
  const root = document.documentElement;
  // The height without a keyboard, for the width that the page has now.
  let full = { width: innerWidth, height: innerHeight };
  const update = () => {
    if (full.width !== innerWidth) full = { width: innerWidth, height: innerHeight };
    full.height = Math.max(full.height, innerHeight);
    // A page that somebody has made larger is covered by nothing.
    const isOpen = visible.scale <= 1.01 && isTyping() && full.height - visible.height > KEYBOARD_MIN_PIXELS;
    const covered = isOpen ? Math.max(0, Math.round(innerHeight - visible.height)) : 0;
    root.toggleAttribute("data-keyboard", isOpen);
    root.style.setProperty("--keyboard", `${covered}px`);
  };
  for (const name of ["resize", "scroll"]) visible.addEventListener(name, update);
  for (const name of ["focusin", "focusout"]) document.addEventListener(name, update);
  addEventListener("resize", update);
}

function isTyping(): boolean {
  const { activeElement: element } = document;
  return element !== null && element.matches("input, textarea");
}
