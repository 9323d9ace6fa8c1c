// The values of the secret form, and the secret or changes that they describe. The secret value itself stays
// in its field and is only passed through. Pure.
import type { SecretView } from "../../../api/types";
import { toAtomic } from "../../../base/amounts";
import { endText, readEnd } from "../shared/end-field";

export const SECRET_FIELDS = ["name", "description", "price", "expiresAt"] as const;
export type SecretField = (typeof SECRET_FIELDS)[number];
export type SecretValues = Record<SecretField, string>;
export type SecretErrors = Partial<Record<SecretField | "value", string>>;

export type NewSecret = {
  name: string;
  value: string;
  description: string;
  price: string;
  expiresAt?: string;
};
/** Fields that are left out stay; `expiresAt: null` removes the end. */
export type SecretChanges = Partial<Omit<NewSecret, "expiresAt">> & { expiresAt?: string | null };
export type Read<T> = { ok: true; value: T } | { ok: false; errors: SecretErrors };

/** The values of `secret`, or of a new one. */
export function secretValues(secret: SecretView | null): SecretValues {
  if (secret === null) return { name: "", description: "", price: "0.05", expiresAt: "" };
  const { name, description, price, expiresAt } = secret;
  return { name, description, price, expiresAt: endText(expiresAt) };
}

/** The new secret that the form describes. */
export function readNewSecret(values: SecretValues, value: string, now: number): Read<NewSecret> {
  const errors = check(values, value);
  if (value === "") errors.value = "Enter the secret itself";
  const end = readEnd(values.expiresAt, now);
  if ("fault" in end) errors.expiresAt = end.fault;
  if (Object.keys(errors).length > 0 || "fault" in end) return { ok: false, errors };
  const { name, description, price } = trimmed(values);
  const secret: NewSecret = { name, value, description, price };
  if (end.at !== null) secret.expiresAt = end.at;
  return { ok: true, value: secret };
}

/** The changes of `secret` that the form describes. An empty value keeps the sealed one. */
export function readSecretChanges(
  values: SecretValues,
  value: string,
  secret: SecretView,
  now: number,
): Read<SecretChanges> {
  const before = secretValues(secret);
  const errors = check(values, value);
  const isUnchangedEnd = values.expiresAt === before.expiresAt;
  const end = isUnchangedEnd ? { at: null } : readEnd(values.expiresAt, now);
  if ("fault" in end) errors.expiresAt = end.fault;
  if (secret.status === "expired" && value === "") {
    errors.value = "The value of an expired secret is destroyed: enter a new one";
  }
  if (secret.status === "expired" && isUnchangedEnd)
    errors.expiresAt = "Is in the past: choose another end, or none";
  if (Object.keys(errors).length > 0 || "fault" in end) return { ok: false, errors };
  const changes: SecretChanges = {};
  const after = trimmed(values);
  for (const name of ["name", "description", "price"] as const) {
    if (after[name] !== before[name]) changes[name] = after[name];
  }
  if (!isUnchangedEnd) changes.expiresAt = end.at;
  if (value !== "") changes.value = value;
  return { ok: true, value: changes };
}

function check(values: SecretValues, value: string): SecretErrors {
  const errors: SecretErrors = {};
  const { name, description, price } = trimmed(values);
  if (name === "") errors.name = "Give the secret a name";
  else if (Array.from(name).length > 200) errors.name = "Must have at most 200 characters";
  if (Array.from(description).length > 2000) errors.description = "Must have at most 2000 characters";
  const dollars = toAtomic(price);
  if (dollars === null || dollars <= 0n) {
    errors.price = "Must be dollars such as 0.05, with at most 6 digits after the point";
  }
  if (new TextEncoder().encode(value).length > 16_384) errors.value = "Must have at most 16384 bytes";
  return errors;
}

function trimmed(values: SecretValues): SecretValues {
  const { name, description, price, expiresAt } = values;
  return { name: name.trim(), description: description.trim(), price: price.trim(), expiresAt };
}
