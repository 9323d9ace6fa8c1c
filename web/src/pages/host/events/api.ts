// Requests of the product "events".
import { request } from "../../../api/http";
import type { CheckInAnswer, EntranceList, EventView, OwnEvents, Rsvps } from "../../../api/types";
import { own, type Outcome } from "../shared/paths";
import { pagesOf } from "../shared/use-paged-list";
import type { Changes, NewEvent } from "./fields";

export const events = pagesOf((answer: OwnEvents) => answer.events, own("events"));
export const createEvent = (event: NewEvent) => request<EventView>("POST", own("events"), event);
export const changeEvent = (id: string, changes: Changes) =>
  request<EventView>("PATCH", own("events", id), changes);
export const cancelEvent = (id: string) => request<Outcome>("DELETE", own("events", id));

export const rsvps = (id: string) => pagesOf((answer: Rsvps) => answer.rsvps, `${own("events", id)}/rsvps`);
export const rsvpsCsv = (id: string) => `${own("events", id)}/rsvps.csv`;
export const checkIn = (id: string, code: string) =>
  request<CheckInAnswer>("POST", `${own("events", id)}/check-in`, { code });
/** The tickets of the entrance, and what went wrong there. */
export const entrance = (id: string) => request<EntranceList>("GET", `${own("events", id)}/entrance`);
