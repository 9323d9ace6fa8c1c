// The entrance of one event on this device: what it knows, what it has done, and what the server says.
import { ApiError, hasStatus, request } from "../../api/http";
import type {
  EntranceList,
  EntranceOutcome,
  EntranceProblem,
  EntranceResult,
  EntranceSummary,
  EntranceSync,
  EntranceTicket,
} from "../../api/types";
import { Observable } from "../../base/observable";
import { codeIn, isOfDevice, markOf, newId } from "./codes";
import * as kept from "./kept";
import type { Device, Move } from "./kept";

/** How long a guest waits for the server, milliseconds. Then the list of this device decides. */
const PATIENCE_MILLIS = 3_000;
/** The same while the connection is lost. */
const PATIENCE_OFFLINE_MILLIS = 1_000;
/** A request that fails sooner has not arrived. */
const NOT_SENT_MILLIS = 300;
/** After this a request that sends what waits is given up, milliseconds. What it has sent is sent again. */
const GIVE_UP_MILLIS = 20_000;
const MOVES_PER_REQUEST = 100;

export type Link = "online" | "offline" | "signedOut";

export type State = {
  tickets: readonly EntranceTicket[];
  /** Null until the first list is there. */
  summary: EntranceSummary | null;
  link: Link;
  /** How many moves wait to be sent. */
  waiting: number;
  /** Whether this browser keeps what must not be lost. */
  keeps: boolean;
  error: unknown;
};

export type Refusal =
  Exclude<EntranceOutcome, "in" | "undone" | "notUndone"> | "notOnList" | "needsConnection";

export type Verdict =
  | { kind: "in"; id: string; ticket: string | undefined; guest: string; paid: string }
  | { kind: "refused"; why: Refusal; guest?: string; at?: string; device?: string };

/** A ticket as it was shown: scanned or typed text, or a line of the list. */
export type Shown = { text: string } | { ticket: EntranceTicket };

const NONE: State = { tickets: [], summary: null, link: "online", waiting: 0, keeps: true, error: null };

export class Desk {
  readonly state: Observable<State>;
  device: Device = kept.readDevice();
  readonly #event: string;
  readonly #path: string;
  #sending: Promise<void> = Promise.resolve();

  constructor(event: string) {
    kept.forgetOldLists(Date.now());
    this.#event = event;
    this.#path = `/api/users/events/${encodeURIComponent(event)}/entrance`;
    const list = kept.readList(event);
    const waiting = kept.keptMoves(event).length;
    this.state = new Observable<State>(list ? { ...NONE, ...list, waiting } : { ...NONE, waiting });
  }

  rename(name: string): void {
    this.device = { ...this.device, name };
    kept.keepDevice(this.device);
  }

  /** Reads the whole list. */
  async load(): Promise<void> {
    try {
      const tickets: EntranceTicket[] = [];
      let cursor: string | undefined;
      let summary: EntranceSummary | null = null;
      do {
        const query: string = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
        const page: EntranceList = await request<EntranceList>("GET", this.#path + query);
        tickets.push(...page.tickets);
        // Of the first page: what changes while the others are read is asked for afterwards.
        summary ??= page.summary;
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      if (summary) this.#learn(this.#withWaiting(tickets), summary);
      this.#put({ link: "online", error: null });
    } catch (error) {
      this.#lost(error);
    }
  }

  /** Sends what waits, and hears what other devices did. One request at a time. */
  sync(): Promise<void> {
    this.#sending = this.#sending.then(() => this.#send());
    return this.#sending;
  }

  /** Whether a guest may come in. With a connection the server decides, else the list of this device. */
  async check(shown: Shown): Promise<Verdict> {
    const id = newId(this.device.id);
    const at = new Date().toISOString();
    if (this.state.value.link === "signedOut") return this.#decideAlone(id, at, shown);
    const started = performance.now();
    const sent = await this.#ask({ id, at, ...shownOf(shown) });
    if (sent !== null) return this.#verdictOf(id, sent);
    const verdict = await this.#decideAlone(id, at, shown);
    // The server may have let in whom this device refuses: without this, the next try would find the ticket used.
    const mayHaveArrived = performance.now() - started > NOT_SENT_MILLIS;
    if (verdict.kind === "refused" && mayHaveArrived) this.#keepUndo(id);
    return verdict;
  }

  /** Takes a check-in back. It is sent as soon as it can be. */
  async undo(id: string, ticket: string | undefined): Promise<void> {
    this.#keepUndo(id);
    this.#mark(ticket, null);
    await this.sync();
  }

  /** What went wrong with guests that this device let in. */
  ownProblems(): EntranceProblem[] {
    const problems = this.state.value.summary?.problems ?? [];
    const isOwn = ({ kind, letIn }: EntranceProblem) =>
      letIn.some(({ id }, place) => isOfDevice(id, this.device.id) && (place > 0 || kind === "notValid"));
    return problems.filter(isOwn);
  }

  async #ask(move: Record<string, unknown>): Promise<EntranceSync | null> {
    const since = this.state.value.summary?.at;
    const answer = this.#request([move], since).catch((error: unknown) => {
      this.#lost(error);
      return null;
    });
    const patience = this.state.value.link === "online" ? PATIENCE_MILLIS : PATIENCE_OFFLINE_MILLIS;
    const tooLate = new Promise<null>((done) => setTimeout(() => done(null), patience));
    const sent = await Promise.race([answer, tooLate]);
    if (sent) this.#hear(sent);
    return sent;
  }

  #verdictOf(id: string, { results }: EntranceSync): Verdict {
    const result = results.find((one) => one.id === id);
    const guest = result?.ticket?.guest;
    if (result?.outcome === "in")
      return {
        kind: "in",
        id,
        ticket: result.ticket?.ticket,
        guest: guest ?? "",
        paid: result.ticket?.paid ?? "",
      };
    const first = result?.first;
    const why = result ? refusalOf(result) : "notValid";
    return {
      kind: "refused",
      why,
      ...(guest === undefined ? {} : { guest }),
      ...(first ? { at: first.at, device: first.device } : {}),
    };
  }

  async #decideAlone(id: string, at: string, shown: Shown): Promise<Verdict> {
    const found = await this.#find(shown);
    if (typeof found === "string") return { kind: "refused", why: found };
    const { guest, checkedInAt } = found;
    if (this.state.value.summary?.isCancelled) return { kind: "refused", why: "eventCancelled", guest };
    if (checkedInAt) return { kind: "refused", why: "alreadyIn", guest, at: checkedInAt };
    this.#keep({ id, event: this.#event, at, ticket: found.ticket, mark: found.mark });
    this.#mark(found.ticket, at);
    void this.sync();
    return { kind: "in", id, ticket: found.ticket, guest, paid: found.paid };
  }

  async #find(shown: Shown): Promise<EntranceTicket | Refusal> {
    const { tickets } = this.state.value;
    if ("ticket" in shown) {
      return tickets.find(({ ticket }) => ticket === shown.ticket.ticket) ?? "notOnList";
    }
    const code = codeIn(shown.text);
    // The end of a code is too short to be kept here, even as a mark.
    if (code === null) return /^[\s0-9a-f-]{8,9}$/i.test(shown.text.trim()) ? "needsConnection" : "notValid";
    const mark = await markOf(code);
    return tickets.find((ticket) => ticket.mark === mark) ?? "notOnList";
  }

  async #send(): Promise<void> {
    try {
      const moves = kept.keptMoves(this.#event).slice(0, MOVES_PER_REQUEST);
      const since = this.state.value.summary?.at;
      const answer = await Promise.race([this.#request(moves.map(sentOf), since), givenUp()]);
      for (const { id } of answer.results) kept.forgetMove(id);
      this.#hear(answer);
      if (answer.changed === null) await this.load();
      if (moves.length === MOVES_PER_REQUEST) await this.#send();
    } catch (error) {
      this.#lost(error);
    }
  }

  #request(moves: readonly unknown[], since: string | undefined): Promise<EntranceSync> {
    const body = { device: this.device.name, sentAt: new Date().toISOString(), moves };
    return request<EntranceSync>("POST", this.#path, since === undefined ? body : { ...body, since });
  }

  #hear({ changed, results, summary }: EntranceSync): void {
    const news = new Map((changed ?? []).map((ticket) => [ticket.ticket, ticket]));
    for (const { ticket } of results) if (ticket) news.set(ticket.ticket, ticket);
    const known = this.state.value.tickets.map((old) => news.get(old.ticket) ?? old);
    const ids = new Set(known.map(({ ticket }) => ticket));
    const added = [...news.values()].filter(({ ticket }) => !ids.has(ticket));
    this.#learn(this.#withWaiting([...known, ...added]), summary);
    this.#put({ link: "online", error: null });
  }

  /** What happened here counts here, also before the server knows it. */
  #withWaiting(tickets: readonly EntranceTicket[]): EntranceTicket[] {
    const moves = kept.keptMoves(this.#event);
    const undone = new Set(moves.map((move) => ("undoes" in move ? move.undoes : "")));
    const used = new Map(
      moves.flatMap((move) => ("ticket" in move && !undone.has(move.id) ? [[move.ticket, move.at]] : [])),
    );
    return tickets.map((one) => ({ ...one, checkedInAt: one.checkedInAt ?? used.get(one.ticket) ?? null }));
  }

  #learn(tickets: readonly EntranceTicket[], summary: EntranceSummary): void {
    const isStored = kept.keepList(this.#event, { tickets, summary });
    this.#put({ tickets, summary, keeps: isStored, waiting: kept.keptMoves(this.#event).length });
  }

  #mark(ticket: string | undefined, checkedInAt: string | null): void {
    const { tickets, summary } = this.state.value;
    const marked = tickets.map((one) => (one.ticket === ticket ? { ...one, checkedInAt } : one));
    if (summary) this.#learn(marked, summary);
  }

  #keepUndo(id: string): void {
    this.#keep({ id: newId(this.device.id), event: this.#event, at: new Date().toISOString(), undoes: id });
  }

  #keep(move: Move): void {
    const isStored = kept.keepMove(move);
    this.#put({ waiting: kept.keptMoves(this.#event).length, keeps: isStored });
  }

  #lost(error: unknown): void {
    const isKnown = error instanceof ApiError && error.status >= 400 && error.status < 500;
    const link: Link = hasStatus(error, 401) ? "signedOut" : "offline";
    // Without a connection the list does; what the server refuses is shown.
    const isShown =
      this.state.value.summary === null || (isKnown && !hasStatus(error, 401) && !hasStatus(error, 429));
    this.#put({ link, error: isShown ? error : null });
  }

  #put(change: Partial<State>): void {
    this.state.set({ ...this.state.value, ...change });
  }
}

function shownOf(shown: Shown): Record<string, string> {
  if ("text" in shown) return { code: shown.text };
  return { ticket: shown.ticket.ticket, mark: shown.ticket.mark };
}

function sentOf(move: Move): Record<string, unknown> {
  const { id, at } = move;
  if ("undoes" in move) return { id, at, undoes: move.undoes };
  return { id, at, ticket: move.ticket, mark: move.mark, hasEntered: true };
}

function refusalOf({ outcome }: EntranceResult): Refusal {
  return outcome === "alreadyIn" || outcome === "eventCancelled" ? outcome : "notValid";
}

/** Rejects like a lost connection. */
function givenUp(): Promise<never> {
  const detail = "The connection is too slow. It is tried again by itself.";
  return new Promise((_, fail) =>
    setTimeout(() => fail(new ApiError({ status: 0, detail, code: "unreachable" })), GIVE_UP_MILLIS),
  );
}
