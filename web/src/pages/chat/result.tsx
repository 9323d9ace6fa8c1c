// Results of tools. They are untrusted: every part is checked before it is shown, and shown as text.
import { Fragment } from "react";
import { contentOf, isObject, textOf } from "../../base/object";
import { Card, Json, jsonText, visible } from "../../parts";
import { thingOf } from "../../purchase/words";
import { DeskResult, isDeskAnswer } from "./desk-result";
import { EventCard } from "./event-card";
import { Offers } from "./offers";
import { SecretList } from "./secrets";
import { Ticket } from "./ticket";

type ResultProps = { tool: string; result: unknown; mcpUrl: string | null };

export function Result({ tool, result, mcpUrl }: ResultProps) {
  const content = contentOf(result);
  if (isObject(content)) {
    const { events, event, rsvp, secrets } = content;
    if (isObject(rsvp) && textOf(rsvp, "code") !== undefined) return <Ticket content={content} />;
    if (Array.isArray(events)) return <Events events={events} mcpUrl={mcpUrl} />;
    if (Array.isArray(secrets)) return <SecretList secrets={secrets} mcpUrl={mcpUrl} />;
    if (isDeskAnswer(content)) return <DeskResult tool={tool} content={content} />;
    if (isObject(event) && textOf(event, "title") !== undefined)
      return <EventCard event={event} mcpUrl={mcpUrl} />;
    if (textOf(content, "title") !== undefined && textOf(content, "startsAt") !== undefined) {
      return <EventCard event={content} mcpUrl={mcpUrl} />;
    }
  }
  return <Plain tool={tool} result={result} />;
}

/** Events of a server, each as a card. */
export function Events({ events, mcpUrl }: { events: unknown[]; mcpUrl: string | null }) {
  return (
    <Offers items={events} noun="event" empty="This server has no events now.">
      {(event, place) => (
        <EventCard
          key={`${textOf(event, "id") ?? ""}-${place}`}
          event={event}
          mcpUrl={mcpUrl}
          isShort={events.length > 1}
        />
      )}
    </Offers>
  );
}

function Plain({ tool, result }: { tool: string; result: unknown }) {
  const content = isObject(result) ? (result["structuredContent"] ?? result) : result;
  const message = textOf(content, "message") ?? firstText(result);
  return (
    <Card title={answerTitle(tool)} level={2} many>
      {message !== undefined && <p className="event-text">{visible(message)}</p>}
      <Scalars content={content} />
      <details>
        <summary>The whole answer</summary>
        <Json value={content} label={`Answer of ${tool}`} />
      </details>
    </Card>
  );
}

// The name of another server's tool says what it was about; of ours it is known in words.
function answerTitle(tool: string): string {
  const thing = thingOf(tool);
  return thing === "A service" ? `Answer of “${visible(tool)}”` : thing;
}

const SCALARS_MAX = 12;

// The numbers and short texts of a result.
function Scalars({ content }: { content: unknown }) {
  if (!isObject(content)) return null;
  const shown = Object.entries(content)
    .filter(([name, value]) => name !== "message" && isShort(value))
    .slice(0, SCALARS_MAX);
  if (shown.length === 0) return null;
  return (
    <dl className="facts">
      {shown.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{visible(name)}</dt>
          <dd>{visible(String(value))}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

// The first text of the result, unless it repeats the JSON.
function firstText(result: unknown): string | undefined {
  const parts: unknown = isObject(result) ? result["content"] : undefined;
  const text = Array.isArray(parts)
    ? textOf(
        parts.find((part) => textOf(part, "type") === "text"),
        "text",
      )
    : undefined;
  if (text === undefined || /^\s*[[{]/.test(text)) return undefined;
  return jsonText(text.slice(0, 2000));
}

function isShort(value: unknown): boolean {
  return (
    typeof value === "number" ||
    typeof value === "boolean" ||
    (typeof value === "string" && value.length <= 200)
  );
}
