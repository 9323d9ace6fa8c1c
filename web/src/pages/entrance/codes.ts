// Ticket codes, their marks, and the ids of check-ins.

/** A ticket code in scanned text: the code, or the address that a QR code holds. As on the server. */
export function codeIn(text: string): string | null {
  const words = text.toLowerCase().split(/[^0-9a-z-]+/);
  const codes = new Set(words.filter((word) => /^[0-9a-f]{32}-[0-9a-f]{24}$/.test(word)));
  return codes.size === 1 ? ([...codes][0] ?? null) : null;
}

/** What the list of tickets has instead of the code: the first 32 hex digits of its SHA-256. */
export async function markOf(code: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(code));
  return hexOf(new Uint8Array(hash)).slice(0, 32);
}

/** `digits` random hex digits. */
export function randomHex(digits: number): string {
  return hexOf(crypto.getRandomValues(new Uint8Array(digits / 2)));
}

/** The id of something that this device does. It begins with the id of the device. */
export function newId(device: string): string {
  return `chk_${device}${randomHex(16)}`;
}

export function isOfDevice(id: string, device: string): boolean {
  return id.startsWith(`chk_${device}`);
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
