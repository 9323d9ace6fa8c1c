// What the agent says: a sentence, the cards that it is about, and what can be said next.
import { textOf } from "../../base/object";
import { Badge, Button, Card, Time, safeLink, visible } from "../../parts";
import { say, useSession, type Entry } from "../../session";
import { Offers } from "./offers";
import { Events } from "./result";
import { SecretList } from "./secrets";

const SUGGESTIONS_MAX = 3;

type Props = { entry: Extract<Entry, { kind: "agent" }>; isLast: boolean };

export function Answer({ entry, isLast }: Props) {
  const isOpen = useSession((state) => state.link === "open");
  const suggestions = Array.isArray(entry.suggestions) ? entry.suggestions.slice(0, SUGGESTIONS_MAX) : [];
  return (
    <>
      <div className="bubble bubble-agent">
        <span className="visually-hidden">Concierge: </span>
        {entry.text}
      </div>
      <Shown cards={entry.cards} />
      {isLast && suggestions.length > 0 && (
        <div className="suggestions" role="group" aria-label="What you can say next">
          {suggestions.map((suggestion) => (
            <Button key={suggestion} size="small" disabled={!isOpen} onClick={() => say(suggestion)}>
              {visible(suggestion)}
            </Button>
          ))}
        </div>
      )}
    </>
  );
}

// The entry may have been stored by another version of the page, so every list is checked.
function Shown({ cards }: { cards: Props["entry"]["cards"] }) {
  switch (cards?.kind) {
    case "events":
      return Array.isArray(cards.events) ? <Events events={cards.events} mcpUrl={cards.mcpUrl} /> : null;
    case "secrets":
      return Array.isArray(cards.secrets) ? (
        <SecretList secrets={cards.secrets} mcpUrl={cards.mcpUrl} />
      ) : null;
    case "bought":
      return Array.isArray(cards.bought) ? (
        <Offers items={cards.bought} noun="purchase" empty="You have bought nothing yet.">
          {(bought, place) => <Bought key={`${textOf(bought, "id") ?? ""}-${place}`} bought={bought} />}
        </Offers>
      ) : null;
    case undefined:
      return null;
  }
}

function Bought({ bought }: { bought: Record<string, unknown> }) {
  const ticket = safeLink(bought["ticketUrl"]);
  const isSeat = ticket !== null || textOf(bought, "tool") === "rsvpToEvent";
  const startsAt = textOf(bought, "startsAt");
  const location = textOf(bought, "location");
  const name = textOf(bought, "title") ?? "";
  const title = name === "" ? (isSeat ? "Your seat" : "Your secret") : visible(name);
  return (
    <Card title={title} level={3} many aside={<Badge tone="ok">{isSeat ? "Ticket" : "Secret"}</Badge>}>
      {startsAt !== undefined && (
        <p>
          <Time at={startsAt} timeZone={textOf(bought, "timeZone")} />
          {location !== undefined && ` · ${visible(location)}`}
        </p>
      )}
      {ticket !== null && (
        <p>
          <a href={ticket} target="_blank" rel="noreferrer noopener">
            Show ticket
          </a>
        </p>
      )}
      {!isSeat && name !== "" && (
        <Button
          size="small"
          onClick={() => say(`Buy the secret ${name}`)}
          label={`Show ${title} again, which costs nothing`}
        >
          Show again
        </Button>
      )}
    </Card>
  );
}
