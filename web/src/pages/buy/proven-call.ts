// A call for which a wallet signs a message, and nothing is paid. The Guest has the wallet sign.
import { useEffect, useState } from "react";
import { contentOf, isObject } from "../../base/object";
import { callTool, useSession, type CallOutcome } from "../../session";
import { SIGN_MILLIS, connected } from "./checkout";

export type Answer = Readonly<Record<string, unknown>>;

export type ProvenCall = {
  state:
    | { at: "idle" }
    | { at: "asking" }
    | { at: "done"; answer: Answer }
    | { at: "failed"; code: string; text: string };
  send: (tool: string, args: Record<string, unknown>) => Promise<void>;
  /** Forgets what came of the last call. */
  reset: () => void;
};

type Begun = { at: "idle" | "starting" } | { at: "called"; callId: string } | { at: "failed"; text: string };

export function useProvenCall(mcpUrl: string): ProvenCall {
  const [begun, setBegun] = useState<Begun>({ at: "idle" });
  const callId = begun.at === "called" ? begun.callId : null;
  const outcome = useSession((state) => (callId === null ? undefined : state.outcomes[callId]));
  const isWaiting = callId !== null && outcome === undefined;
  useEffect(() => {
    if (!isWaiting) return;
    const late = () => setBegun({ at: "failed", text: "There is no answer yet. Try again." });
    const timer = setTimeout(late, SIGN_MILLIS);
    return () => clearTimeout(timer);
  }, [isWaiting]);
  return {
    state: stateOf(begun, outcome),
    send: async (tool, args) => {
      setBegun({ at: "starting" });
      if (!(await connected(mcpUrl))) {
        return setBegun({ at: "failed", text: "The host's server has not answered. Try again." });
      }
      const id = callTool(tool, args, "buy");
      if (id === null) return setBegun({ at: "failed", text: "The connection was lost. Try again." });
      setBegun({ at: "called", callId: id });
    },
    reset: () => setBegun({ at: "idle" }),
  };
}

function stateOf(begun: Begun, outcome: CallOutcome | undefined): ProvenCall["state"] {
  if (begun.at === "idle") return { at: "idle" };
  if (begun.at === "failed") return { at: "failed", code: "unknown", text: begun.text };
  if (outcome === undefined) return { at: "asking" };
  if ("result" in outcome) {
    const content = contentOf(outcome.result);
    return { at: "done", answer: isObject(content) ? content : {} };
  }
  return { at: "failed", code: outcome.code, text: outcome.error };
}
