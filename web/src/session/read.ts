// Messages as they come over the socket: looked at before they are believed to be what they say.
import type { Out } from "../api/types";

/** The message, or null if it is none that this page knows. */
export function readMessage(text: string): Out | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isMessage(value) ? value : null;
}

/** An object whose members can be asked for. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The member if it is a text that is not empty. */
export function textOf(value: unknown, key: string): string | undefined {
  const member = isObject(value) ? value[key] : undefined;
  return typeof member === "string" && member !== "" ? member : undefined;
}

/** The member if it is a number. */
export function numberOf(value: unknown, key: string): number | undefined {
  const member = isObject(value) ? value[key] : undefined;
  return typeof member === "number" && Number.isFinite(member) ? member : undefined;
}

type Kind = "text" | "number" | "list" | "object" | "boolean";

// What the page would stumble over if it were not there. The server made these; doors made none of them.
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
