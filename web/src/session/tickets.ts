// The tickets that were bought in this browser: their links, so that a closed tab loses none.
import type { BoughtView, PaymentView } from "../api/types";
import { contentOf, isObject, parseJson, textOf } from "../base/object";
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
const ARRIVED_KEY = "events-concierge.arrived";
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
  const content = contentOf(result);
  rememberArrival([textOf(content, "transactionHash") ?? ""]);
}

/** Whether the tickets of this transaction have come to this browser, also when they were given away since. */
export function hasArrived(hash: string): boolean {
  return arrivals().includes(markOf(hash));
}

/** Marks of transactions. */
function arrivals(): readonly string[] {
  const list = parseJson(readStored(ARRIVED_KEY));
  return Array.isArray(list) ? list.filter((one) => typeof one === "string") : [];
}

/** Enough of a transaction's hash to tell it from others. */
function markOf(hash: string): string {
  return hash.slice(0, 18);
}

function rememberArrival(hashes: readonly string[]): void {
  const known = arrivals();
  const added = hashes.map(markOf).filter((mark) => mark !== "" && !known.includes(mark));
  if (added.length > 0) writeStored(ARRIVED_KEY, JSON.stringify([...added, ...known].slice(0, TICKETS_MAX)));
}

/** Forgets a ticket that was given to somebody else. */
export function forgetTicket(code: string): void {
  const others = knownTickets().filter(({ ticketUrl }) => !ticketUrl.endsWith(`/t/${code}`));
  writeStored(KEY, JSON.stringify(others));
}

/**
 * The same with the tickets that the agent lists, where the answer has not come here: what was given away since is not
 * remembered again. `payments` say which wallet has paid.
 */
export function rememberBought(bought: readonly BoughtView[], payments: readonly PaymentView[]): void {
  const known = knownTickets();
  const added = bought.flatMap(({ id, ticketUrl, title, startsAt, timeZone, location: place }) => {
    const payment = payments.find((one) => one.id === id);
    const hash = payment?.txHash;
    if (payment === undefined || hash === undefined || hasArrived(hash)) return [];
    if (ticketUrl === undefined || !isOurs(ticketUrl)) return [];
    const ticket: KnownTicket = {
      ticketUrl,
      eventId: "",
      wallet: payment.payer,
      title,
      startsAt: startsAt ?? "",
      timeZone: timeZone ?? "UTC",
      place: place ?? "",
    };
    return [{ ticket, hash }];
  });
  if (added.length === 0) return;
  rememberArrival(added.map(({ hash }) => hash));
  const links = new Set(added.map(({ ticket }) => ticket.ticketUrl));
  const others = known.filter(({ ticketUrl }) => !links.has(ticketUrl));
  const all = [...added.map(({ ticket }) => ticket), ...others];
  writeStored(KEY, JSON.stringify(all.slice(0, TICKETS_MAX)));
}

export function forgetTickets(): void {
  removeStored(KEY);
  removeStored(ARRIVED_KEY);
}

function ticketIn(result: unknown): KnownTicket | null {
  const content = contentOf(result);
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
