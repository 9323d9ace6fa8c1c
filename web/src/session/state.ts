// What a session is, as this tab knows it.
import type { BoughtSecret } from "./secrets";
import type { DeploymentView, Out, PaymentView, Policy, ToolView, WalletInfo } from "../api/types";

export type Message<T extends Out["type"]> = Extract<Out, { type: T }>;
export type Question = Message<"payment_required">;
export type SignRequest = Message<"sign_request">;
export type Exchange = Message<"exchange"> & { key: number };
export type LogLine = { key: number; kind: string; text: string; at: number; heard: number };
export type Door = { mcpUrl: string; server: string; protocol: string };

/** What is shown in the chat, in this order. */
export type Entry = { id: string; at: number } & (
  | { kind: "you"; text: string }
  | { kind: "agent"; text: string }
  | { kind: "notice"; tone: "info" | "warn" | "error"; text: string }
  | { kind: "door"; server: string; mcpUrl: string; tools: number }
  /** The door is kept, because what its answer offers can be had there only. */
  | { kind: "result"; tool: string; result: unknown; door: string | null }
  /** The value is not a part of it, so that it is not kept where the transcript is. */
  | { kind: "secret"; tool: string; secret: BoughtSecret }
  | { kind: "failure"; tool: string; text: string; code: string; moneyMoved: string }
  | { kind: "receipt"; receipt: Message<"payment_receipt"> }
  | { kind: "wallet"; wallet: WalletInfo }
  | { kind: "deployed"; address: string }
);

/** Something that was asked for and has not come yet. */
export type Running = {
  id: string;
  what: "call" | "chat" | "connect" | "payment";
  title: string;
  tool: string;
  since: number;
};

/** What came of a call made from the developer's panel. */
export type CallOutcome =
  { tool: string; result: unknown } | { tool: string; error: string; moneyMoved: string };

export type SessionState = {
  link: "connecting" | "open" | "away";
  session: string | null;
  userId: string | null;
  wallet: WalletInfo | null;
  policy: { policy: Policy; spentSession: string; spentDay: string } | null;
  door: Door | null;
  tools: readonly ToolView[];
  payments: readonly PaymentView[];
  deployments: readonly DeploymentView[];
  questions: readonly Question[];
  signRequests: readonly SignRequest[];
  running: readonly Running[];
  transcript: readonly Entry[];
  log: readonly LogLine[];
  exchanges: readonly Exchange[];
  outcomes: Readonly<Record<string, CallOutcome>>;
  /** Values of bought secrets by the id of their entry, as long as this page is open. */
  secrets: Readonly<Record<string, string>>;
  /** Between the greeting's first message and its last; nothing in it is news. */
  isGreeting: boolean;
};

export const EMPTY: SessionState = {
  link: "connecting",
  session: null,
  userId: null,
  wallet: null,
  policy: null,
  door: null,
  tools: [],
  payments: [],
  deployments: [],
  questions: [],
  signRequests: [],
  running: [],
  transcript: [],
  log: [],
  exchanges: [],
  outcomes: {},
  secrets: {},
  isGreeting: false,
};

/** What happened: a message of the server, or something of this page. */
export type Happening =
  | { type: "heard"; message: Out; at: number; key: number }
  | { type: "link"; link: SessionState["link"] }
  | { type: "entry"; entry: Entry }
  | { type: "running"; running: Running }
  | { type: "over"; id: string }
  /** A question was answered, here or in another tab. */
  | { type: "answered"; id: string; yes: boolean; at: number }
  /** A signature was sent, here or in another tab. */
  | { type: "signed"; id: string }
  | { type: "forget-outcome"; id: string }
  | { type: "clear-log" }
  | { type: "restored"; session: string; transcript: readonly Entry[] }
  /** `keeps`: what was shown stays, because the same person is there. */
  | { type: "new-session"; keeps: boolean };
