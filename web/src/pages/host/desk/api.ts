// Requests of the product "desk".
import { request } from "../../../api/http";
import type {
  Approvals,
  Article,
  Articles,
  DeskView,
  DraftView,
  OwnPrices,
  Tickets,
  TicketView,
} from "../../../api/types";
import { own, type Outcome } from "../shared/paths";
import { pagesOf, type FetchPage } from "../shared/use-paged-list";
import type { PriceChange, TicketChanges } from "./fields";

/** The answer to a reply: sent, or a draft that waits for approval. */
export type Replied = { outcome: "sent" | "draft"; message: string; reason?: string };

/** What tickets are looked for; blank words: all. */
export type Search = { query: string; status: "" | "open" | "snoozed" | "resolved" };
/** Pages of the tickets that are looked for, and whether all of them were looked through. */
export const tickets =
  ({ query, status }: Search, told: (isWhole: boolean) => void): FetchPage<TicketView> =>
  async (cursor) => {
    const asked = {
      ...(query.trim() !== "" && { query }),
      ...(status !== "" && { status }),
      ...(cursor !== undefined && { cursor }),
    };
    const answer = await request<Tickets>("POST", `${own("tickets")}/search`, asked);
    told(answer.isWhole);
    return { items: answer.tickets, nextCursor: answer.nextCursor };
  };
export const ticket = (id: string) => request<TicketView>("GET", own("tickets", id));
export const changeTicket = (id: string, changes: TicketChanges) =>
  request<TicketView>("PATCH", own("tickets", id), changes);
export const mergeTicket = (id: string, into: number) =>
  request<TicketView>("POST", `${own("tickets", id)}/merge`, { into });
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

export const prices = () => request<OwnPrices>("GET", own("prices"));
/** `null`: the usual price, and nothing free. */
export const changePrice = (tool: string, change: PriceChange | null) =>
  request<OwnPrices>("PATCH", own("prices"), { prices: { [tool]: change } });
export const desk = () => request<DeskView>("GET", own("desk"));
export const changeDesk = (changes: { approvalsNeeded?: number; failurePercent?: number }) =>
  request<DeskView>("PATCH", own("desk"), changes);
export const resetDesk = () => request<DeskView>("POST", `${own("desk")}/reset`);
