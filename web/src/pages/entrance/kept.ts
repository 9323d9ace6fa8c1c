// What a device at an entrance keeps: the list of tickets, what is not sent yet, its name. A lost phone gives away names of
// guests, no code that opens anything, and nothing after the event.
import { isObject, parseJson, textOf } from "../../base/object";
import { readStored, removeStored, writeStored } from "../../base/storage";
import type { EntranceSummary, EntranceTicket } from "../../api/types";
import { randomHex } from "./codes";

const LIST = "events-concierge.entrance.list.";
const MOVE = "events-concierge.entrance.move.";
const DEVICE = "events-concierge.entrance.device";
const SEEN = "events-concierge.entrance.seen";
const SILENT = "events-concierge.entrance.silent";
/** Problems that were looked at; older ones are forgotten. */
const SEEN_MAX = 100;
/** How long a list is kept after the event, milliseconds. */
const KEPT_MILLIS = 86_400_000;

export type KeptList = { tickets: readonly EntranceTicket[]; summary: EntranceSummary };

/** Something that happened here and that the server does not know yet. */
export type Move = { id: string; event: string; at: string } & (
  { ticket: string; mark: string } | { undoes: string }
);

/** `id`: 8 hex digits. `name`: as the host calls it. */
export type Device = { id: string; name: string };

export function readList(event: string): KeptList | null {
  const value = parseJson(readStored(LIST + event));
  if (!isObject(value) || !Array.isArray(value["tickets"]) || !isObject(value["summary"])) return null;
  // Only this page writes there, and it writes what the server has answered.
  return value as KeptList;
}

/** Whether the list is stored. */
export function keepList(event: string, list: KeptList): boolean {
  const text = JSON.stringify(list);
  writeStored(LIST + event, text);
  return readStored(LIST + event) === text;
}

/** Removes the lists of events that are over. */
export function forgetOldLists(now: number): void {
  for (const key of keys(LIST)) {
    const summary = readList(key.slice(LIST.length))?.summary;
    const end = Date.parse(summary?.endsAt ?? summary?.startsAt ?? "");
    if (!(end + KEPT_MILLIS > now)) removeStored(key);
  }
}

/** Removes all lists. What is not sent yet stays. */
export function forgetLists(): void {
  for (const key of keys(LIST)) removeStored(key);
}

/** Each move has a place of its own, so that two tabs of a device overwrite nothing. Whether it is stored. */
export function keepMove(move: Move): boolean {
  const text = JSON.stringify(move);
  writeStored(MOVE + move.id, text);
  return readStored(MOVE + move.id) === text;
}

export function forgetMove(id: string): void {
  removeStored(MOVE + id);
}

/** What is not sent yet, oldest first. */
export function keptMoves(event: string): Move[] {
  const moves = keys(MOVE).flatMap((key) => {
    const value = parseJson(readStored(key));
    const isMove = isObject(value) && textOf(value, "id") === key.slice(MOVE.length);
    return isMove && textOf(value, "event") === event ? [value as Move] : [];
  });
  return moves.toSorted((a, b) => a.at.localeCompare(b.at));
}

export function readDevice(): Device {
  const value = parseJson(readStored(DEVICE));
  const [id, name] = [textOf(value, "id"), textOf(value, "name")];
  if (id !== undefined && /^[0-9a-f]{8}$/.test(id) && name !== undefined) return { id, name };
  const device = { id: randomHex(8), name: firstName(navigator.userAgent) };
  keepDevice(device);
  return device;
}

export function keepDevice(device: Device): void {
  writeStored(DEVICE, JSON.stringify(device));
}

/** The ids of problems that were looked at on this device. */
export function seenProblems(): string[] {
  const value = parseJson(readStored(SEEN));
  return Array.isArray(value) ? value.filter((id) => typeof id === "string") : [];
}

export function keepSeenProblem(id: string): void {
  writeStored(SEEN, JSON.stringify([...seenProblems(), id].slice(-SEEN_MAX)));
}

export function isSilent(): boolean {
  return readStored(SILENT) === "yes";
}

export function setSilent(isOn: boolean): void {
  writeStored(SILENT, isOn ? "yes" : "no");
}

function firstName(agent: string): string {
  if (/iPhone|iPad/.test(agent)) return /iPad/.test(agent) ? "iPad" : "iPhone";
  return agent.includes("Android") ? "Android phone" : "Computer";
}

function keys(start: string): string[] {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(start));
  } catch {
    return [];
  }
}
