// localStorage and sessionStorage, which may be full or forbidden. The page works without them.

type Area = "localStorage" | "sessionStorage";

/** The stored text, or null. */
export function readStored(key: string, area: Area = "localStorage"): string | null {
  try {
    return window[area].getItem(key);
  } catch {
    return null;
  }
}

/** Stores the text if the browser allows it. */
export function writeStored(key: string, text: string, area: Area = "localStorage"): void {
  try {
    window[area].setItem(key, text);
  } catch {
    // The text is lost with the next load.
  }
}

/** Removes the text if there is one. */
export function removeStored(key: string, area: Area = "localStorage"): void {
  try {
    window[area].removeItem(key);
  } catch {
    // Without storage there is nothing to remove.
  }
}
