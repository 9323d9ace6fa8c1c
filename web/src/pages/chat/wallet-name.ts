import type { Kind } from "../../api/types";

const NAMES: Record<Kind, string> = {
  browser: "Browser wallet",
  smart: "Smart wallet",
  crossmint: "Crossmint wallet",
};

/** "Browser wallet". */
export function walletName(kind: Kind): string {
  return NAMES[kind];
}
