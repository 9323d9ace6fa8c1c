// What the Worker derives from a master key, as far as a rotation has to know it (src/identity/keys.rs, lasting.rs, master_key.rs).
import { createHash, hkdfSync } from "node:crypto";

/** A master key as 64 hex digits or base64; undefined if it is neither. */
export function masterKey(text) {
  const given = (text ?? "").trim();
  const hex = /^(?:0x)?([0-9a-f]{64})$/i.exec(given)?.[1];
  const bytes = hex ? Buffer.from(hex, "hex") : Buffer.from(given, "base64");
  return bytes.length === 32 && (hex || bytes.toString("base64") === given) ? bytes : undefined;
}

const derive = (master, purpose, length = 32) => Buffer.from(hkdfSync("sha256", master, "", purpose, length));

const checksum = (keys) => createHash("sha256").update(`events-concierge/identity-keys\n${keys}`).digest("hex").slice(0, 8);

/** The setting IDENTITY_KEYS of a deployment whose first master key this is. */
export function identityKeys(master) {
  const keys = Buffer.concat([derive(master, "scope"), derive(master, "wallet")]).toString("hex");
  return `ik1.${keys}.${checksum(keys)}`;
}

/** Whether a text is such a setting, undamaged. */
export function isIdentityKeys(text) {
  const [, keys, check] = /^ik1\.([0-9a-f]{128})\.([0-9a-f]{8})$/i.exec(text.trim()) ?? [];
  return keys !== undefined && check.toLowerCase() === checksum(keys.toLowerCase());
}

/** The id of a master key, as sealed values and `GET /health` have it. */
export const keyId = (master) => (derive(master, "vault-key-id", 4).readUInt32BE() | 0x80000000) >>> 0;
