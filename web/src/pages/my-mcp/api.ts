// What the page asks of the server, by name.
import { request } from "../../api/http";
import type {
  CheckInAnswer,
  EventView,
  LimitsView,
  NonceAnswer,
  OwnEvents,
  OwnPayments,
  ProfileView,
  Registered,
  Revenue,
  Rsvps,
  SessionAnswer,
} from "../../api/types";
import type { Changes, NewEvent } from "./event-fields";

/** The parts of the manifest that the page shows. */
export type Manifest = { payTo: string; tools: ToolPrice[] };
export type ToolPrice = {
  name: string;
  title: string;
  description: string;
  access: "free" | "paid";
  price?: string;
  settle?: "first" | "last";
};
/** DELETE /api/users/events/{id} */
export type Cancelled = { message: string };

export const nonce = () => request<NonceAnswer>("POST", "/api/auth/nonce", {});
export const signIn = (message: string, signature: string) =>
  request<SessionAnswer>("POST", "/api/auth/siwe", { message, signature });
export const signOut = () => request<void>("POST", "/api/auth/sign-out");

export const profile = () => request<ProfileView>("GET", "/api/users/me");
export const changeLimits = (limits: Partial<LimitsView>) =>
  request<ProfileView>("PATCH", "/api/users/me", { limits });
export const register = (userId: string, walletAddress: string) =>
  request<Registered>("POST", "/api/users/mcp", { userId, walletAddress });
export const manifest = (scope: string) => request<Manifest>("GET", `/mcp/users/${scope}/manifest`);

export const events = (cursor?: string) => request<OwnEvents>("GET", `/api/users/events${page(cursor)}`);
export const createEvent = (event: NewEvent) => request<EventView>("POST", "/api/users/events", event);
export const changeEvent = (id: string, changes: Changes) =>
  request<EventView>("PATCH", ofEvent(id), changes);
export const cancelEvent = (id: string) => request<Cancelled>("DELETE", ofEvent(id));

export const rsvps = (id: string) => request<Rsvps>("GET", `${ofEvent(id)}/rsvps`);
export const rsvpsCsv = (id: string) => `${ofEvent(id)}/rsvps.csv`;
export const checkIn = (id: string, code: string) =>
  request<CheckInAnswer>("POST", `${ofEvent(id)}/check-in`, { code });

export const revenue = () => request<Revenue>("GET", "/api/users/revenue");
export const payments = (cursor?: string) =>
  request<OwnPayments>("GET", `/api/users/payments${page(cursor)}`);
export const PAYMENTS_CSV = "/api/users/payments.csv";

function ofEvent(id: string): string {
  return `/api/users/events/${encodeURIComponent(id)}`;
}

function page(cursor: string | undefined): string {
  return cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
}
