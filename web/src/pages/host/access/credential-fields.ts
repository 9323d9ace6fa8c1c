// The values of the credential form, and the credential that they describe. Pure.
import type { Tier } from "../../../api/types";
import { readEnd } from "../shared/end-field";

export type NewCredential = { name: string; tier: Tier; tools?: string[]; expiresAt?: string };

export const CREDENTIAL_FIELDS = ["name", "tier", "tools", "expiresAt"] as const;
export type CredentialErrors = Partial<Record<(typeof CREDENTIAL_FIELDS)[number], string>>;
export type CredentialValues = {
  name: string;
  tier: Tier;
  /** Only the chosen tools, instead of all. */
  isLimited: boolean;
  tools: readonly string[];
  expiresAt: string;
};

export const TIERS: Record<Tier, string> = {
  read: "Read: only reads",
  draft: "Draft: also prepares what you approve",
  send: "Send: does what you may do",
};
/** The end of a credential without an explicit one, and the latest end. */
export const ENDS: Record<Tier, { whenEmpty: string; days: number | null }> = {
  read: { whenEmpty: "never", days: null },
  draft: { whenEmpty: "never", days: null },
  send: { whenEmpty: "90 days from now, at most 366", days: 366 },
};
export const TIER_NAMES = ["read", "draft", "send"] as const satisfies readonly Tier[];

export function emptyCredential(): CredentialValues {
  return { name: "", tier: "draft", isLimited: false, tools: [], expiresAt: "" };
}

/** The credential that the form describes, or its errors. */
export function readCredential(
  values: CredentialValues,
  now: number,
): { ok: true; value: NewCredential } | { ok: false; errors: CredentialErrors } {
  const errors: CredentialErrors = {};
  const name = values.name.trim();
  if (name === "") errors.name = "Give it a name, so that you recognize it";
  else if (Array.from(name).length > 100) errors.name = "Must have at most 100 characters";
  if (values.isLimited && values.tools.length === 0) errors.tools = "Choose at least one, or all tools";
  const end = readEnd(values.expiresAt, now);
  const { days } = ENDS[values.tier];
  if ("fault" in end) errors.expiresAt = end.fault;
  else if (end.at !== null && days !== null && Date.parse(end.at) > now + days * 86_400_000) {
    errors.expiresAt = `Must be at most ${days} days from now`;
  }
  if ("fault" in end || Object.keys(errors).length > 0) return { ok: false, errors };
  const value: NewCredential = { name, tier: values.tier };
  if (values.isLimited) value.tools = [...values.tools];
  if (end.at !== null) value.expiresAt = end.at;
  return { ok: true, value };
}
