// The tickets that were bought in this browser: their links, so that a closed tab loses none.
import { isObject, parseJson, textOf } from "../base/object";
import { readStored, removeStored, writeStored } from "../base/storage";

export type KnownTicket = {
  ticketUrl: string;
  eventId: string;
  /** The wallet that has paid. */
  wallet: string;
  title: string;
  startsAt: string;
  timeZone: string;
  place: string;
};

const KEY = "events-concierge.tickets";
const TICKETS_MAX = 200;

/** Newest first. */
export function knownTickets(): readonly KnownTicket[] {
  const list = parseJson(readStored(KEY));
  return Array.isArray(list) ? list.filter(isKnownTicket) : [];
}

/** Remembers the ticket in the result of a tool, if there is one of this deployment in it. */
export function rememberTicket(result: unknown): void {
  const ticket = ticketIn(result);
  if (ticket === null) return;
  const others = knownTickets().filter((other) => other.ticketUrl !== ticket.ticketUrl);
  writeStored(KEY, JSON.stringify([ticket, ...others].slice(0, TICKETS_MAX)));
}

/** Forgets a ticket that was given to somebody else. */
export function forgetTicket(code: string): void {
  const others = knownTickets().filter(({ ticketUrl }) => !ticketUrl.endsWith(`/t/${code}`));
  writeStored(KEY, JSON.stringify(others));
}

export function forgetTickets(): void {
  removeStored(KEY);
}

function ticketIn(result: unknown): KnownTicket | null {
  const content = isObject(result) ? result["structuredContent"] : undefined;
  const ticketUrl = textOf(content, "ticketUrl");
  if (!isObject(content) || ticketUrl === undefined || !isOurs(ticketUrl)) return null;
  const { event, rsvp } = content;
  return {
    ticketUrl,
    eventId: textOf(event, "id") ?? "",
    wallet: textOf(rsvp, "payer") ?? "",
    title: textOf(event, "title") ?? "Your seat",
    startsAt: textOf(event, "startsAt") ?? "",
    timeZone: textOf(event, "timeZone") ?? "UTC",
    place: textOf(event, "location") ?? "",
  };
}

/** Other servers may call anything a ticket; only links to this deployment's tickets are kept. */
function isOurs(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { origin, pathname } = new URL(url);
  return origin === location.origin && /^\/t\/[\w-]{1,200}$/.test(pathname);
}

const MEMBERS = ["ticketUrl", "eventId", "wallet", "title", "startsAt", "timeZone", "place"];

function isKnownTicket(value: unknown): value is KnownTicket {
  return isObject(value) && MEMBERS.every((key) => typeof value[key] === "string");
}
