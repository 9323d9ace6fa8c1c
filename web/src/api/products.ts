// The products that a host sells. `FIELD` is their name in the REST API.
import type { ProfileView } from "./types";

export type Product = "events" | "vault" | "desk";

const FIELD = "products" satisfies keyof ProfileView;

/** The products that the host has switched on. */
export function productsOf(profile: ProfileView): readonly string[] {
  return profile[FIELD];
}

/** The body of a PATCH that switches on exactly these products. */
export function productChanges(products: readonly Product[]): Partial<Record<keyof ProfileView, unknown>> {
  return { [FIELD]: products };
}
