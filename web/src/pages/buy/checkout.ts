// One purchase, from "Pay" to the ticket. What happens is told by the Guest; here it is only read.
import { useEffect, useState } from "react";
import { toAtomic } from "../../base/amounts";
import { contentOf, isObject, parseJson, textOf } from "../../base/object";
import { readStored, removeStored, writeStored } from "../../base/storage";
import { safeLink } from "../../parts";
import {
  answer,
  callTool,
  connectServer,
  currentSession,
  useSession,
  type CallOutcome,
  type Question,
  type SessionState,
  type SignRequest,
} from "../../session";

/** How a kind of thing is bought: the tool, and its argument that names the thing. */
export type Selling = { tool: string; argument: "eventId" | "secretId" };
export const SEATS: Selling = { tool: "rsvpToEvent", argument: "eventId" };
export const SECRETS: Selling = { tool: "retrieveSecret", argument: "secretId" };

/** The arguments beside the event. */
export type Details = Readonly<Record<string, unknown>>;

/** A purchase that was begun here, kept for a reload of the page. */
type Begun = {
  mcpUrl: string;
  /** The id of the event, or of the secret. */
  eventId: string;
  details: Details;
  callId: string;
  paymentId: string | null;
  /** The limits allow this price without a question, so money may move before anything is heard of it. */
  paysAlone: boolean;
  /** Nothing is paid: the wallet signs a message. */
  isFree: boolean;
  at: number;
};

export type Phase =
  /** Nothing has begun; `late` says why not. */
  | { at: "form"; late: string | null }
  | { at: "asking" }
  /** The price is another one than was shown, so the guest is asked again. */
  | { at: "changed"; question: Question }
  | { at: "signing"; request: SignRequest | null }
  | { at: "paying" }
  /** It is signed, and there is no ticket yet. */
  | { at: "pending" }
  | { at: "done"; ticketUrl: string | null }
  | { at: "held"; ticketUrl: string | null }
  | { at: "failed"; code: string; text: string };

export type Checkout = {
  phase: Phase;
  /** The question of the server, once there is one. */
  question: Question | null;
  /** Pays at most `price`, in the smallest unit. */
  pay: (price: bigint, details: Details) => Promise<void>;
  /** The arguments of the purchase that was begun. */
  details: Details | null;
  /** Says yes to a changed price. */
  accept: (question: Question) => void;
  /** Says no to whatever waits for an answer. */
  leave: () => void;
  /** Forgets a purchase that came to nothing. */
  again: () => void;
};

const KEY = "events-concierge.checkout";
const CONNECT_MILLIS = 35_000;
/** So long a call may take until the server has named its price. */
const ASK_MILLIS = 45_000;
/** So long a wallet may take to sign for what is not paid. */
export const SIGN_MILLIS = 300_000;
/** After so long a payment is said to be on its way. */
const PAYING_MILLIS = 25_000;

export function useCheckout(mcpUrl: string, eventId: string, selling = SEATS): Checkout {
  const [begun, keep] = useBegun(mcpUrl, eventId);
  const [most, setMost] = useState<bigint | null>(null);
  const [isStarting, setIsStarting] = useState(false);
  const [late, setLate] = useState<string | null>(null);
  const outcome = useSession((state) => (begun === null ? undefined : state.outcomes[begun.callId]));
  const question =
    useSession((state) => state.questions.find((one) => isAbout(one, mcpUrl, selling, eventId))) ?? null;
  const payments = useSession((state) => state.payments);
  const signRequests = useSession((state) => state.signRequests);
  const confirm = (asked: Question) => {
    if (!answer(asked.confirmationId, true)) return;
    const at = Date.now();
    const before = begun ?? { mcpUrl, eventId, details: {}, callId: "", paysAlone: false, isFree: false, at };
    keep({ ...before, paymentId: asked.confirmationId, at });
  };
  // "Pay" was pressed for this price. A higher one is a new question, and so is what the wallet has already.
  const mayConfirm = question !== null && most !== null && begun !== null && isAtMost(question, most);
  useEffect(() => {
    if (mayConfirm && ticketIn(question.why) === null) confirm(question);
    // oxlint-disable-next-line react/exhaustive-deps -- only a new question is answered
  }, [mayConfirm, question?.confirmationId]);
  const elapsed = useElapsed(begun?.at ?? null, outcome === undefined && (begun !== null || isStarting));
  const seen = { begun, outcome, question, payments, signRequests, isStarting, elapsed, late };
  const phase = phaseOf(seen);
  useAskAgain(selling, phase, begun, payments, (callId) => begun !== null && keep({ ...begun, callId }));
  const pay = async (price: bigint, details: Details) => {
    if (isStarting) return;
    setIsStarting(true);
    setLate(null);
    setMost(price);
    const asked = {
      mcpUrl,
      eventId,
      details,
      paymentId: null,
      paysAlone: paysAlone(price),
      isFree: price === 0n,
    };
    try {
      if (!(await connected(mcpUrl))) {
        setLate("The host's server has not answered. Nothing was charged.");
        return;
      }
      const callId = callTool(selling.tool, { [selling.argument]: eventId, ...details }, "buy");
      if (callId === null) setLate("The connection was lost. Nothing was charged.");
      else keep({ ...asked, callId, at: Date.now() });
    } finally {
      setIsStarting(false);
    }
  };
  const again = () => (setMost(null), setLate(null), keep(null));
  return {
    phase,
    question,
    details: begun?.details ?? null,
    pay,
    accept: (asked) => {
      setMost(toAtomic(asked.amountUsd));
      confirm(asked);
    },
    leave: () => {
      if (question !== null) answer(question.confirmationId, false);
      const paymentId = begun?.paymentId ?? null;
      if (phase.at === "signing" && paymentId !== null) answer(paymentId, false);
      again();
    },
    again,
  };
}

/** Whether the limits allow this price without a question. */
function paysAlone(price: bigint): boolean {
  return (toAtomic(currentSession().policy?.policy.askAbove ?? "0") ?? 0n) >= price;
}

/** The purchase that was begun; it is kept for a reload of this tab. */
function useBegun(mcpUrl: string, eventId: string): [Begun | null, (next: Begun | null) => void] {
  const [begun, setBegun] = useState<Begun | null>(() => stored(mcpUrl, eventId));
  const keep = (next: Begun | null) => {
    if (next === null) removeStored(KEY, "sessionStorage");
    else writeStored(KEY, JSON.stringify(next), "sessionStorage");
    setBegun(next);
  };
  return [begun, keep];
}

/** Whether a purchase of this was begun in this tab. */
export function isBegun(mcpUrl: string, eventId: string): boolean {
  return stored(mcpUrl, eventId) !== null;
}

/** The next load of this page begins anew: what was begun has ended, and is known otherwise. */
export function forgetBegun(): void {
  removeStored(KEY, "sessionStorage");
}

const ASK_AGAIN_MILLIS = 15_000;

/**
 * A payment that the chain shows, and whose answer this page has not heard: exactly the same call is made again. The
 * Guest knows what it has bought, so it answers with the ticket, or says that the call is under way.
 */
function useAskAgain(
  selling: Selling,
  phase: Phase,
  begun: Begun | null,
  payments: SessionState["payments"],
  onAsked: (callId: string) => void,
): void {
  const isPaid = payments.some(({ id, state }) => id === begun?.paymentId && state === "paid");
  const isLost = phase.at === "pending" && isPaid;
  useEffect(() => {
    if (!isLost || begun === null) return;
    const timer = setTimeout(() => {
      if (currentSession().server?.mcpUrl !== begun.mcpUrl) return;
      const callId = callTool(selling.tool, { [selling.argument]: begun.eventId, ...begun.details }, "buy");
      if (callId !== null) onAsked(callId);
    }, ASK_AGAIN_MILLIS);
    return () => clearTimeout(timer);
    // oxlint-disable-next-line react/exhaustive-deps -- `onAsked` changes with every render
  }, [isLost, begun]);
}

type Seen = {
  begun: Begun | null;
  outcome: CallOutcome | undefined;
  question: Question | null;
  payments: SessionState["payments"];
  signRequests: readonly SignRequest[];
  isStarting: boolean;
  elapsed: number;
  late: string | null;
};

function phaseOf(seen: Seen): Phase {
  const { begun, outcome, question, isStarting, late } = seen;
  if (outcome !== undefined) return ended(outcome, seen);
  if (question !== null && begun === null) return { at: "changed", question };
  if (isStarting) return { at: "asking" };
  if (begun === null) return { at: "form", late };
  if (question !== null) {
    const ticketUrl = ticketIn(question.why);
    return ticketUrl === null ? { at: "changed", question } : { at: "held", ticketUrl };
  }
  return underWay(begun, seen);
}

function underWay(begun: Begun, { payments, signRequests, elapsed }: Seen): Phase {
  const payment = payments.find(({ id }) => id === begun.paymentId);
  if (payment === undefined && begun.isFree) {
    const text = "There is no ticket yet. Nothing was charged.";
    return elapsed > SIGN_MILLIS ? { at: "failed", code: "unknown", text } : { at: "asking" };
  }
  if (payment === undefined && begun.paysAlone) {
    const [alone] = signRequests;
    if (alone !== undefined) return { at: "signing", request: alone };
    return elapsed > PAYING_MILLIS ? { at: "pending" } : { at: "paying" };
  }
  if (payment === undefined) {
    const text = "The host's server has not named its price. Nothing was charged.";
    return elapsed > ASK_MILLIS ? { at: "failed", code: "unknown", text } : { at: "asking" };
  }
  const request = signRequests.find(({ requestId }) => requestId === begun.paymentId);
  if (request !== undefined) return { at: "signing", request };
  switch (payment.state) {
    case "asked":
      return { at: "asking" };
    case "signing":
    case "paying":
      return elapsed > PAYING_MILLIS ? { at: "pending" } : { at: "paying" };
    case "unknown":
    case "paid":
      return elapsed > PAYING_MILLIS || payment.state === "unknown" ? { at: "pending" } : { at: "paying" };
    case "declined":
      return { at: "failed", code: "declined", text: "" };
    case "refused":
    case "failed":
      return { at: "failed", code: "ran_out", text: "" };
  }
}

function ended(outcome: CallOutcome, { begun, payments }: Seen): Phase {
  if ("result" in outcome) {
    const content = contentOf(outcome.result);
    return { at: "done", ticketUrl: safeLink(textOf(content, "ticketUrl")) };
  }
  // The call that was made again, while the first is not over yet.
  if (outcome.code === "already_under_way" && begun?.paymentId !== null) return { at: "pending" };
  if (outcome.code === "already_has_seat") return { at: "held", ticketUrl: ticketIn(outcome.error) };
  const payment = payments.find(({ id }) => id === begun?.paymentId);
  if (outcome.moneyMoved === "no") return { at: "failed", code: outcome.code, text: outcome.error };
  // It was not known, and the chain has said since that it has run out unused.
  if (payment?.state === "failed") return { at: "failed", code: "ran_out", text: "" };
  return { at: "pending" };
}

function isAbout(question: Question, mcpUrl: string, selling: Selling, id: string): boolean {
  const { arguments: args } = question;
  return (
    question.mcpUrl === mcpUrl &&
    question.tool === selling.tool &&
    isObject(args) &&
    args[selling.argument] === id
  );
}

function isAtMost(question: Question, most: bigint): boolean {
  const asked = toAtomic(question.amountUsd);
  return asked !== null && asked <= most;
}

/** The link of a ticket of this deployment in a text of the Guest. */
function ticketIn(text: string): string | null {
  const found = /https?:\/\/[^\s,;]+\/t\/[\w-]+/.exec(text)?.[0];
  return safeLink(found);
}

/** Connects the session to the server, unless it is. */
export async function connected(mcpUrl: string): Promise<boolean> {
  const isThere = () => currentSession().server?.mcpUrl === mcpUrl;
  if (isThere()) return true;
  if (!connectServer(mcpUrl)) return false;
  const end = Date.now() + CONNECT_MILLIS;
  while (Date.now() < end && !isThere()) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (!currentSession().running.some(({ what }) => what === "connect") && !isThere()) return false;
  }
  return isThere();
}

function stored(mcpUrl: string, eventId: string): Begun | null {
  const value = parseJson(readStored(KEY, "sessionStorage"));
  const callId = textOf(value, "callId");
  if (!isObject(value) || callId === undefined) return null;
  if (value["mcpUrl"] !== mcpUrl || value["eventId"] !== eventId) return null;
  const at = typeof value["at"] === "number" ? value["at"] : Date.now();
  return {
    mcpUrl,
    eventId,
    details: isObject(value["details"]) ? value["details"] : {},
    callId,
    paymentId: textOf(value, "paymentId") ?? null,
    paysAlone: value["paysAlone"] === true,
    isFree: value["isFree"] === true,
    at,
  };
}

/** Milliseconds since `since`, told each second while `isRunning`. */
function useElapsed(since: number | null, isRunning: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isRunning, since]);
  return since === null ? 0 : Math.max(0, now - since);
}
