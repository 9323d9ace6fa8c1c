// Messages of the Guest's WebSocket: checked before they are taken as what they claim to be.
import { isObject, parseJson } from "../base/object";
import type { Out } from "../api/types";

/** The message, or null if this page does not know it. */
export function readMessage(text: string): Out | null {
  const value = parseJson(text);
  return isMessage(value) ? value : null;
}

type Kind = "text" | "number" | "list" | "object" | "boolean";

// The members without which the page would fail. All of them come from this deployment, none from MCP servers.
const MUST_HAVE: Record<Out["type"], Record<string, Kind>> = {
  welcome: { session: "text" },
  wallet_info: { kind: "text", guestAddress: "text", network: "text" },
  policy: { policy: "object", spentSession: "text", spentDay: "text" },
  mcp_connected: { mcpUrl: "text", server: "text", protocol: "text", tools: "list" },
  mcp_disconnected: {},
  log: { logType: "text", message: "text", timestamp: "number" },
  exchange: {
    url: "text",
    method: "text",
    requestHeaders: "list",
    responseHeaders: "list",
    timestamp: "number",
  },
  payment_required: {
    confirmationId: "text",
    tool: "text",
    mcpUrl: "text",
    amountUsd: "text",
    payTo: "text",
    network: "text",
  },
  sign_message: { requestId: "text", address: "text", message: "text" },
  sign_request: { requestId: "text", address: "text", typedData: "object" },
  tool_result: { tool: "text" },
  tool_error: { tool: "text", result: "text", code: "text", moneyMoved: "text" },
  payment_receipt: {
    txHash: "text",
    amountUsd: "text",
    payer: "text",
    payTo: "text",
    tool: "text",
    network: "text",
  },
  wallet_deployed: { address: "text" },
  history: { payments: "list" },
  custody: { wallets: "list", proof: "text", perWithdrawal: "text", perDay: "text" },
  withdrawal: { id: "text", requestId: "text", state: "text", from: "text", to: "text", amountUsd: "text" },
  withdrawal_refused: { requestId: "text", code: "text", message: "text" },
  csv: { text: "text" },
  chat: { text: "text" },
  error: { message: "text" },
};

function isMessage(value: unknown): value is Out {
  if (!isObject(value) || !isKnown(value["type"])) return false;
  const wanted = Object.entries(MUST_HAVE[value["type"]]);
  return wanted.every(([key, kind]) => isOf(kind, value[key]));
}

function isKnown(type: unknown): type is Out["type"] {
  return typeof type === "string" && Object.hasOwn(MUST_HAVE, type);
}

function isOf(kind: Kind, value: unknown): boolean {
  if (kind === "list") return Array.isArray(value);
  if (kind === "object") return isObject(value);
  if (kind === "text") return typeof value === "string";
  return typeof value === kind;
}
