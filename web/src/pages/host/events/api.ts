// Requests of the product "events".
import { request } from "../../../api/http";
import type {
  Audience,
  CheckInAnswer,
  EntranceSync,
  EventView,
  MessageAnswer,
  NewsLines,
  OwnEvents,
  Rsvps,
  Waitlist,
} from "../../../api/types";
import { own, type Outcome } from "../shared/paths";
import { pagesOf } from "../shared/use-paged-list";
import type { Changes, NewEvent } from "./fields";

export const events = pagesOf((answer: OwnEvents) => answer.events, own("events"));
export const createEvent = (event: NewEvent) => request<EventView>("POST", own("events"), event);
export const changeEvent = (id: string, changes: Changes) =>
  request<EventView>("PATCH", own("events", id), changes);
export const cancelEvent = (id: string) => request<Outcome>("DELETE", own("events", id));

export const rsvps = (id: string) => pagesOf((answer: Rsvps) => answer.rsvps, `${own("events", id)}/rsvps`);
export const waitlist = (id: string) =>
  pagesOf((answer: Waitlist) => answer.guests, `${own("events", id)}/waitlist`);
export const rsvpsCsv = (id: string) => `${own("events", id)}/rsvps.csv`;
export const checkIn = (id: string, code: string) =>
  request<CheckInAnswer>("POST", `${own("events", id)}/check-in`, { code });
export type Message = {
  subject: string;
  text: string;
  to: Audience;
  guests?: string[];
  /** As many as the preview says; without it nothing is sent. */
  recipients?: number;
};
export const messageGuests = (id: string, message: Message) =>
  request<MessageAnswer>("POST", `${own("events", id)}/messages`, message);
export const told = (id: string) => request<NewsLines>("GET", `${own("events", id)}/messages`);
/** How many are in, and what went wrong at the entrance. */
export const entranceSummary = async (id: string) => {
  const asked = { device: "Host", sentAt: new Date().toISOString() };
  return (await request<EntranceSync>("POST", `${own("events", id)}/entrance`, asked)).summary;
};
