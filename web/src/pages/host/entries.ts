// What the navigation of a host has: only what is on for this host. Pure.
import type { Entry } from "./nav";

export const IDS = [
  "home",
  "events",
  "guests",
  "revenue",
  "payments",
  "secrets",
  "desk",
  "connect",
  "credentials",
  "settings",
] as const;
export type Id = (typeof IDS)[number];

const ENTRIES: readonly (Entry & { id: Id })[] = [
  { id: "home", name: "Home", icon: "home", onPhone: { name: "Home", icon: "home" } },
  { id: "events", name: "Events", icon: "calendar", onPhone: { name: "Events", icon: "calendar" } },
  { id: "guests", name: "Guests", icon: "guests", onPhone: { name: "Check in", icon: "camera" } },
  { id: "revenue", name: "Revenue", icon: "chart" },
  { id: "payments", name: "Payments", icon: "wallet" },
  { id: "secrets", name: "Secrets", icon: "lock", group: "More to sell" },
  {
    id: "desk",
    name: "Desk",
    icon: "inbox",
    group: "More to sell",
    onPhone: { name: "Desk", icon: "inbox" },
  },
  { id: "connect", name: "Connect", icon: "bolt", group: "Set up" },
  { id: "credentials", name: "Credentials", icon: "key", group: "Set up" },
  { id: "settings", name: "Settings", icon: "sliders", group: "Set up" },
];

/** The name of a section. */
export function nameOf(id: Id): string {
  return ENTRIES.find((entry) => entry.id === id)?.name ?? "";
}

type State = {
  /** The products that are on. */
  products: readonly string[];
  /** Whether there are events: what was sold before the product was switched off has its guests still. */
  hasEvents: boolean;
  onSale: number;
  drafts: number;
};

export function entriesOf({ products, hasEvents, onSale, drafts }: State): readonly Entry[] {
  const off = new Set<string>();
  if (!hasEvents && !products.includes("events")) for (const id of ["events", "guests"]) off.add(id);
  if (!products.includes("vault")) off.add("secrets");
  if (!products.includes("desk")) off.add("desk");
  return ENTRIES.filter(({ id }) => !off.has(id)).map((entry) => {
    if (entry.id === "events") return { ...entry, waits: { count: onSale, words: "on sale" } };
    if (entry.id !== "desk") return entry;
    return { ...entry, waits: { count: drafts, words: "wait for your OK", isUrgent: true } };
  });
}
