// Doors that this browser was at.
import { useSyncExternalStore } from "react";

const PLACE = "events-concierge.doors";
const DOORS_MAX = 8;

/** The newest first. */
export function useRecentDoors(): readonly string[] {
  return useSyncExternalStore(subscribe, current);
}

export function rememberDoor(url: string): void {
  const doors = [url, ...current().filter((door) => door !== url)].slice(0, DOORS_MAX);
  try {
    localStorage.setItem(PLACE, JSON.stringify(doors));
  } catch {
    // Then it is not remembered.
  }
  for (const listener of listeners) listener();
}

/** What is wrong with the address of a door, or null. */
export function whatIsWrong(text: string): string | null {
  const address = text.trim();
  if (address === "") return "Paste the address of a door.";
  if (!URL.canParse(address)) return "This is not an address. It begins with https://";
  const { protocol, username, password } = new URL(address);
  if (protocol !== "https:" && protocol !== "http:")
    return "The address of a door begins with https:// or http://";
  return username !== "" || password !== "" ? "Leave out the user name before the @: doors need none." : null;
}

const listeners = new Set<() => void>();
let readFrom: string | null = null;
let doors: readonly string[] = [];

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

function current(): readonly string[] {
  const text = stored();
  if (text !== readFrom) {
    readFrom = text;
    doors = read(text);
  }
  return doors;
}

function stored(): string | null {
  try {
    return localStorage.getItem(PLACE);
  } catch {
    return null;
  }
}

function read(text: string | null): readonly string[] {
  try {
    const value: unknown = JSON.parse(text ?? "[]");
    const isDoor = (door: unknown): door is string => typeof door === "string" && whatIsWrong(door) === null;
    return Array.isArray(value) ? value.filter(isDoor).slice(0, DOORS_MAX) : [];
  } catch {
    return [];
  }
}
