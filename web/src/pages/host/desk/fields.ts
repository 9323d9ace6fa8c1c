// What a host may change about a ticket. Pure.
import type { Priority, TicketStatus, TicketView } from "../../../api/types";

/** What is left out stays; empty text takes a category or an assignee away. */
export type TicketChanges = {
  status?: TicketStatus;
  priority?: Priority;
  category?: string;
  tags?: string[];
  assignee?: string;
};

export const PRIORITIES = ["low", "normal", "high", "urgent"] as const satisfies readonly Priority[];
export const TICKET_FIELDS = ["status", "priority", "category", "tags", "assignee"] as const;
export type TicketValues = Record<(typeof TICKET_FIELDS)[number], string>;

/** A form that shows `ticket`; tags are one text, with commas in between. */
export function ticketValues(ticket: TicketView): TicketValues {
  const { status, priority, category, tags, assignee } = ticket;
  return { status, priority, category: category ?? "", tags: tags.join(", "), assignee: assignee ?? "" };
}

/** What the form changes about `ticket`. */
export function ticketChanges(values: TicketValues, ticket: TicketView): TicketChanges {
  const was = ticketValues(ticket);
  const changes: TicketChanges = {};
  const status = (["open", "resolved"] as const).find((one) => one === values.status);
  if (status !== undefined && status !== was.status) changes.status = status;
  const priority = PRIORITIES.find((one) => one === values.priority);
  if (priority !== undefined && priority !== was.priority) changes.priority = priority;
  if (values.category.trim() !== was.category) changes.category = values.category.trim();
  if (values.assignee.trim() !== was.assignee) changes.assignee = values.assignee.trim();
  if (values.tags !== was.tags) changes.tags = tagsOf(values.tags);
  return changes;
}

function tagsOf(text: string): string[] {
  return text
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
}
