import { isObject, numberOf, textOf } from "../../base/object";
import { Badge, Card, Hash, sentence, visible } from "../../parts";
import { thingOf } from "../../purchase/words";

const OUTCOMES: Record<string, { word: string; tone: "ok" | "warn" }> = {
  sent: { word: "Sent", tone: "ok" },
  done: { word: "Done", tone: "ok" },
  draft: { word: "Waits for approval", tone: "warn" },
};

/** Whether the result is of a desk tool that has worked on a ticket. */
export function isDeskAnswer(content: unknown): boolean {
  return isObject(content) && content["success"] === true && textOf(content, "ticketId") !== undefined;
}

/** The outcome of a desk tool. */
export function DeskResult({ tool, content }: { tool: string; content: Record<string, unknown> }) {
  const number = numberOf(content, "number");
  const outcome = OUTCOMES[textOf(content, "outcome") ?? ""];
  const message = textOf(content, "message");
  const ticketId = textOf(content, "ticketId") ?? "";
  const draftId = textOf(content, "draftId");
  return (
    <Card
      title={number === undefined ? thingOf(tool) : `Ticket #${number}`}
      level={2}
      many
      aside={
        outcome === undefined ? (
          <Badge tone="ok">{visible(sentence(textOf(content, "status") ?? "Done"))}</Badge>
        ) : (
          <Badge tone={outcome.tone}>{outcome.word}</Badge>
        )
      }
    >
      {message !== undefined && <p className="event-text">{visible(message)}</p>}
      <details>
        <summary>Details</summary>
        <dl className="facts">
          <dt>Ticket</dt>
          <dd>
            <Hash value={visible(ticketId)} full what="ticket id" />
          </dd>
          {draftId !== undefined && (
            <>
              <dt>Draft</dt>
              <dd>
                <Hash value={visible(draftId)} full what="draft id" />
              </dd>
            </>
          )}
        </dl>
      </details>
    </Card>
  );
}
