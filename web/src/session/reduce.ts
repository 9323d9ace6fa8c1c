// How actions change the session. Pure.
import type { Out, PaymentView } from "../api/types";
import { contentOf, textOf } from "../base/object";
import { over, patched, paying, withEntry, withoutFirst, withoutWaiting } from "./changes";
import { secretOf } from "./secrets";
import {
  EMPTY,
  type Action,
  type Entry,
  type Message,
  type Question,
  type Running,
  type SessionState,
} from "./state";

const LOG_MAX = 500;
const EXCHANGES_MAX = 200;
const OUTCOMES_MAX = 50;

export function reduce(state: SessionState, action: Action): SessionState {
  switch (action.type) {
    case "received":
      return received(state, action.message, action.at, action.key);
    case "link":
      return { ...state, link: action.link, running: action.link === "away" ? [] : state.running };
    case "entry":
      return withEntry(state, action.entry);
    case "running":
      return { ...state, running: [...state.running, action.running] };
    case "balance":
      return { ...state, balanceRead: action.read };
    case "over":
      return { ...state, running: state.running.filter(({ id }) => id !== action.id) };
    case "answered":
      return answered(state, action);
    case "signed":
      return {
        ...state,
        signRequests: state.signRequests.filter(({ requestId }) => requestId !== action.id),
      };
    case "forget-outcome": {
      const { [action.id]: _, ...outcomes } = state.outcomes;
      return { ...state, outcomes };
    }
    case "clear-log":
      return { ...state, log: [], exchanges: [] };
    case "restored":
      return {
        ...state,
        session: action.session,
        transcript: action.transcript,
        log: [...action.log, ...state.log],
        exchanges: [...action.exchanges, ...state.exchanges],
      };
    case "new-session":
      return action.keeps
        ? { ...EMPTY, link: state.link, transcript: state.transcript, secrets: state.secrets }
        : { ...EMPTY, link: state.link };
  }
}

function received(state: SessionState, message: Out, at: number, key: number): SessionState {
  const entry = (rest: EntryRest) => withEntry(state, { id: `${at}-${key}`, at, ...rest });
  switch (message.type) {
    case "welcome":
      return welcome(state, message);
    case "wallet_info":
      return walletInfo(state, message, at, key);
    case "policy":
      return { ...state, policy: message };
    case "mcp_connected":
      return connected(state, message, at, key);
    case "mcp_disconnected":
      return {
        ...entry({ kind: "notice", tone: "info", text: "You disconnected from the server." }),
        server: null,
        tools: [],
        running: withoutFirst(state.running, "chat"),
      };
    case "log":
      return logged(state, message, at, key);
    case "exchange":
      return {
        ...state,
        exchanges: [...state.exchanges, { ...message, key, receivedAt: at }].slice(-EXCHANGES_MAX),
      };
    case "payment_required":
      return question(state, message, at);
    case "sign_request":
      return signRequest(state, message, at);
    case "tool_result":
      return succeeded(state, message, at, key);
    case "tool_error":
      return failed(state, message, at, key);
    case "payment_receipt":
      return {
        ...entry({ kind: "receipt", receipt: message }),
        running: withoutFirst(state.running, "chat"),
      };
    case "wallet_deployed":
      return entry({ kind: "deployed", address: message.address });
    case "history":
      return history(state, message);
    case "custody":
    case "withdrawal":
    case "withdrawal_refused":
      return custody(state, message);
    case "csv":
      return state;
    // The store asks the wallet; no money moves.
    case "sign_message":
      return state;
    case "chat":
      // The dialog asks it.
      if (message.asks !== undefined) return { ...state, running: withoutFirst(state.running, "chat") };
      return {
        ...entry({
          kind: "agent",
          text: message.text,
          cards: message.cards,
          suggestions: message.suggestions,
        }),
        running: withoutFirst(state.running, "chat"),
      };
    case "error":
      return {
        ...entry({ kind: "notice", tone: "error", text: message.message }),
        running: withoutWaiting(state),
      };
  }
}

function logged(state: SessionState, message: Message<"log">, at: number, key: number): SessionState {
  const { logType: kind, message: text, timestamp } = message;
  const line = { key, kind, text, at: timestamp, receivedAt: at };
  return { ...state, log: [...state.log, line].slice(-LOG_MAX) };
}

function custody(
  state: SessionState,
  message: Message<"custody"> | Message<"withdrawal"> | Message<"withdrawal_refused">,
): SessionState {
  switch (message.type) {
    case "custody": {
      const { type: _, ...kept } = message;
      return { ...state, custody: kept };
    }
    case "withdrawal": {
      const { type: _, ...withdrawal } = message;
      const others = state.withdrawals.filter(({ id }) => id !== withdrawal.id);
      return { ...state, withdrawals: [withdrawal, ...others] };
    }
    case "withdrawal_refused": {
      const { type: _, ...withdrawalRefused } = message;
      return { ...state, withdrawalRefused };
    }
  }
}

type EntryRest = Entry extends infer E ? (E extends Entry ? Omit<E, "id" | "at"> : never) : never;

function welcome(state: SessionState, message: Message<"welcome">): SessionState {
  const isSame = state.session === message.session;
  const base = isSame
    ? state
    : { ...EMPTY, link: state.link, log: state.log, transcript: state.transcript, secrets: state.secrets };
  // Everything that waits is sent again after `welcome`.
  return {
    ...base,
    session: message.session,
    userId: message.userId ?? null,
    questions: [],
    signRequests: [],
    isResuming: true,
  };
}

function walletInfo(
  state: SessionState,
  message: Message<"wallet_info">,
  at: number,
  key: number,
): SessionState {
  const { type: _, ...info } = message;
  const before = state.wallet;
  const isSame = before?.guestAddress === info.guestAddress && before.kind === info.kind;
  // When a session is resumed the chain is not asked, so the known balance stays.
  const wallet = { ...info, balance: info.balance ?? (isSame ? before.balance : null) };
  const balances =
    info.balance === null
      ? state.balances
      : { ...state.balances, [info.guestAddress.toLowerCase()]: info.balance };
  // While a session is resumed the message only repeats which wallet it is.
  const balanceRead = state.isResuming ? state.balanceRead : "done";
  const next = { ...state, wallet, balanceRead, balances };
  if (state.isResuming || isSame) return next;
  return withEntry(next, { id: `${at}-${key}`, at, kind: "wallet", wallet });
}

function connected(
  state: SessionState,
  message: Message<"mcp_connected">,
  at: number,
  key: number,
): SessionState {
  const { mcpUrl, server, protocol, tools } = message;
  const next = { ...over(state, "connect"), server: { mcpUrl, name: server, protocol }, tools };
  next.running = withoutFirst(next.running, "chat");
  if (state.isResuming) return next;
  return withEntry(next, { id: `${at}-${key}`, at, kind: "connected", server, mcpUrl, tools: tools.length });
}

function question(state: SessionState, message: Question, at: number): SessionState {
  if (state.questions.some(({ confirmationId }) => confirmationId === message.confirmationId)) return state;
  const { confirmationId: id, tool, mcpUrl, amountUsd, amount, payTo, network } = message;
  const payer = state.wallet?.guestAddress ?? "";
  const asked: PaymentView = {
    id,
    state: "asked",
    tool,
    mcpUrl,
    amountUsd,
    amount,
    payTo,
    network,
    payer,
    at: new Date(at).toISOString(),
  };
  const isKnown = state.payments.some((payment) => payment.id === id);
  const payments = isKnown ? state.payments : [asked, ...state.payments];
  return { ...state, questions: [...state.questions, message], payments };
}

function payingFor(state: SessionState, id: string, since: number): Running {
  const payment = state.payments.find((one) => one.id === id);
  return { id, what: "payment", title: paying(payment?.amountUsd), tool: payment?.tool ?? "", since };
}

function signRequest(state: SessionState, message: Message<"sign_request">, at: number): SessionState {
  const id = message.requestId;
  const others = state.signRequests.filter(({ requestId }) => requestId !== id);
  const isKnown = state.running.some((running) => running.id === id);
  return {
    ...state,
    questions: state.questions.filter(({ confirmationId }) => confirmationId !== id),
    signRequests: [...others, message],
    running: isKnown ? state.running : [...state.running, payingFor(state, id, at)],
  };
}

function answered(
  state: SessionState,
  { id, yes, at }: { id: string; yes: boolean; at: number },
): SessionState {
  const isRunning = state.running.some((running) => running.id === id);
  const running = yes && !isRunning ? [...state.running, payingFor(state, id, at)] : state.running;
  return {
    ...state,
    running: yes ? running : running.filter((one) => one.id !== id),
    questions: state.questions.filter(({ confirmationId }) => confirmationId !== id),
    signRequests: yes ? state.signRequests : state.signRequests.filter(({ requestId }) => requestId !== id),
    payments: patched(state.payments, id, yes ? "signing" : "declined"),
  };
}

function failed(state: SessionState, message: Message<"tool_error">, at: number, key: number): SessionState {
  const { tool, result, code, moneyMoved } = message;
  const entry = { id: `${at}-${key}`, at, kind: "failure", tool, text: result, code, moneyMoved } as const;
  // The agent says it in words next.
  const next = message.inChat === true ? state : withEntry(state, entry);
  // A failure names no payment. Only a "declined" from another tab answers a question.
  const declined = code === "declined" ? next.questions.filter((one) => one.tool === tool) : [];
  const questions =
    declined.length === 1 ? next.questions.filter((one) => one !== declined[0]) : next.questions;
  const payment = next.running.find((one) => one.what === "payment" && one.tool === tool);
  const outcomeState = moneyMoved === "no" ? (code === "declined" ? "declined" : "failed") : "unknown";
  const payments = payment === undefined ? next.payments : patched(next.payments, payment.id, outcomeState);
  const signRequests = next.signRequests.filter(({ requestId }) => requestId !== payment?.id);
  return outcome({ ...next, questions, payments, signRequests }, message);
}

/** Whether this entry shows the purchase already: the agent tells its result again until it knows that it has arrived. */
function isPurchaseOf(entry: Entry, { tool, result }: Message<"tool_result">): boolean {
  const hash = transactionOf(result);
  if (hash === undefined) return false;
  if (entry.kind === "secret") return entry.secret.transactionHash === hash;
  return entry.kind === "result" && entry.tool === tool && transactionOf(entry.result) === hash;
}

function transactionOf(result: unknown): string | undefined {
  return textOf(contentOf(result), "transactionHash");
}

function succeeded(
  state: SessionState,
  message: Message<"tool_result">,
  at: number,
  key: number,
): SessionState {
  const { tool, result } = message;
  const known = state.transcript.find((entry) => isPurchaseOf(entry, message));
  const id = known?.id ?? `${at}-${key}`;
  const sold = secretOf(tool, result);
  if (sold === null) {
    if (known !== undefined) return outcome(state, message);
    const entry = { id, at, kind: "result", tool, result, mcpUrl: state.server?.mcpUrl ?? null } as const;
    return outcome(withEntry(state, entry), message);
  }
  const { bought, value } = sold;
  const next =
    known === undefined ? withEntry(state, { id, at, kind: "secret", tool, secret: bought }) : state;
  const shown = { ...bought, secret: "(shown in the chat)" };
  return outcome({ ...next, secrets: { ...state.secrets, [id]: value } }, { ...message, result: shown });
}

// Ends what the answer was for: the call by its id, and the payment by its tool.
function outcome(state: SessionState, message: Message<"tool_result"> | Message<"tool_error">): SessionState {
  const { tool, callId } = message;
  const isOver = (one: SessionState["running"][number]) =>
    one.id === callId || (one.what === "payment" && one.tool === tool);
  const first = state.running.findIndex(isOver);
  const running = state.running.filter((one, place) => one.id !== callId && place !== first);
  // The chat answers in words as well, unless the call has failed.
  const isLast = callId === undefined && message.type === "tool_error" && message.inChat !== true;
  const next = { ...state, running: isLast ? withoutFirst(running, "chat") : running };
  if (callId === undefined || !/^(panel|buy)-/.test(callId)) return next;
  const callOutcome =
    message.type === "tool_result"
      ? { tool, result: message.result }
      : { tool, error: message.result, code: message.code, moneyMoved: message.moneyMoved };
  const kept = Object.entries(state.outcomes).slice(-OUTCOMES_MAX);
  return { ...next, outcomes: { ...Object.fromEntries(kept), [callId]: callOutcome } };
}

function history(state: SessionState, message: Message<"history">): SessionState {
  const { payments, deployments, withdrawals } = message;
  const stateOf = new Map(payments.map((payment) => [payment.id, payment.state]));
  const isStillAsked = (id: string) => (stateOf.get(id) ?? "asked") === "asked";
  const isUnderWay = (id: string) => ["signing", "paying", undefined].includes(stateOf.get(id));
  const running = state.running.filter((one) => one.what !== "payment" || isUnderWay(one.id));
  // After a reload only this message names the payments that are under way.
  const known = new Set(running.map(({ id }) => id));
  const more = payments
    .filter(({ id, state: now }) => (now === "signing" || now === "paying") && !known.has(id))
    .map(({ id, tool, amountUsd, at }) => ({
      id,
      what: "payment" as const,
      title: paying(amountUsd),
      tool,
      since: Date.parse(at) || 0,
    }));
  return {
    ...state,
    payments,
    deployments: deployments ?? [],
    withdrawals: withdrawals ?? [],
    running: [...running, ...more],
    questions: state.questions.filter(({ confirmationId }) => isStillAsked(confirmationId)),
    signRequests: state.signRequests.filter(({ requestId }) => isUnderWay(requestId)),
    isResuming: false,
  };
}
