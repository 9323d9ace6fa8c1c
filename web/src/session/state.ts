// The guest session as this tab knows it.
import type { BoughtSecret } from "./secrets";
import type {
  Cards,
  CustodyView,
  DeploymentView,
  Out,
  PaymentView,
  Policy,
  ToolView,
  WalletInfo,
  WithdrawalView,
} from "../api/types";

export type Message<T extends Out["type"]> = Extract<Out, { type: T }>;
export type Question = Message<"payment_required">;
export type SignRequest = Message<"sign_request">;
/** `receivedAt`: when the message came here; the server counts in whole seconds. */
export type Exchange = Message<"exchange"> & { key: number; receivedAt?: number | undefined };
export type LogLine = { key: number; kind: string; text: string; at: number; receivedAt: number };
/** The connected MCP server. */
export type Server = { mcpUrl: string; name: string; protocol: string };

/** An entry of the transcript. */
export type Entry = { id: string; at: number } & (
  | { kind: "you"; text: string }
  | { kind: "agent"; text: string; cards?: Cards | undefined; suggestions?: readonly string[] | undefined }
  | { kind: "notice"; tone: "info" | "warn" | "error"; text: string }
  | { kind: "connected"; server: string; mcpUrl: string; tools: number }
  /** `mcpUrl`: the server that gave the result, because only that server sells what the result offers. */
  | { kind: "result"; tool: string; result: unknown; mcpUrl: string | null }
  /** Without the value of the secret, because the transcript is stored. */
  | { kind: "secret"; tool: string; secret: BoughtSecret }
  | { kind: "failure"; tool: string; text: string; code: string; moneyMoved: string }
  | { kind: "receipt"; receipt: Message<"payment_receipt"> }
  | { kind: "wallet"; wallet: WalletInfo }
  | { kind: "deployed"; address: string }
);

/** A request that has no answer yet. */
export type Running = {
  id: string;
  what: "call" | "chat" | "connect" | "payment";
  title: string;
  tool: string;
  since: number;
};

/** The outcome of a call from the developer panel or the checkout. */
export type CallOutcome =
  { tool: string; result: unknown } | { tool: string; error: string; code: string; moneyMoved: string };

export type SessionState = {
  link: "connecting" | "open" | "away";
  session: string | null;
  userId: string | null;
  wallet: WalletInfo | null;
  /** Whether the wallet was looked at in this session; "done" also where the chain gave no answer in time. */
  balanceRead: "never" | "asked" | "done";
  policy: { policy: Policy; spentSession: string; spentDay: string } | null;
  server: Server | null;
  tools: readonly ToolView[];
  payments: readonly PaymentView[];
  deployments: readonly DeploymentView[];
  /** The wallets that the deployment keeps; null before it was asked. */
  custody: CustodyView | null;
  withdrawals: readonly WithdrawalView[];
  /** The last withdrawal that was not begun. No money moved. */
  withdrawalRefused: { requestId: string; code: string; message: string } | null;
  questions: readonly Question[];
  signRequests: readonly SignRequest[];
  running: readonly Running[];
  transcript: readonly Entry[];
  log: readonly LogLine[];
  exchanges: readonly Exchange[];
  outcomes: Readonly<Record<string, CallOutcome>>;
  /** What wallets were last seen to hold, in dollars, by their address in small letters. */
  balances: Readonly<Record<string, string>>;
  /** Values of bought secrets by the id of their entry, in memory only. */
  secrets: Readonly<Record<string, string>>;
  /** Between `welcome` and `history`: the messages repeat the state of the session, and nothing in them is new. */
  isResuming: boolean;
};

export const EMPTY: SessionState = {
  link: "connecting",
  session: null,
  userId: null,
  wallet: null,
  balanceRead: "never",
  policy: null,
  server: null,
  tools: [],
  payments: [],
  deployments: [],
  custody: null,
  withdrawals: [],
  withdrawalRefused: null,
  questions: [],
  signRequests: [],
  running: [],
  transcript: [],
  log: [],
  exchanges: [],
  outcomes: {},
  balances: {},
  secrets: {},
  isResuming: false,
};

/** A change of the session: a message of the Guest, or something in this page. */
export type Action =
  | { type: "received"; message: Out; at: number; key: number }
  | { type: "link"; link: SessionState["link"] }
  | { type: "entry"; entry: Entry }
  | { type: "running"; running: Running }
  | { type: "over"; id: string }
  | { type: "balance"; read: SessionState["balanceRead"] }
  /** A question was answered, here or in another tab. */
  | { type: "answered"; id: string; yes: boolean; at: number }
  /** A signature was sent, here or in another tab. */
  | { type: "signed"; id: string }
  | { type: "forget-outcome"; id: string }
  | { type: "clear-log" }
  | {
      type: "restored";
      session: string;
      transcript: readonly Entry[];
      log: readonly LogLine[];
      exchanges: readonly Exchange[];
    }
  /** `keeps`: the transcript stays, because the same user goes on. */
  | { type: "new-session"; keeps: boolean };
