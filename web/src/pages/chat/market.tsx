// What hosts of this site that chose to be found have on: the chat begins with it. Texts of hosts are shown as they are.
import { useEffect, useState, type FormEvent } from "react";
import { request } from "../../api/http";
import { contentOf, isObject, textOf } from "../../base/object";
import { Button, EventCover, Notice, TextField, eventTime, useIsPhone } from "../../parts";
import { serverUrl } from "../../purchase/offers";
import { callTool } from "../../session";

/** Events that are shown at once. */
const SHOWN = 6;
const CHARS_MAX = 100;

type Found = {
  id: string;
  title: string;
  /** When, where, for how much, and whose. */
  about: string;
  cover: string | undefined;
  server: string;
};

type Props = { market: MarketState; onChoose: (mcpUrl: string) => void; disabled: boolean };

/** The event that was chosen, until its server is connected. */
let chosen: { server: string; id: string } | null = null;

/** Shows the event that was chosen once the chat is connected to its server. */
export function useChosenEvent(mcpUrl: string | undefined): void {
  useEffect(() => {
    if (chosen === null || mcpUrl !== chosen.server) return;
    // A call and no message: the title is a stranger's text, and a message is the guest's own.
    callTool("getEvent", { eventId: chosen.id }, "chat");
    chosen = null;
  }, [mcpUrl]);
}

/** Whether nobody is listed, or nobody can be found now. */
export function isEmpty({ found, searched }: MarketState): boolean {
  return found !== null && found.length === 0 && searched === "";
}

/** Events of listed hosts, and a search in them. Nothing while nobody is listed. */
export function Market({ market, onChoose, disabled }: Props) {
  const [words, setWords] = useState("");
  const isPhone = useIsPhone();
  const { found, isFailed, search } = market;
  if (found === null || isEmpty(market)) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    search(words.trim());
  };
  const choose = (id: string, server: string) => {
    chosen = { server, id };
    onChoose(server);
  };
  return (
    <div className="stack market">
      <form className="with-button" role="search" onSubmit={submit}>
        <TextField
          label="What are you looking for?"
          type="search"
          value={words}
          maxLength={CHARS_MAX}
          onChange={setWords}
        />
        <Button type="submit">Search</Button>
      </form>
      {isFailed && <Notice kind="warn">The search did not answer. Try again in a moment.</Notice>}
      <div role="status">{found.length === 0 && !isFailed && <p>Nothing fits. Try other words.</p>}</div>
      <ul className="choices">
        {found.map(({ id, title, about, cover, server }) => (
          <li key={id}>
            <button type="button" className="choice" disabled={disabled} onClick={() => choose(id, server)}>
              <EventCover id={id} path={cover} cut={isPhone ? "square" : "wide"} />
              <span className="choice-text">
                <strong>{title}</strong>
                <span className="small quiet">{about}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      <p>
        <a href="/discover">Search by place, time and price</a>
      </p>
    </div>
  );
}

export type MarketState = ReturnType<typeof useMarket>;

/** What is on, and what a search finds; `found` is null before the first answer. */
export function useMarket() {
  const [searched, search] = useState("");
  const [found, setFound] = useState<readonly Found[] | null>(null);
  const [isFailed, setIsFailed] = useState(false);
  useEffect(() => {
    let isGone = false;
    findEvents(searched).then(
      (events) => {
        if (isGone) return;
        setFound(events);
        setIsFailed(false);
      },
      () => {
        if (isGone) return;
        setFound((before) => before ?? []);
        // At the start the address field is enough.
        setIsFailed(searched !== "");
      },
    );
    return () => void (isGone = true);
  }, [searched]);
  return { found, searched, isFailed, search };
}

/** Asks the marketplace, which is an MCP server. Throws `ApiError`. */
async function findEvents(text: string): Promise<readonly Found[]> {
  const wanted = { limit: SHOWN, ...(text === "" ? {} : { text }) };
  const call = {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "findEvents", arguments: wanted },
  };
  const answer = await request<unknown>("POST", "/mcp", call);
  const content = contentOf(isObject(answer) ? answer["result"] : undefined);
  const events = isObject(content) ? content["events"] : undefined;
  return Array.isArray(events) ? events.flatMap((event: unknown) => read(event) ?? []) : [];
}

function read(event: unknown): Found | null {
  const host = isObject(event) ? event["host"] : undefined;
  const [id, title, scope] = [textOf(event, "id"), textOf(event, "title"), textOf(host, "scope")];
  if (id === undefined || title === undefined || scope === undefined) return null;
  const about = [
    eventTime(textOf(event, "startsAt") ?? "", textOf(event, "timeZone")),
    textOf(event, "location"),
    textOf(event, "priceInWords"),
    textOf(host, "name"),
  ];
  return {
    id,
    title,
    about: about.filter((part) => part !== null && part !== undefined && part !== "").join(" · "),
    cover: textOf(event, "coverPath"),
    server: serverUrl(scope),
  };
}
