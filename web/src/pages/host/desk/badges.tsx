import type { Priority, TicketView } from "../../../api/types";
import { Badge, Time, visible } from "../../../parts";

const TONES: Record<Priority, "plain" | "info" | "warn" | "bad"> = {
  low: "plain",
  normal: "info",
  high: "warn",
  urgent: "bad",
};

/** Status, priority, category and tags of a ticket. */
export function TicketBadges({ ticket }: { ticket: TicketView }) {
  const { status, priority, category, tags, snoozedUntil } = ticket;
  return (
    <span className="host-badges">
      {snoozedUntil === null ? (
        <Badge tone={status === "open" ? "warn" : "ok"}>{status === "open" ? "Open" : "Resolved"}</Badge>
      ) : (
        <Badge tone="info">
          Sleeps until <Time at={snoozedUntil} />
        </Badge>
      )}
      <Badge tone={TONES[priority]}>{priority}</Badge>
      {category !== null && <Badge>{visible(category)}</Badge>}
      {tags.map((tag) => (
        <Badge key={tag}>{visible(tag)}</Badge>
      ))}
    </span>
  );
}
