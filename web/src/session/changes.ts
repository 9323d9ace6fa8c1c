// Changes of a session that several messages share.
import type { PaymentView } from "../api/types";
import type { Entry, SessionState } from "./state";

const TRANSCRIPT_MAX = 200;

export function withEntry(state: SessionState, entry: Entry): SessionState {
  return { ...state, transcript: [...state.transcript, entry].slice(-TRANSCRIPT_MAX) };
}

export function over(state: SessionState, what: SessionState["running"][number]["what"]): SessionState {
  return { ...state, running: state.running.filter((one) => one.what !== what) };
}

export function withoutFirst(
  running: SessionState["running"],
  what: SessionState["running"][number]["what"],
) {
  const first = running.findIndex((one) => one.what === what);
  return running.filter((_, place) => place !== first);
}

// An error names no request, so it ends everything but calls and payments, which have answers of their own.
export function withoutWaiting(state: SessionState) {
  return state.running.filter(({ what }) => what === "payment" || what === "call");
}

export function patched(payments: readonly PaymentView[], id: string, state: PaymentView["state"]) {
  return payments.map((payment) => (payment.id === id ? { ...payment, state } : payment));
}

export function paying(amountUsd: string | undefined): string {
  return amountUsd === undefined ? "Paying" : `Paying $${amountUsd}`;
}
