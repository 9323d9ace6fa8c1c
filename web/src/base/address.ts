/** Whether the text is an Ethereum address, with or without checksum. */
export function isAddress(text: unknown): text is `0x${string}` {
  return typeof text === "string" && /^0x[0-9a-fA-F]{40}$/.test(text);
}

/** Compares addresses without their checksums, which are in the letter case. */
export function isSameAddress(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
