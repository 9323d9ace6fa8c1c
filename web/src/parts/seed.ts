// Seeds of drawn pictures. The Worker draws a cover for every id, so what has no id of ours gets one from its name.

/** Hex digits that follow from a text: FNV-1a, 32 bits for each eight. */
export function hexOf(text: string, digits: 24 | 32): string {
  const bytes = new TextEncoder().encode(text);
  let hex = "";
  let hash = 0x811c9dc5;
  while (hex.length < digits) {
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
    // Another eight for the same text.
    hash = Math.imul(hash ^ hex.length, 0x01000193);
    hex += (hash >>> 0).toString(16).padStart(8, "0");
  }
  return hex;
}
