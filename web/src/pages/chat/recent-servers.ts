// The MCP servers that this browser was connected to.
import { parseJson } from "../../base/object";
import { Observable, useObservable } from "../../base/observable";
import { readStored, writeStored } from "../../base/storage";

/** The key of earlier versions, so that their list is kept. */
const KEY = "events-concierge.doors";
const SERVERS_MAX = 8;

// Other tabs change the list, too.
const recent = new Observable(read(), () => addEventListener("storage", () => recent.set(read())));

/** Their URLs, newest first. */
export function useRecentServers(): readonly string[] {
  return useObservable(recent);
}

export function rememberServer(url: string): void {
  const urls = [url, ...read().filter((other) => other !== url)].slice(0, SERVERS_MAX);
  writeStored(KEY, JSON.stringify(urls));
  recent.set(read());
}

/** What is wrong with a server URL, or null. */
export function urlFault(text: string): string | null {
  const url = text.trim();
  if (url === "") return "Paste the server URL.";
  if (!URL.canParse(url)) return "This is not a URL. It must start with https://";
  const { protocol, username, password } = new URL(url);
  if (protocol !== "https:" && protocol !== "http:")
    return "The server URL must start with https:// or http://";
  return username !== "" || password !== "" ? "Remove the user name before the @: servers need none." : null;
}

function read(): readonly string[] {
  const stored = parseJson(readStored(KEY));
  return Array.isArray(stored) ? stored.filter(isUrl).slice(0, SERVERS_MAX) : [];
}

function isUrl(url: unknown): url is string {
  return typeof url === "string" && urlFault(url) === null;
}
