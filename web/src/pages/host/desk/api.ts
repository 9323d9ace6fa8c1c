// Requests of the product "desk".
import { request } from "../../../api/http";
import type {
  Approvals,
  Article,
  Articles,
  DeskView,
  DraftView,
  Tickets,
  TicketView,
} from "../../../api/types";
import { own, type Outcome } from "../shared/paths";
import { pagesOf } from "../shared/use-paged-list";
import type { TicketChanges } from "./fields";

/** The answer to a reply: sent, or a draft that waits for approval. */
export type Replied = { outcome: "sent" | "draft"; message: string; reason?: string };

export const tickets = pagesOf((answer: Tickets) => answer.tickets, own("tickets"));
export const ticket = (id: string) => request<TicketView>("GET", own("tickets", id));
export const changeTicket = (id: string, changes: TicketChanges) =>
  request<TicketView>("PATCH", own("tickets", id), changes);
export const addNote = (id: string, body: string) =>
  request<TicketView>("POST", `${own("tickets", id)}/notes`, { body });
export const reply = (id: string, body: string) =>
  request<Replied>("POST", `${own("tickets", id)}/replies`, { body });

export const articles = pagesOf((answer: Articles) => answer.articles, own("kb"));
export const createArticle = (title: string, body: string) =>
  request<Article>("POST", own("kb"), { title, body });
export const changeArticle = (id: string, changes: { title?: string; body?: string }) =>
  request<Article>("PATCH", own("kb", id), changes);
export const removeArticle = (id: string) => request<Outcome>("DELETE", own("kb", id));

export const approvals = pagesOf((answer: Approvals) => answer.approvals, own("approvals"));
/** `seen` stands for what is shown: if it has changed, the approval is refused. */
export const approve = (id: string, seen: string) =>
  request<Outcome>("POST", `${own("approvals", id)}/approve`, { seen });
export const editDraft = (id: string, text: string, seen: string) =>
  request<DraftView>("PATCH", own("approvals", id), { text, seen });
export const reject = (id: string, reason: string) =>
  request<Outcome>("POST", `${own("approvals", id)}/reject`, { reason });

export const desk = () => request<DeskView>("GET", own("desk"));
export const changeDesk = (changes: { approvalsNeeded?: number; failurePercent?: number }) =>
  request<DeskView>("PATCH", own("desk"), changes);
export const resetDesk = () => request<DeskView>("POST", `${own("desk")}/reset`);
