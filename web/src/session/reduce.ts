// How a session changes with what happens. Nothing here has an effect outside.
import type { Out, PaymentView } from "../api/types";
import { over, patched, paying, withEntry, withoutFirst, withoutWaiting } from "./changes";
import { secretOf } from "./secrets";
import { EMPTY, type Entry, type Happening, type Message, type Question, type SessionState } from "./state";

const LOG_MAX = 500;
const EXCHANGES_MAX = 200;
const OUTCOMES_MAX = 50;

export function reduce(state: SessionState, happening: Happening): SessionState {
  switch (happening.type) {
    case "heard":
      return heard(state, happening.message, happening.at, happening.key);
    case "link":
      return { ...state, link: happening.link, running: happening.link === "away" ? [] : state.running };
    case "entry":
      return withEntry(state, happening.entry);
    case "running":
      return { ...state, running: [...state.running, happening.running] };
    case "over":
      return { ...state, running: state.running.filter(({ id }) => id !== happening.id) };
    case "answered":
      return answered(state, happening);
    case "signed":
      return {
        ...state,
        signRequests: state.signRequests.filter(({ requestId }) => requestId !== happening.id),
      };
    case "forget-outcome": {
      const { [happening.id]: _, ...outcomes } = state.outcomes;
      return { ...state, outcomes };
    }
    case "clear-log":
      return { ...state, log: [], exchanges: [] };
    case "restored":
      return { ...state, session: happening.session, transcript: happening.transcript };
    case "new-session":
      return happening.keeps
        ? { ...EMPTY, link: state.link, transcript: state.transcript, secrets: state.secrets }
        : { ...EMPTY, link: state.link };
  }
}

function heard(state: SessionState, message: Out, at: number, key: number): SessionState {
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
        ...entry({ kind: "notice", tone: "info", text: "You left the door." }),
        door: null,
        tools: [],
        running: withoutFirst(state.running, "chat"),
      };
    case "log": {
      const line = { key, kind: message.logType, text: message.message, at: message.timestamp, heard: at };
      return { ...state, log: [...state.log, line].slice(-LOG_MAX) };
    }
    case "exchange":
      return { ...state, exchanges: [...state.exchanges, { ...message, key }].slice(-EXCHANGES_MAX) };
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
    case "csv":
      return state;
    case "chat":
      return {
        ...entry({ kind: "agent", text: message.text }),
        running: withoutFirst(state.running, "chat"),
      };
    case "error":
      return {
        ...entry({ kind: "notice", tone: "error", text: message.message }),
        running: withoutWaiting(state),
      };
  }
}

type EntryRest = Entry extends infer E ? (E extends Entry ? Omit<E, "id" | "at"> : never) : never;

function welcome(state: SessionState, message: Message<"welcome">): SessionState {
  const isSame = state.session === message.session;
  const base = isSame
    ? state
    : { ...EMPTY, link: state.link, log: state.log, transcript: state.transcript, secrets: state.secrets };
  // Everything that waits comes again with the greeting.
  return {
    ...base,
    session: message.session,
    userId: message.userId ?? null,
    questions: [],
    signRequests: [],
    isGreeting: true,
  };
}

function walletInfo(
  state: SessionState,
  message: Message<"wallet_info">,
  at: number,
  key: number,
): SessionState {
  const { type: _, ...told } = message;
  const before = state.wallet;
  const isSame = before?.guestAddress === told.guestAddress && before.kind === told.kind;
  // A greeting does not ask the chain, so what was known of it stays.
  const wallet = { ...told, balance: told.balance ?? (isSame ? before.balance : null) };
  const isAsked =
    state.running.some(({ what }) => what === "chat") &&
    !state.running.some(({ what }) => what === "payment");
  const running = isAsked ? withoutFirst(state.running, "chat") : state.running;
  const next = { ...state, wallet, running };
  if (state.isGreeting || (isSame && !isAsked)) return next;
  return withEntry(next, { id: `${at}-${key}`, at, kind: "wallet", wallet });
}

function connected(
  state: SessionState,
  message: Message<"mcp_connected">,
  at: number,
  key: number,
): SessionState {
  const { mcpUrl, server, protocol, tools } = message;
  const next = { ...over(state, "connect"), door: { mcpUrl, server, protocol }, tools };
  next.running = withoutFirst(next.running, "chat");
  if (state.isGreeting) return next;
  return withEntry(next, { id: `${at}-${key}`, at, kind: "door", server, mcpUrl, tools: tools.length });
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

function signRequest(state: SessionState, message: Message<"sign_request">, at: number): SessionState {
  const id = message.requestId;
  const others = state.signRequests.filter(({ requestId }) => requestId !== id);
  const isKnown = state.running.some((running) => running.id === id);
  const payment = state.payments.find((one) => one.id === id);
  const tool = payment?.tool ?? "";
  const running = { id, what: "payment" as const, title: paying(payment?.amountUsd), tool, since: at };
  return {
    ...state,
    questions: state.questions.filter(({ confirmationId }) => confirmationId !== id),
    signRequests: [...others, message],
    running: isKnown ? state.running : [...state.running, running],
  };
}

function answered(
  state: SessionState,
  { id, yes, at }: { id: string; yes: boolean; at: number },
): SessionState {
  const payment = state.payments.find((one) => one.id === id);
  const isRunning = state.running.some((running) => running.id === id);
  const running =
    yes && !isRunning
      ? [
          ...state.running,
          {
            id,
            what: "payment" as const,
            title: paying(payment?.amountUsd),
            tool: payment?.tool ?? "",
            since: at,
          },
        ]
      : state.running;
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
  const next = withEntry(state, {
    id: `${at}-${key}`,
    at,
    kind: "failure",
    tool,
    text: result,
    code,
    moneyMoved,
  });
  // A failure names no payment. Another tab's "no" is the only one that answers a question.
  const declined = code === "declined" ? next.questions.filter((one) => one.tool === tool) : [];
  const questions =
    declined.length === 1 ? next.questions.filter((one) => one !== declined[0]) : next.questions;
  const payment = next.running.find((one) => one.what === "payment" && one.tool === tool);
  const became = moneyMoved === "no" ? (code === "declined" ? "declined" : "failed") : "unknown";
  const payments = payment === undefined ? next.payments : patched(next.payments, payment.id, became);
  const signRequests = next.signRequests.filter(({ requestId }) => requestId !== payment?.id);
  return outcome({ ...next, questions, payments, signRequests }, message);
}

function succeeded(
  state: SessionState,
  message: Message<"tool_result">,
  at: number,
  key: number,
): SessionState {
  const { tool, result } = message;
  const id = `${at}-${key}`;
  const sold = secretOf(tool, result);
  if (sold === null) {
    const entry = { id, at, kind: "result", tool, result, door: state.door?.mcpUrl ?? null } as const;
    return outcome(withEntry(state, entry), message);
  }
  const { bought, value } = sold;
  const next = withEntry(state, { id, at, kind: "secret", tool, secret: bought });
  const told = { ...bought, secret: "(shown in the chat)" };
  return outcome({ ...next, secrets: { ...state.secrets, [id]: value } }, { ...message, result: told });
}

// What was waited for has come: the call by its id, and the payment by its tool.
function outcome(state: SessionState, message: Message<"tool_result"> | Message<"tool_error">): SessionState {
  const { tool, callId } = message;
  const isOver = (one: SessionState["running"][number]) =>
    one.id === callId || (one.what === "payment" && one.tool === tool);
  const first = state.running.findIndex(isOver);
  const running = state.running.filter((one, place) => one.id !== callId && place !== first);
  // What the chat has asked for is told in words as well; only a failure may be all that comes.
  const isLast = callId === undefined && message.type === "tool_error";
  const next = { ...state, running: isLast ? withoutFirst(running, "chat") : running };
  if (callId === undefined || !callId.startsWith("panel-")) return next;
  const came =
    message.type === "tool_result"
      ? { tool, result: message.result }
      : { tool, error: message.result, moneyMoved: message.moneyMoved };
  const kept = Object.entries(state.outcomes).slice(-OUTCOMES_MAX);
  return { ...next, outcomes: { ...Object.fromEntries(kept), [callId]: came } };
}

function history(state: SessionState, message: Message<"history">): SessionState {
  const { payments, deployments } = message;
  const stateOf = new Map(payments.map((payment) => [payment.id, payment.state]));
  const isStillAsked = (id: string) => (stateOf.get(id) ?? "asked") === "asked";
  const isUnderWay = (id: string) => ["signing", "paying", undefined].includes(stateOf.get(id));
  const running = state.running.filter((one) => one.what !== "payment" || isUnderWay(one.id));
  // After a reload the payments that are under way are known from here only.
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
    running: [...running, ...more],
    questions: state.questions.filter(({ confirmationId }) => isStillAsked(confirmationId)),
    signRequests: state.signRequests.filter(({ requestId }) => isUnderWay(requestId)),
    isGreeting: false,
  };
}
