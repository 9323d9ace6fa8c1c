// Generated from the Rust types by `cargo test` (src/page_types.rs). Do not edit.

export type Kind = "browser" | "smart" | "crossmint";
export type In = { "type": "connect_mcp", url: string, } | { "type": "disconnect_mcp" } | { "type": "call_tool", tool: string, arguments?: { [key in string]: unknown }, callId?: string, } | { "type": "confirm", confirmationId: string, } | { "type": "cancel", confirmationId: string, } | { "type": "signature", requestId: string, signature: string, } | { "type": "chat", text: string, } | { "type": "set_policy" } & { [key in string]: unknown } | { "type": "use_wallet", kind: Kind, address?: string, };

export type Out =
  | { type: "welcome"; session: string; token?: string; userId?: string }
  | ({ type: "wallet_info" } & WalletInfo)
  | { type: "policy"; policy: Policy; spentSession: string; spentDay: string }
  | { type: "mcp_connected"; mcpUrl: string; server: string; protocol: string; tools: Array<ToolView> }
  | { type: "mcp_disconnected" }
  | { type: "log"; logType: string; message: string; timestamp: number }
  | { type: "exchange"; url: string; method: string; requestHeaders: Array<[string, string]>; requestBody: string; status: number | null; responseHeaders: Array<[string, string]>; responseBody: string; error: string | null; millis: number; timestamp: number }
  | { type: "payment_required"; confirmationId: string; requirements: unknown; tool: string; arguments: unknown; mcpUrl: string; amountUsd: string; amount: string; payTo: string; network: string; why: string }
  | { type: "sign_request"; requestId: string; address: string; typedData: unknown }
  | { type: "tool_result"; tool: string; result: unknown; callId?: string }
  | { type: "tool_error"; tool: string; result: string; code: string; moneyMoved: string; callId?: string }
  | { type: "payment_receipt"; txHash: string; network: string; payer: string; payTo: string; amount: string; amountUsd: string; explorerUrl: string; confirmed: boolean; tool: string }
  | { type: "wallet_deployed"; address: string }
  | { type: "history"; payments: Array<PaymentView>; deployments: Array<DeploymentView> }
  | { type: "chat"; text: string }
  | { type: "error"; message: string };

export type WalletInfo = { kind: Kind; guestAddress: string; hostAddress: string | null; network: string; guestWalletDeployed: boolean | null; balance: string | null };
/** Dollars as text. */
export type Policy = { perCall: string; perSession: string; perDay: string; askAbove: string; doors: Array<string>; payTo: Array<string> };
export type ToolView = { name: string; description: string; isPaid: boolean; price?: string; inputSchema: unknown };
export type PaymentView = { id: string; state: "asked" | "declined" | "refused" | "signing" | "paying" | "unknown" | "paid" | "failed"; tool: string; mcpUrl: string; amountUsd: string; amount: string; payTo: string; payer: string; network: string; txHash?: string; explorerUrl?: string; at: string };
export type DeploymentView = { address: string; network: string; txHash?: string; explorerUrl?: string; at: string };

/** GET /api/settings */
export type PageSettings = { local: boolean; faucet: boolean; smartWallets: boolean; crossmint: boolean; networks: Array<NetworkView> };
export type NetworkView = { network: string; name: string; chainId: number; asset: string; explorer: string; isTestnet: boolean };
/** POST /api/local/faucet {address} */
export type FaucetAnswer = { address: string; amount: string; txHash: string };
/** POST /api/auth/nonce */
export type NonceAnswer = { nonce: string; expiresAt: string };
/** POST /api/auth/siwe {message, signature} */
export type SessionAnswer = { token: string; userId: string; scope: string; expiresAt: string };

/** GET, PATCH /api/users/me */
export type ProfileView = { userId: string; walletAddress: string; urlSafeId: string; mcpUrl: string; doors: Array<string>; limits: LimitsView; createdAt: string; updatedAt: string };
export type LimitsView = { callsPerMinute: number; usdPerDay: string; unpaidPerMinute: number };
/** POST /api/users/mcp {userId, walletAddress?} */
export type Registered = { name: string; mcpUrl: string; walletAddress: string; urlSafeId: string; message: string };

export type EventStatus = "scheduled" | "past" | "cancelled";
export type EventView = { id: string; title: string; description: string; startsAt: string; endsAt?: string; timeZone: string; location?: string; capacity: number; seatsLeft: number | null; rsvpCount: number; price: string; priceAtomic: string; status: EventStatus; createdAt: string };
export type OwnEvent = EventView & { revenue: string; revenueAtomic: string; seatsHeld: number };
/** GET /api/users/events?cursor= */
export type OwnEvents = { events: Array<OwnEvent>; nextCursor?: string };
/** GET /api/users/events/{id}/rsvps */
export type Rsvps = { rsvps: Array<RsvpLine> };
export type RsvpLine = { id: string; wallet: string; paidAtomic: string; txHash: string; network: string; timestamp: string; name: string | null; email: string | null; code: string; checkedInAt: string | null };
/** POST /api/users/events/{id}/check-in {code} */
export type CheckInAnswer = { success: boolean; firstUsedAt: string; rsvp: RsvpLine; message: string };

/** GET /api/users/revenue */
export type Revenue = { total: string; totalAtomic: string; byTool: Array<Sum>; byEvent: Array<Sum>; byDay: Array<Sum>; rsvpsByDay: Array<Count>; unpaidByTool: Array<Count>; unpaidByEvent: Array<Count>; unpaidByDay: Array<Count> };
export type Sum = { key: string; payments: number; revenue: string; revenueAtomic: string };
export type Count = { key: string; count: number };
/** GET /api/users/payments?cursor= */
export type OwnPayments = { payments: Array<OwnPayment>; nextCursor?: string };
export type OwnPayment = { id: string; state: string; open: boolean; tool: string; eventId: string | null; payer: string; amount: string; amountAtomic: string; network: string; txHash: string | null; reason: string | null; createdAt: string; updatedAt: string };
/** application/problem+json */
export type Problem = { type: string; title: string; detail: string; status: number; requestId: string; moneyMoved?: string };
