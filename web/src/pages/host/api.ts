// What the page asks of the server, by name.
import { request } from "../../api/http";
import type {
  Approvals,
  Article,
  Articles,
  CheckInAnswer,
  CodeSentAnswer,
  CreatedCredential,
  DeskView,
  EventView,
  LimitsView,
  NonceAnswer,
  OwnCredentials,
  OwnEvents,
  OwnPayment,
  OwnPayments,
  OwnSecrets,
  ProfileView,
  Registered,
  Retrievals,
  Revenue,
  RevokedCredential,
  Rsvps,
  SecretView,
  SessionAnswer,
  Tickets,
  TicketView,
} from "../../api/types";
import type { NewCredential } from "./access/fields";
import type { Changes, NewEvent } from "./events/fields";
import type { NewSecret, SecretChanges } from "./vault/fields";
import type { TicketChanges } from "./desk/fields";

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
/** DELETE /api/users/events/{id}, and the like: what happened, for people. */
export type Said = { message: string };
/** POST /api/users/tickets/{id}/replies: it is on its way, or waits for a person. */
export type Replied = { outcome: "sent" | "draft"; message: string; reason?: string };

export const nonce = () => request<NonceAnswer>("POST", "/api/auth/nonce", {});
export const signIn = (message: string, signature: string) =>
  request<SessionAnswer>("POST", "/api/auth/siwe", { message, signature });
export const sendCode = (email: string) => request<CodeSentAnswer>("POST", "/api/auth/otp", { email });
export const checkCode = (email: string, code: string) =>
  request<SessionAnswer>("POST", "/api/auth/otp/verify", { email, code });
export const signOut = () => request<void>("POST", "/api/auth/sign-out");

export const profile = () => request<ProfileView>("GET", "/api/users/me");
export const changeLimits = (limits: Partial<LimitsView>) =>
  request<ProfileView>("PATCH", "/api/users/me", { limits });
export const changeDoors = (doors: readonly string[]) =>
  request<ProfileView>("PATCH", "/api/users/me", { doors });
/** Without a wallet the deployment gives one, if it can. */
export const register = (userId: string, walletAddress: string | undefined) =>
  request<Registered>("POST", "/api/users/mcp", { userId, walletAddress });
export const manifest = (scope: string) => request<Manifest>("GET", `/mcp/users/${scope}/manifest`);

export const events = (cursor?: string) => request<OwnEvents>("GET", `/api/users/events${page(cursor)}`);
export const createEvent = (event: NewEvent) => request<EventView>("POST", "/api/users/events", event);
export const changeEvent = (id: string, changes: Changes) =>
  request<EventView>("PATCH", ofEvent(id), changes);
export const cancelEvent = (id: string) => request<Said>("DELETE", ofEvent(id));

export const rsvps = (id: string) => request<Rsvps>("GET", `${ofEvent(id)}/rsvps`);
export const rsvpsCsv = (id: string) => `${ofEvent(id)}/rsvps.csv`;
export const checkIn = (id: string, code: string) =>
  request<CheckInAnswer>("POST", `${ofEvent(id)}/check-in`, { code });

export const revenue = () => request<Revenue>("GET", "/api/users/revenue");
export const payments = (cursor?: string) =>
  request<OwnPayments>("GET", `/api/users/payments${page(cursor)}`);
/** Says by hand in which transaction it was paid, or, without one, that it was not. Answers what it is then. */
export const decidePayment = (id: string, transaction: string | null) =>
  request<OwnPayment>(
    "POST",
    `${one("payments", id)}/verdict`,
    transaction === null ? { paid: false } : { paid: true, transaction },
  );
export const PAYMENTS_CSV = "/api/users/payments.csv";

export const secrets = () => request<OwnSecrets>("GET", "/api/users/secrets");
export const storeSecret = (secret: NewSecret) => request<SecretView>("POST", "/api/users/secrets", secret);
export const changeSecret = (id: string, changes: SecretChanges) =>
  request<SecretView & Partial<Said>>("PATCH", one("secrets", id), changes);
export const withdrawSecret = (id: string) => request<Said>("DELETE", one("secrets", id));
export const retrievals = (id: string) => request<Retrievals>("GET", `${one("secrets", id)}/retrievals`);

export const tickets = (cursor?: string) => request<Tickets>("GET", `/api/users/tickets${page(cursor)}`);
export const ticket = (id: string) => request<TicketView>("GET", one("tickets", id));
export const changeTicket = (id: string, changes: TicketChanges) =>
  request<TicketView>("PATCH", one("tickets", id), changes);
export const addNote = (id: string, body: string) =>
  request<TicketView>("POST", `${one("tickets", id)}/notes`, { body });
export const reply = (id: string, body: string) =>
  request<Replied>("POST", `${one("tickets", id)}/replies`, { body });

export const articles = (cursor?: string) => request<Articles>("GET", `/api/users/kb${page(cursor)}`);
export const createArticle = (title: string, body: string) =>
  request<Article>("POST", "/api/users/kb", { title, body });
export const changeArticle = (id: string, changes: { title?: string; body?: string }) =>
  request<Article>("PATCH", one("kb", id), changes);
export const removeArticle = (id: string) => request<Said>("DELETE", one("kb", id));

export const approvals = (cursor?: string) =>
  request<Approvals>("GET", `/api/users/approvals${page(cursor)}`);
export const approve = (id: string) => request<Said>("POST", `${one("approvals", id)}/approve`);
export const reject = (id: string, reason: string) =>
  request<Said>("POST", `${one("approvals", id)}/reject`, { reason });

export const desk = () => request<DeskView>("GET", "/api/users/desk");
export const changeDesk = (changes: { approvalsNeeded?: number; failurePercent?: number }) =>
  request<DeskView>("PATCH", "/api/users/desk", changes);
export const resetDesk = () => request<DeskView>("POST", "/api/users/desk/reset");

export const credentials = () => request<OwnCredentials>("GET", "/api/users/credentials");
export const createCredential = (credential: NewCredential) =>
  request<CreatedCredential>("POST", "/api/users/credentials", credential);
export const revokeCredential = (id: string) => request<RevokedCredential>("DELETE", one("credentials", id));

/** The names of the tools that the signed-in host has at its door. */
export async function ownTools(scope: string): Promise<string[]> {
  const call = { jsonrpc: "2.0", id: 1, method: "tools/list" };
  const { result } = await request<{ result: { tools: { name: string }[] } }>(
    "POST",
    `/mcp/users/${scope}`,
    call,
  );
  return result.tools.map(({ name }) => name);
}

function one(
  kind: "payments" | "secrets" | "tickets" | "kb" | "approvals" | "credentials",
  id: string,
): string {
  return `/api/users/${kind}/${encodeURIComponent(id)}`;
}

function ofEvent(id: string): string {
  return `/api/users/events/${encodeURIComponent(id)}`;
}

function page(cursor: string | undefined): string {
  return cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
}
