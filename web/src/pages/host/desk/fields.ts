// The values of the ticket form, and the changes that they describe. Pure.
import type { Priority, TicketStatus, TicketView } from "../../../api/types";

/** Fields that are left out stay; an empty text removes the category or the assignee. */
export type TicketChanges = {
  status?: TicketStatus;
  priority?: Priority;
  category?: string;
  tags?: string[];
  assignee?: string;
  /** `null` wakes the ticket. */
  snoozedUntil?: string | null;
};

/** A field that is left out stays. */
export type PriceChange = { price?: string; freePerDay?: number };

export const PRIORITIES = ["low", "normal", "high", "urgent"] as const satisfies readonly Priority[];
export const TICKET_FIELDS = ["status", "priority", "category", "tags", "assignee"] as const;
export type TicketValues = Record<(typeof TICKET_FIELDS)[number], string>;

/** The values of `ticket`; tags are one text, separated by commas. */
export function ticketValues(ticket: TicketView): TicketValues {
  const { status, priority, category, tags, assignee } = ticket;
  return { status, priority, category: category ?? "", tags: tags.join(", "), assignee: assignee ?? "" };
}

/** The changes of `ticket` that the form describes. */
export function ticketChanges(values: TicketValues, ticket: TicketView): TicketChanges {
  const before = ticketValues(ticket);
  const changes: TicketChanges = {};
  const status = (["open", "resolved"] as const).find((one) => one === values.status);
  if (status !== undefined && status !== before.status) changes.status = status;
  const priority = PRIORITIES.find((one) => one === values.priority);
  if (priority !== undefined && priority !== before.priority) changes.priority = priority;
  if (values.category.trim() !== before.category) changes.category = values.category.trim();
  if (values.assignee.trim() !== before.assignee) changes.assignee = values.assignee.trim();
  if (values.tags !== before.tags) changes.tags = tagsOf(values.tags);
  return changes;
}

/** In how many days a ticket comes back, at eight in the morning of the host. */
export const NAPS: readonly { name: string; days: (now: Date) => number }[] = [
  { name: "Until tomorrow", days: () => 1 },
  { name: "Until Monday", days: (now) => (8 - now.getDay()) % 7 || 7 },
  { name: "For a week", days: () => 7 },
];

/** Eight in the morning so many days after `now`, where the host is. */
export function morningIn(days: number, now: Date): string {
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 8);
  return day.toISOString().replace(/\.\d+Z$/, "Z");
}

function tagsOf(text: string): string[] {
  return text
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
}
