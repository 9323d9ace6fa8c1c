// Written by `UPDATE_TYPES=1 cargo test page_types` from the Rust types. Do not edit.

export type In = { "type": "connect_mcp", url: string, } | { "type": "disconnect_mcp", } | { "type": "call_tool", tool: string, 
/**
 * As the tool's `inputSchema` describes them.
 */
arguments?: Record<string, unknown>, 
/**
 * Comes back with the result.
 */
callId?: string, } | { "type": "confirm", 
/**
 * The `confirmationId` of `payment_required`.
 */
confirmationId: string, } | { "type": "cancel", 
/**
 * The `confirmationId` of `payment_required`.
 */
confirmationId: string, } | { "type": "signature", 
/**
 * The `requestId` of `sign_request`.
 */
requestId: string, 
/**
 * Hex, as `eth_signTypedData_v4` returns it.
 */
signature: string, } | { "type": "chat", text: string, } | { "type": "export_csv", } | { "type": "set_policy" } & Partial<Policy> | { "type": "use_wallet", kind: Kind, 
/**
 * Of a wallet in the browser.
 */
address?: string, } | { "type": "show_custody", } | { "type": "withdraw", 
/**
 * 16 to 128 letters, digits, hyphens and underscores. The same request is carried out once.
 */
requestId: string, 
/**
 * The wallet that sends.
 */
from: string, 
/**
 * CAIP-2, for example `eip155:8453`.
 */
network: string, 
/**
 * The address that gets the money.
 */
to: string, 
/**
 * Dollars, for example `2.50`.
 */
amount: string, 
/**
 * The session's token, in a session without an owner.
 */
token?: string, };

export type Out = { "type": "welcome", session: string, 
/**
 * Resumes the session on another socket.
 */
token?: string, 
/**
 * Whose it is, if that was proven.
 */
userId?: string, } | { "type": "wallet_info" } & WalletInfo | { "type": "policy", policy: Policy, 
/**
 * Signed for in this session, dollars.
 */
spentSession: string, 
/**
 * Signed for in 24 hours, dollars.
 */
spentDay: string, } | { "type": "mcp_connected", mcpUrl: string, 
/**
 * The name that the server gives itself.
 */
server: string, 
/**
 * The version of MCP that is spoken.
 */
protocol: string, tools: Array<ToolView>, } | { "type": "mcp_disconnected", } | { "type": "log", 
/**
 * `info`, `payment` or `error`.
 */
logType: string, message: string, 
/**
 * Unix time in milliseconds.
 */
timestamp: number, } | { "type": "exchange" } & ExchangeView | { "type": "payment_required", 
/**
 * Goes back with `confirm` or `cancel`.
 */
confirmationId: string, 
/**
 * What the server asks for, as it stands in its challenge.
 */
requirements: unknown, 
/**
 * What is paid for, in the server's words: `resource` of version 2. Untrusted.
 */
resource?: unknown, tool: string, arguments: unknown, mcpUrl: string, 
/**
 * The price in dollars.
 */
amountUsd: string, 
/**
 * The price in the token's smallest unit.
 */
amount: string, 
/**
 * The receiver's address (EIP-55).
 */
payTo: string, 
/**
 * CAIP-2, for example `eip155:8453`.
 */
network: string, 
/**
 * Why it is asked.
 */
why: string, } | { "type": "sign_request", 
/**
 * Goes back with the signature.
 */
requestId: string, 
/**
 * The address that has to sign.
 */
address: string, 
/**
 * EIP-712, as `eth_signTypedData_v4` takes it.
 */
typedData: unknown, } | { "type": "tool_result", tool: string, 
/**
 * The result as it came.
 */
result: unknown, 
/**
 * As in the call.
 */
callId?: string, } | { "type": "tool_error", tool: string, 
/**
 * The reason, as a text for the user.
 */
result: string, 
/**
 * A stable code, for programs.
 */
code: string, 
/**
 * `no`, `unknown` or `yes`.
 */
moneyMoved: string, 
/**
 * Whether `chat` tells the user the same.
 */
inChat?: boolean, 
/**
 * As in the call.
 */
callId?: string, } | { "type": "payment_receipt", txHash: string, 
/**
 * CAIP-2, for example `eip155:8453`.
 */
network: string, 
/**
 * The wallet that has paid.
 */
payer: string, 
/**
 * The address that was paid.
 */
payTo: string, 
/**
 * In the token's smallest unit.
 */
amount: string, 
/**
 * The same in US dollars.
 */
amountUsd: string, 
/**
 * Where people can look at it.
 */
explorerUrl: string, 
/**
 * Whether the chain was asked.
 */
confirmed: boolean, tool: string, 
/**
 * What was bought, as the server calls it. Untrusted.
 */
title?: string, 
/**
 * The server that sold it.
 */
mcpUrl: string, } | { "type": "wallet_deployed", address: string, } | { "type": "history", payments: Array<PaymentView>, 
/**
 * Wallets of the session that are on the chain.
 */
deployments: Array<DeploymentView>, 
/**
 * Money that was sent out of a kept wallet.
 */
withdrawals: Array<WithdrawalView>, } | { "type": "custody" } & CustodyView | { "type": "withdrawal" } & WithdrawalView | { "type": "withdrawal_refused", 
/**
 * As in the request.
 */
requestId: string, 
/**
 * A stable code, for programs.
 */
code: string, 
/**
 * Why, and what to do.
 */
message: string, } | { "type": "csv", text: string, } | { "type": "sign_message", 
/**
 * Goes back with the signature.
 */
requestId: string, 
/**
 * The address that has to sign.
 */
address: string, message: string, } | { "type": "chat", text: string, 
/**
 * What it is about.
 */
cards?: Cards, 
/**
 * What can be said next; at most three.
 */
suggestions?: Array<string>, 
/**
 * The `confirmationId` of the question that this repeats in words, for clients that do not show `payment_required`.
 */
asks?: string, } | { "type": "error", 
/**
 * Why, and what to do.
 */
message: string, };

export type Cards = { "kind": "events", 
/**
 * The server that sells them.
 */
mcpUrl: string, events: Array<unknown>, } | { "kind": "secrets", 
/**
 * The server that sells them.
 */
mcpUrl: string, secrets: Array<unknown>, } | { "kind": "bought", bought: Array<BoughtView>, };

export type BoughtView = { id: string, tool: string, mcpUrl: string, 
/**
 * The title of the event, or the name of the secret; untrusted. Empty if it is not known.
 */
title: string, 
/**
 * When the event starts, as the server says it.
 */
startsAt?: string, 
/**
 * IANA name of the zone in which that is shown.
 */
timeZone?: string, 
/**
 * Where the event takes place.
 */
location?: string, 
/**
 * The address of the ticket.
 */
ticketUrl?: string, 
/**
 * The price in US dollars.
 */
amountUsd: string, 
/**
 * When it was asked for.
 */
at: string, };

export type Kind = "browser" | "smart" | "crossmint";

export type WalletInfo = { kind: Kind, 
/**
 * The wallet that pays (EIP-55).
 */
guestAddress: string, 
/**
 * The wallet that the connected server is paid to, once it is known.
 */
hostAddress: string | null, 
/**
 * CAIP-2 id of its network.
 */
network: string, 
/**
 * Whether the wallet is a deployed contract. `None` if the chain gives no answer.
 */
guestWalletDeployed: boolean | null, 
/**
 * Its USDC, dollars. `None` if the chain gives no answer.
 */
balance: string | null, };

export type Policy = { 
/**
 * The highest price of one call.
 */
perCall: string, 
/**
 * The highest spending of the session.
 */
perSession: string, 
/**
 * The highest spending of a wallet in 24 hours, in all sessions of its owner.
 */
perDay: string, 
/**
 * Prices up to this are paid without asking; 0 always asks.
 */
askAbove: string, 
/**
 * Servers that may be paid: the URL of a server, or an origin for all servers there. Empty allows all.
 */
doors: Array<string>, 
/**
 * Wallets that may be paid. Empty allows all.
 */
payTo: Array<string>, };

export type ToolView = { name: string, 
/**
 * The server's description, which is untrusted text.
 */
description: string, 
/**
 * Whether it is paid for.
 */
isPaid: boolean, 
/**
 * Dollars, where it is fixed.
 */
price?: string, 
/**
 * JSON Schema of its arguments.
 */
inputSchema: unknown, };

export type PaymentState = "asked" | "declined" | "refused" | "signing" | "paying" | "unknown" | "paid" | "failed";

export type PaymentView = { 
/**
 * Also its `confirmationId` and `requestId`.
 */
id: string, 
/**
 * How far it is.
 */
state: PaymentState, tool: string, mcpUrl: string, 
/**
 * What it is for, as the server calls it: an event's title, a secret's name. Untrusted.
 */
title?: string, 
/**
 * The price in US dollars.
 */
amountUsd: string, 
/**
 * The price in the token's smallest unit.
 */
amount: string, 
/**
 * The receiver's address (EIP-55).
 */
payTo: string, 
/**
 * The paying wallet (EIP-55).
 */
payer: string, 
/**
 * CAIP-2, for example `eip155:8453`.
 */
network: string, 
/**
 * The transaction, once it is known.
 */
txHash?: string, 
/**
 * Where people can look at it.
 */
explorerUrl?: string, 
/**
 * When it was asked for.
 */
at: string, };

export type DeploymentView = { address: string, 
/**
 * CAIP-2, for example `eip155:8453`.
 */
network: string, 
/**
 * The payment that brought it there, if it was one.
 */
txHash?: string, 
/**
 * Where people can look at it.
 */
explorerUrl?: string, 
/**
 * When it was seen.
 */
at: string, };

export type BalanceView = { 
/**
 * CAIP-2, for example `eip155:8453`.
 */
network: string, 
/**
 * Dollars; `null` if the chain gives no answer.
 */
balance: string | null, };

export type KeptWalletView = { kind: Kind, 
/**
 * With the checksum of EIP-55.
 */
address: string, 
/**
 * On each network that is in use.
 */
balances: Array<BalanceView>, 
/**
 * What may leave it today, dollars; `null` if that cannot be asked now.
 */
leftToday: string | null, };

export type Proof = "sign_in" | "session_token";

export type CustodyView = { 
/**
 * Those whose key is not the user's, the newest first. Empty if there is none.
 */
wallets: Array<KeptWalletView>, 
/**
 * What a withdrawal has to be proven with.
 */
proof: Proof, 
/**
 * How old a sign-in may be for it, seconds.
 */
freshSeconds: number, 
/**
 * The most that one withdrawal sends, dollars.
 */
perWithdrawal: string, 
/**
 * The most that leaves a wallet in 24 hours, dollars.
 */
perDay: string, };

export type WithdrawalState = "signing" | "sending" | "sent" | "failed";

export type WithdrawalView = { id: string, 
/**
 * As in the request.
 */
requestId: string, 
/**
 * How far it is.
 */
state: WithdrawalState, 
/**
 * The wallet that sends (EIP-55).
 */
from: string, 
/**
 * The address that gets the money (EIP-55).
 */
to: string, 
/**
 * How much, in US dollars.
 */
amountUsd: string, 
/**
 * In the token's smallest unit.
 */
amount: string, 
/**
 * CAIP-2, for example `eip155:8453`.
 */
network: string, 
/**
 * Why it failed or takes long, and whether money moved. Empty if there is nothing to say.
 */
message: string, 
/**
 * The transaction, once it is known.
 */
txHash?: string, 
/**
 * Where people can look at it.
 */
explorerUrl?: string, 
/**
 * When it was asked for.
 */
at: string, };

export type ExchangeView = { url: string, 
/**
 * `GET`, `POST` or `DELETE`.
 */
method: string, 
/**
 * Names and values, without the owner's token.
 */
requestHeaders: Array<[string, string]>, requestBody: string, 
/**
 * HTTP status; `null` if there was no answer.
 */
status: number | null, 
/**
 * Headers of the answer.
 */
responseHeaders: Array<[string, string]>, responseBody: string, 
/**
 * Why there was none.
 */
error: string | null, 
/**
 * Milliseconds since 1970, when the answer had come.
 */
timestamp: number, };

export type PageSettings = { 
/**
 * Whether this is a developer's machine with a local chain.
 */
local: boolean, 
/**
 * Whether test money is available (`POST /api/local/faucet`).
 */
faucet: boolean, 
/**
 * Whether sessions can have our own smart wallet.
 */
smartWallets: boolean, 
/**
 * Whether sessions can have a wallet at Crossmint.
 */
crossmint: boolean, 
/**
 * Whether signing in with a code by e-mail is available.
 */
emailSignIn: boolean, 
/**
 * Networks that can be paid on, in order of preference.
 */
networks: Array<NetworkView>, 
/**
 * The network of Solana that hosts may be paid on: with an endpoint, and if its facilitator settles there.
 */
solana?: string, };

export type NetworkView = { 
/**
 * CAIP-2, for example `eip155:8453`.
 */
network: string, name: string, 
/**
 * The chain id of EIP-155.
 */
chainId: number, 
/**
 * Address of the USDC contract.
 */
asset: string, 
/**
 * The block explorer, without a slash at the end.
 */
explorer: string, 
/**
 * Whether its money has no value.
 */
isTestnet: boolean, };

export type FaucetAnswer = { 
/**
 * The wallet that received the money.
 */
address: string, 
/**
 * The amount in US dollars.
 */
amount: string, txHash: string, };

export type NonceAnswer = { 
/**
 * Part of the message to sign.
 */
nonce: string, expiresAt: string, };

export type CodeSentAnswer = { 
/**
 * A message for display.
 */
message: string, 
/**
 * Goes back with the code, from programs without cookies (browsers have it in one): a code is valid only for the
 * client that asked for it.
 */
challenge: string, 
/**
 * The validity of a code.
 */
expiresInSeconds: number, };

export type SessionAnswer = { 
/**
 * For `Authorization: Bearer`; browsers get it as a cookie too.
 */
token: string, 
/**
 * The user who signed in.
 */
userId: string, scope: string, expiresAt: string, };

export type Code = "already_has_seat" | "article_not_found" | "backup_damaged" | "backup_refused" | "backup_too_large" | "backup_too_new" | "being_restored" | "body_broken" | "body_too_long" | "cannot_cancel" | "cannot_transfer" | "chain_unavailable" | "code_refused" | "credential_not_found" | "credential_refused" | "desk_full" | "door_closed" | "draft_changed" | "draft_decided" | "draft_not_found" | "event_cancelled" | "event_full" | "event_not_found" | "event_not_full" | "event_past" | "event_seats_held" | "gas_budget_used_up" | "gas_price_too_high" | "host_in_use" | "internal_error" | "invalid_arguments" | "invalid_facilitator_request" | "invalid_session" | "invalid_sign_in" | "mail_unavailable" | "malformed_json" | "method_not_allowed" | "misconfigured" | "network_not_supported" | "no_access_token" | "no_address" | "no_such_host" | "no_such_payment" | "no_such_session" | "no_such_ticket" | "no_such_transaction" | "no_test_money" | "nonce_used" | "not_found" | "not_granted" | "not_owner" | "not_signed_in" | "not_yours" | "nothing_bought" | "origin_not_allowed" | "out_of_order" | "payer_waits" | "payment_decided" | "payment_failed" | "payment_identifier_conflict" | "payment_in_progress" | "payment_pending" | "payment_required" | "payment_unavailable" | "payment_used" | "price_above_limit" | "price_changed" | "promo_code_refused" | "proof_needed" | "proof_refused" | "rate_limited" | "refund_changed" | "relayer_balance_low" | "relayer_storage_failed" | "rpc_unavailable" | "secret_expired" | "secret_not_found" | "secret_replaced" | "secret_revoked" | "sending_stopped" | "session_ended" | "settlement_pending" | "sign_in_again" | "sign_in_refused" | "simulation_unavailable" | "ticket_cancelled" | "ticket_not_found" | "ticket_transferred" | "too_many_articles" | "too_many_credentials" | "too_many_events" | "too_many_requests" | "too_many_secrets" | "too_many_sockets" | "transaction_used" | "unknown_tool" | "unsupported_encoding" | "waitlist_closed" | "waitlist_full" | "wallet_unavailable" | "webhook_refused" | "websocket_only" | "wrong_session_token";

export type Problem = { 
/**
 * Stable: `urn:events-concierge:problem:` and a code.
 */
type: string, 
/**
 * The code, in plain words.
 */
title: string, 
/**
 * The HTTP status of the answer.
 */
status: number, 
/**
 * What is wrong and what to do.
 */
detail: string, 
/**
 * Joins with the logs.
 */
requestId: string, 
/**
 * `no`, `unknown` or `yes`.
 */
moneyMoved: string, 
/**
 * x402 extensions: how a wallet that has paid before gets its answer (`sign-in-with-x`).
 */
extensions?: Record<string, unknown>, };

export type ProfileView = { userId: string, 
/**
 * The payout address (EIP-55).
 */
walletAddress: string, 
/**
 * The payout address on Solana (base58), if payments are taken there.
 */
solanaAddress?: string, 
/**
 * The scope, as in the server URL.
 */
urlSafeId: string, 
/**
 * The URL for MCP clients.
 */
mcpUrl: string, products: Array<string>, 
/**
 * The same list under its earlier name, for programs that still read it.
 */
doors: Array<string>, 
/**
 * The host's name on its pages; empty if it has none.
 */
displayName: string, 
/**
 * A short text on the host's page; empty if there is none.
 */
about: string, 
/**
 * The path of the host's picture, if it uploaded one.
 */
picturePath?: string, 
/**
 * What the picture shows, in words.
 */
pictureAlt?: string, 
/**
 * Whether the host chose to be found in the marketplace of this deployment.
 */
listed: boolean, 
/**
 * The limits for strangers.
 */
limits: LimitsView, 
/**
 * Payments with an unknown outcome that the host has to decide.
 */
stuckPayments: number, createdAt: string, updatedAt: string, };

export type LimitsView = { callsPerMinute: number, usdPerDay: string, unpaidPerMinute: number, };

export type Registered = { 
/**
 * A name for the server in an MCP client's settings.
 */
name: string, 
/**
 * The URL for MCP clients.
 */
mcpUrl: string, 
/**
 * The payout address (EIP-55).
 */
walletAddress: string, 
/**
 * The payout address on Solana (base58), if payments are taken there.
 */
solanaAddress?: string, 
/**
 * The scope, as in the server URL.
 */
urlSafeId: string, 
/**
 * What happened, as a text for the user.
 */
message: string, };

export type EventStatus = "draft" | "scheduled" | "past" | "cancelled";

export type Ask = "notAsked" | "optional" | "required";

export type Palette = "pine" | "dusk" | "tide" | "clay" | "plum" | "moss" | "ink" | "honey";

export type Question = { 
/**
 * The question, at most 200 characters, for example "T-shirt size?".
 */
text: string, 
/**
 * The answers to choose from, 2 to 20; empty if guests answer in their own words.
 */
choices: Array<string>, 
/**
 * Whether a seat needs an answer. Default false.
 */
required: boolean, };

export type Answer = { 
/**
 * The `text` of the question, as `questions` of the event has it.
 */
question: string, 
/**
 * The answer: one of the question's `choices` if it has any, else a short text of at most 500 characters.
 */
answer: string, };

export type TicketTypeView = { id: string, name: string, description: string, 
/**
 * What a seat costs now, dollars.
 */
price: string, priceAtomic: string, 
/**
 * What a seat costs when no early price counts.
 */
regularPrice: string, 
/**
 * How many there are; 0 for as many as the event has.
 */
seats: number, 
/**
 * How many of them are left; `null` for as many as the event has.
 */
seatsLeft: number | null, earlyPrice?: string, earlyUntil?: string, };

export type PromoView = { code: string, 
/**
 * What it takes off the price of each seat: "20%", or dollars.
 */
off: string, 
/**
 * How many seats can be bought with it; 0 for any number.
 */
uses: number, 
/**
 * Seats that were bought with it, without those that were given back.
 */
used: number, expiresAt?: string, };

export type EventView = { id: string, title: string, description: string, startsAt: string, endsAt?: string, timeZone: string, location?: string, capacity: number, 
/**
 * `null` when the number of seats is not limited.
 */
seatsLeft: number | null, rsvpCount: number, 
/**
 * What a seat costs now, dollars; with ticket types that of the first one.
 */
price: string, priceAtomic: string, 
/**
 * The ticket types; empty if all seats have one price.
 */
types: Array<TicketTypeView>, 
/**
 * Whether guests are asked for their name.
 */
askName: Ask, 
/**
 * Whether guests are asked for their e-mail address.
 */
askEmail: Ask, 
/**
 * What else they are asked.
 */
questions: Array<Question>, 
/**
 * Whether the ticket says a place, a link or more that only guests get to know.
 */
hasGuestsOnly: boolean, 
/**
 * What a guest that cancels gets back, percent of the price. If the host cancels, everything goes back.
 */
refundPercent: number, 
/**
 * Until so many hours before the start.
 */
refundUntilHours: number, 
/**
 * Whether everything goes back to guests that cancel after the host has moved the event to another time or place.
 */
refundIfMoved: boolean, 
/**
 * Guests who gave an address are reminded so many hours before the start; 0: never.
 */
remindHours: number, 
/**
 * The same in words.
 */
refundPolicy: string, 
/**
 * The path of its cover on this server: an SVG of 5 by 3, or the picture that its host uploaded.
 */
coverPath: string, 
/**
 * What the uploaded picture shows, in words.
 */
coverAlt?: string, 
/**
 * How often its host asked for another cover.
 */
coverShuffle: number, 
/**
 * The palette that its host chose.
 */
coverPalette?: Palette, status: EventStatus, createdAt: string, };

export type OwnEvent = { 
/**
 * What only guests get to know.
 */
guestsOnly: string | null, 
/**
 * Its promo codes, with their uses so far.
 */
promoCodes: Array<PromoView>, 
/**
 * Its income in US dollars.
 */
revenue: string, 
/**
 * Its income in the smallest unit.
 */
revenueAtomic: string, 
/**
 * Seats that are held for payments with an open outcome.
 */
seatsHeld: number, 
/**
 * Guests on its waitlist.
 */
waiting: number, id: string, title: string, description: string, startsAt: string, endsAt?: string, timeZone: string, location?: string, capacity: number, 
/**
 * `null` when the number of seats is not limited.
 */
seatsLeft: number | null, rsvpCount: number, 
/**
 * What a seat costs now, dollars; with ticket types that of the first one.
 */
price: string, priceAtomic: string, 
/**
 * The ticket types; empty if all seats have one price.
 */
types: Array<TicketTypeView>, 
/**
 * Whether guests are asked for their name.
 */
askName: Ask, 
/**
 * Whether guests are asked for their e-mail address.
 */
askEmail: Ask, 
/**
 * What else they are asked.
 */
questions: Array<Question>, 
/**
 * Whether the ticket says a place, a link or more that only guests get to know.
 */
hasGuestsOnly: boolean, 
/**
 * What a guest that cancels gets back, percent of the price. If the host cancels, everything goes back.
 */
refundPercent: number, 
/**
 * Until so many hours before the start.
 */
refundUntilHours: number, 
/**
 * Whether everything goes back to guests that cancel after the host has moved the event to another time or place.
 */
refundIfMoved: boolean, 
/**
 * Guests who gave an address are reminded so many hours before the start; 0: never.
 */
remindHours: number, 
/**
 * The same in words.
 */
refundPolicy: string, 
/**
 * The path of its cover on this server: an SVG of 5 by 3, or the picture that its host uploaded.
 */
coverPath: string, 
/**
 * What the uploaded picture shows, in words.
 */
coverAlt?: string, 
/**
 * How often its host asked for another cover.
 */
coverShuffle: number, 
/**
 * The palette that its host chose.
 */
coverPalette?: Palette, status: EventStatus, createdAt: string, };

export type OwnEvents = { 
/**
 * In the order of their start.
 */
events: Array<OwnEvent>, 
/**
 * The cursor of the next page, if there is one.
 */
nextCursor?: string, };

export type RsvpLine = { id: string, wallet: string, 
/**
 * The name of the ticket type.
 */
ticketType: string | null, 
/**
 * The promo code that it was bought with.
 */
promoCode: string | null, paidAtomic: string, txHash: string, network: string, timestamp: string, name: string | null, email: string | null, 
/**
 * What the buyer answered, each with the text of its question.
 */
answers: Array<Answer>, code: string, checkedInAt: string | null, };

export type Rsvps = { 
/**
 * In the order in which they bought.
 */
rsvps: Array<RsvpLine>, 
/**
 * The cursor of the next page, if there is one.
 */
nextCursor?: string, };

export type Waitlist = { 
/**
 * How many guests wait for a seat.
 */
waiting: number, 
/**
 * How many seats are held for guests who waited.
 */
offered: number, 
/**
 * In the order in which they joined.
 */
guests: Array<WaitlistLine>, 
/**
 * The cursor of the next page, if there is one.
 */
nextCursor?: string, };

export type WaitlistLine = { wallet: string, name: string | null, email: string | null, 
/**
 * `waiting`, `offered` or `expired`.
 */
state: string, 
/**
 * Until when a seat is or was held.
 */
offeredUntil: string | null, joinedAt: string, };

export type CheckInAnswer = { 
/**
 * Whether the ticket is valid and was not used before.
 */
success: boolean, 
/**
 * When it was first used.
 */
firstUsedAt: string, rsvp: RsvpLine, 
/**
 * A message for the host.
 */
message: string, };

export type Audience = "all" | "toCome" | "in";

export type NewsKind = "message" | "reminder" | "change" | "cancelled";

export type MailPreview = { subject: string, text: string, };

export type MessageAnswer = { success: boolean, 
/**
 * Whether mails go out now. Otherwise the answer says what would.
 */
isSent: boolean, 
/**
 * Addresses that get the message.
 */
recipients: number, 
/**
 * Addresses that have got exactly this message already; they get it once.
 */
already: number, 
/**
 * Addresses that want no more messages of this host.
 */
unsubscribed: number, 
/**
 * Guests who gave no address.
 */
withoutAddress: number, 
/**
 * The mail as a guest reads it.
 */
preview: MailPreview, 
/**
 * A message for the host.
 */
message: string, };

export type NewsLine = { id: string, kind: NewsKind, 
/**
 * Of a message; otherwise empty.
 */
subject: string, 
/**
 * Addresses that it is for.
 */
recipients: number, 
/**
 * Of them, those whose mail is queued or has left.
 */
sent: number, 
/**
 * Those whose mail is still to be made. The others had left or unsubscribed in between.
 */
waiting: number, createdAt: string, };

export type NewsLines = { 
/**
 * The newest 50 of the last 30 days, the newest first.
 */
news: Array<NewsLine>, };

export type ProblemKind = "twice" | "notValid";

export type LetIn = { 
/**
 * The id that the device gave it.
 */
id: string, at: string, 
/**
 * The name of the device; empty if the guest was checked in at no device.
 */
device: string, };

export type EntranceProblem = { ticket: string, 
/**
 * The guest of the ticket, if there still is one.
 */
guest: string | null, kind: ProblemKind, 
/**
 * Everybody who came in on the ticket, the earliest first.
 */
letIn: Array<LetIn>, };

export type EntranceSummary = { 
/**
 * When this was read: `since` of the next request.
 */
at: string, title: string, startsAt: string, endsAt?: string, isCancelled: boolean, 
/**
 * Tickets that were sold.
 */
sold: number, 
/**
 * Tickets that somebody came in on.
 */
inside: number, 
/**
 * What the host should look at, oldest first.
 */
problems: Array<EntranceProblem>, };

export type EntranceTicket = { 
/**
 * Its id, which opens nothing.
 */
ticket: string, 
/**
 * The first 32 hex digits of the SHA-256 of its code.
 */
mark: string, 
/**
 * The name of the guest, or the short form of the wallet.
 */
guest: string, 
/**
 * What was paid, in dollars.
 */
paid: string, checkedInAt: string | null, };

export type EntranceList = { tickets: Array<EntranceTicket>, summary: EntranceSummary, 
/**
 * The cursor of the next page, if there is one.
 */
nextCursor?: string, };

export type EntranceOutcome = "in" | "alreadyIn" | "notValid" | "eventCancelled" | "undone" | "notUndone";

export type EntranceResult = { 
/**
 * The id of the move.
 */
id: string, outcome: EntranceOutcome, 
/**
 * The ticket, if it is one of this event.
 */
ticket: EntranceTicket | null, 
/**
 * Of `alreadyIn`: who came in first.
 */
first: LetIn | null, };

export type EntranceSync = { 
/**
 * One for each move, in the same order.
 */
results: Array<EntranceResult>, 
/**
 * Tickets that were bought, used or given to somebody else since `since`; `null` if they are too many, or some were given back: read the list
 * again.
 */
changed: Array<EntranceTicket> | null, summary: EntranceSummary, };

export type SecretStatus = "active" | "expired" | "revoked";

export type SecretView = { id: string, 
/**
 * One line by its host.
 */
name: string, 
/**
 * Its purpose, as its host describes it.
 */
description: string, 
/**
 * The price in US dollars.
 */
price: string, 
/**
 * The price in the smallest unit.
 */
priceAtomic: string, 
/**
 * Number of sales of all versions.
 */
retrievalCount: number, 
/**
 * The version of its value.
 */
version: number, 
/**
 * The end of its sale, if it has one.
 */
expiresAt?: string, 
/**
 * Whether it can be bought.
 */
status: SecretStatus, 
/**
 * When it was stored.
 */
createdAt: string, };

export type OwnSecrets = { 
/**
 * In the order in which they were stored.
 */
secrets: Array<SecretView>, };

export type Retrieval = { 
/**
 * The reader's wallet (EIP-55).
 */
wallet: string, how: string, 
/**
 * The version that was read.
 */
version: number, 
/**
 * Dollars; nothing for reading again.
 */
paid: string, 
/**
 * The transaction that paid.
 */
txHash: string | null, 
/**
 * CAIP-2, for example `eip155:8453`.
 */
network: string | null, 
/**
 * When it was read.
 */
at: string, 
/**
 * Of a sale: when its buyer was first given the value; empty if the buyer has not come yet.
 */
handedOverAt: string | null, };

export type Retrievals = { 
/**
 * The newest retrieval comes first.
 */
retrievals: Array<Retrieval>, 
/**
 * The cursor of the next page, if there is one.
 */
nextCursor?: string, };

export type Article = { articleId: string, 
/**
 * One line, at most 200 characters.
 */
title: string, 
/**
 * Plain text; in search results its beginning.
 */
body: string, 
/**
 * When it last changed.
 */
updatedAt: string, };

export type Articles = { 
/**
 * The newest change comes first.
 */
articles: Array<Article>, 
/**
 * The cursor of the next page, if there is one.
 */
nextCursor?: string, };

export type TicketStatus = "open" | "resolved";

export type Priority = "low" | "normal" | "high" | "urgent";

export type EntryKind = "reply" | "note" | "change" | "message";

export type MailVerdict = "verified" | "failed" | "unknown";

export type Attachment = { name: string, 
/**
 * Its media type, as the sender says.
 */
type: string, 
/**
 * Its length in bytes.
 */
bytes: number, };

export type Entry = { 
/**
 * Reply, note or change.
 */
kind: EntryKind, 
/**
 * `owner`, `agent`, a wallet, or the address of a message.
 */
author: string, text: string, 
/**
 * The id of the mail, if it is a reply.
 */
mailId: string | null, 
/**
 * When it was added.
 */
at: string, 
/**
 * What a message repeats of older mails.
 */
rest?: string, 
/**
 * Whether the platform has checked the author of a message.
 */
verdict?: MailVerdict, 
/**
 * Files that came with a message. Their content is not kept.
 */
files?: Array<Attachment>, };

export type TicketView = { ticketId: string, 
/**
 * Its number, which people and mails use.
 */
number: number, 
/**
 * One line by its author.
 */
subject: string, 
/**
 * The customer's request, plain text.
 */
body: string, 
/**
 * The customer's address, to which replies go.
 */
email: string | null, status: TicketStatus, priority: Priority, category: string | null, tags: Array<string>, 
/**
 * Who works on it.
 */
assignee: string | null, 
/**
 * `owner`, `agent`, or the wallet that opened it.
 */
author: string, 
/**
 * Replies, notes and changes; empty in lists.
 */
thread: Array<Entry>, 
/**
 * When it was opened.
 */
createdAt: string, 
/**
 * When it last changed.
 */
updatedAt: string, 
/**
 * Until when it sleeps, if it does.
 */
snoozedUntil: string | null, };

export type Tickets = { 
/**
 * Open and urgent ones first.
 */
tickets: Array<TicketView>, 
/**
 * Whether a search has looked through all tickets. Another one looks further.
 */
isWhole: boolean, 
/**
 * The cursor of the next page, if there is one.
 */
nextCursor?: string, };

export type DraftKind = "reply" | "resolution" | "assignment";

export type CustomerQuestion = { 
/**
 * Who wrote it, if there is an address.
 */
from: string | null, text: string, at: string, 
/**
 * Whether the platform has checked the author of a mail; `null` for the text of the ticket.
 */
verdict: MailVerdict | null, 
/**
 * Files that came with it. Their content is not kept.
 */
files: Array<Attachment>, };

export type DraftRecord = { approved: number, rejected: number, 
/**
 * Approvals, less rejections, that it needs before it may act by itself.
 */
needed: number, };

export type DraftView = { draftId: string, ticketId: string, number: number, subject: string, 
/**
 * What the customer has asked last.
 */
question: CustomerQuestion, 
/**
 * The address that the mail would go to.
 */
to: string | null, 
/**
 * What it becomes when it is approved.
 */
kind: DraftKind, 
/**
 * The reply, the resolution, or the assignee.
 */
text: string, 
/**
 * Whether the host has changed it.
 */
isEdited: boolean, 
/**
 * Why it needs approval.
 */
reason: string, 
/**
 * `owner`, `agent`, or the wallet.
 */
author: string, 
/**
 * The record of the wallet here.
 */
record: DraftRecord | null, 
/**
 * Stands for draft, recipient and question. An approval sends it back, and is refused if one of them has changed.
 */
seen: string, 
/**
 * When it was made.
 */
createdAt: string, };

export type Approvals = { 
/**
 * The oldest draft comes first.
 */
approvals: Array<DraftView>, 
/**
 * Drafts that wait in all.
 */
total: number, 
/**
 * The cursor of the next page, if there is one.
 */
nextCursor?: string, };

export type MailIn = { 
/**
 * Answers that reached their ticket.
 */
added: number, 
/**
 * Automatic answers, which are only counted.
 */
automatic: number, 
/**
 * Mails that belong to no ticket, or are beyond a limit.
 */
refused: number, };

export type DeskView = { 
/**
 * Approved drafts that a wallet needs before it may send directly.
 */
approvalsNeeded: number, 
/**
 * Percentage of mails that may bounce within a day.
 */
failurePercent: number, 
/**
 * Since when the breaker stops all mail; `null` while it does not.
 */
trippedAt: string | null, 
/**
 * Mails that were sent in the last 24 hours.
 */
sent: number, 
/**
 * Mails that the provider refused, that bounced or got a complaint.
 */
failed: number, 
/**
 * Whether customers can answer by mail.
 */
takesMail: boolean, 
/**
 * Mails that came in today and yesterday.
 */
mailIn: MailIn, };

export type Revenue = { 
/**
 * Dollars as a decimal, such as `0.05`.
 */
total: string, 
/**
 * USDC in its smallest unit (6 decimals).
 */
totalAtomic: string, 
/**
 * Of that: what is owed to guests and not paid back yet, dollars.
 */
owed: string, 
/**
 * What was paid back to guests, dollars. The total does not have it.
 */
refunded: string, byTool: Array<Sum>, byEvent: Array<Sum>, 
/**
 * By day (UTC), the oldest first.
 */
byDay: Array<Sum>, 
/**
 * Seats sold, by day (UTC).
 */
rsvpsByDay: Array<Count>, 
/**
 * Payment requests (402), by tool.
 */
unpaidByTool: Array<Count>, 
/**
 * Payment requests (402), by event.
 */
unpaidByEvent: Array<Count>, 
/**
 * Payment requests (402), by day (UTC).
 */
unpaidByDay: Array<Count>, 
/**
 * From asked to kept, in the last days.
 */
periods: Array<Period>, };

export type Sum = { key: string, payments: number, revenue: string, revenueAtomic: string, };

export type Count = { key: string, count: number, };

export type Period = { days: number, now: Stages, 
/**
 * As many days before.
 */
before: Stages, byTool: Array<Stages>, byEvent: Array<Stages>, 
/**
 * Days without a call are left out.
 */
byDay: Array<Stages>, 
/**
 * Payments of the host's own wallets, which no other figure has.
 */
ownPayments: number, 
/**
 * What is kept of them, dollars.
 */
ownRevenue: string, };

export type Stages = { 
/**
 * A tool, an event or a day; empty for the whole.
 */
key: string, 
/**
 * Calls that got a price. A payment without such a call counts as one.
 */
asked: number, 
/**
 * Purchases whose money has moved.
 */
paid: number, 
/**
 * Of these: purchases whose money is still there, or a part of it.
 */
kept: number, 
/**
 * What is kept, dollars.
 */
revenue: string, revenueAtomic: string, };

export type OwnPayment = { id: string, state: string, 
/**
 * Whether it is still open: the bought item is not delivered yet, or it is unknown whether money moved.
 */
open: boolean, 
/**
 * Whether it waits for the host's decision, because its outcome cannot be found out.
 */
stuck: boolean, tool: string, eventId: string | null, payer: string, amount: string, amountAtomic: string, network: string, txHash: string | null, reason: string | null, createdAt: string, updatedAt: string, 
/**
 * What becomes of its money, if what it bought was cancelled: `none`, `owed`, `paying`, `paid` or `void`.
 */
refundState: string | null, 
/**
 * What goes back, dollars.
 */
refund: string | null, };

export type OwnPayments = { 
/**
 * Payments that the host has to decide, then the newest.
 */
payments: Array<OwnPayment>, 
/**
 * The cursor of the next page, if there is one.
 */
nextCursor?: string, };

export type PriceView = { tool: string, title: string, product: string, 
/**
 * What a call costs, in dollars.
 */
price: string, 
/**
 * What it costs if the host sets no price, in dollars.
 */
usualPrice: string, 
/**
 * Calls that a wallet has free in a day (UTC).
 */
freePerDay: number, 
/**
 * Whether the host has set it.
 */
isOwn: boolean, };

export type OwnPrices = { 
/**
 * In the order of the tools; also of products that are off.
 */
prices: Array<PriceView>, 
/**
 * The lowest price in dollars: to move less costs more than it is worth.
 */
priceMin: string, 
/**
 * The highest price in dollars: what the server takes from one wallet in 24 hours.
 */
priceMax: string, 
/**
 * The most free calls.
 */
freePerDayMax: number, };

export type OwnRefund = { 
/**
 * The id of the purchase whose money goes back.
 */
refundId: string, eventId: string, eventTitle: string | null, 
/**
 * `guest`: the guest gave its seat back. `host`: the event was cancelled.
 */
cause: string, 
/**
 * The wallet that gets the money.
 */
to: string, 
/**
 * The wallet that was asked to pay.
 */
from: string | null, network: string, amount: string, amountAtomic: string, 
/**
 * `none`, `owed`, `paying`, `paid` or `void`.
 */
state: string, 
/**
 * Whether it can be signed now: it is owed or nothing is signed yet, and the chain has confirmed the payment.
 */
canBePaid: boolean, 
/**
 * Whether the host sends it by hand now, and names the transaction: its guest has paid on Solana, and no transaction is
 * shown by the chain yet.
 */
canBeSent: boolean, 
/**
 * Whether a signature, or a transaction, is being carried out or looked for.
 */
isUnderWay: boolean, 
/**
 * The transaction that paid it, or that the chain shows and has not confirmed yet.
 */
txHash: string | null, 
/**
 * Why it is not paid yet.
 */
reason: string | null, owedSince: string, updatedAt: string, };

export type ToSign = { refundId: string, 
/**
 * Dollars that go to `to`.
 */
amount: string, to: string, network: string, validBefore: string, 
/**
 * What it signs (EIP-712), for `eth_signTypedData_v4`.
 */
typedData: Record<string, unknown>, };

export type Taken = { refundId: string, success: boolean, message: string, };

export type Paying = { 
/**
 * The wallet that signs.
 */
from: string, toSign: Array<ToSign>, 
/**
 * One for each signature and each report.
 */
taken: Array<Taken>, 
/**
 * What is owed and not paid back yet, dollars.
 */
owed: string, owedCount: number, message: string, };

export type Refunds = { 
/**
 * The newest come first.
 */
refunds: Array<OwnRefund>, 
/**
 * What is owed and not paid back yet, dollars.
 */
owed: string, owedCount: number, 
/**
 * How many of these the host sends by hand, because their guests have paid on Solana.
 */
byHandCount: number, 
/**
 * The cursor of the next page, if there is one.
 */
nextCursor?: string, };

export type OwnMail = { id: string, 
/**
 * `ticket` (of the desk), `notice` (the ticket of a seat) or `news` (what guests are told of an event); sign-in codes are
 * not listed.
 */
kind: string, to: string, subject: string, ticket: number | null, 
/**
 * `queued`, `sending`, `sent`, `failed`, or `unknown`: may have arrived, and is not sent again.
 */
state: string, reason: string | null, 
/**
 * Whether it bounced, or its recipient reported it as spam.
 */
isFailure: boolean, createdAt: string, updatedAt: string, };

export type OwnMails = { 
/**
 * Mails of the last 30 days, newest first.
 */
mails: Array<OwnMail>, 
/**
 * The cursor of the next page, if there is one.
 */
nextCursor?: string, };

export type Tier = "read" | "draft" | "send";

export type CredentialStatus = "active" | "expired" | "revoked";

export type CredentialView = { id: string, 
/**
 * A name of one line.
 */
name: string, tier: Tier, 
/**
 * The tools that it may call; empty means all.
 */
tools: Array<string>, 
/**
 * The first characters of the token's random part (`mcp_{scope}_{hint}…`).
 */
hint: string, createdAt: string, 
/**
 * The last use, accurate to an hour.
 */
lastUsedAt?: string, expiresAt?: string, status: CredentialStatus, };

export type OwnCredentials = { 
/**
 * All of them, newest first.
 */
credentials: Array<CredentialView>, };

export type CreatedCredential = { credential: CredentialView, 
/**
 * The token; no other response contains it.
 */
token: string, 
/**
 * The tools of active products that it may call.
 */
mayCall: Array<string>, 
/**
 * What the credential allows, as a text for the user.
 */
message: string, };

export type RevokedCredential = { credential: CredentialView, 
/**
 * What happened, as a text for the user.
 */
message: string, };

export type BoughtKind = "seat" | "secret" | "desk" | "other";

export type BoughtState = "on_its_way" | "valid" | "used" | "over" | "cancelled" | "given_away" | "taken_back" | "open" | "resolved" | "waiting" | "rejected" | "done";

export type ReadAgain = { url: string, arguments: Record<string, unknown>, };

export type RefundState = "none" | "owed" | "paying" | "paid";

export type Refund = { 
/**
 * Dollars as a decimal.
 */
amount: string, amountAtomic: string, state: RefundState, 
/**
 * The state in a sentence.
 */
words: string, 
/**
 * The transaction that paid it back.
 */
transaction: string | null, transactionUrl: string | null, };

export type Cancel = { url: string, arguments: Record<string, unknown>, 
/**
 * What would go back now, dollars.
 */
refund: string, };

export type Bought = { kind: BoughtKind, 
/**
 * The id of the event, the secret, or the ticket at the desk.
 */
item: string | null, 
/**
 * One line. The host wrote it, or a customer of the desk.
 */
title: string, 
/**
 * When the event starts, RFC 3339.
 */
startsAt: string | null, endsAt: string | null, 
/**
 * The zone in which the event shows its times.
 */
timeZone: string | null, place: string | null, 
/**
 * The path of the event's cover on this server.
 */
coverPath: string | null, state: BoughtState, 
/**
 * How many seats were bought together; `null` for everything else.
 */
seats: number | null, 
/**
 * The page with the ticket, of several seats with all of them. Who has it, has the ticket.
 */
ticketUrl: string | null, again: ReadAgain | null, 
/**
 * What becomes of its money, if it was cancelled.
 */
refund: Refund | null, 
/**
 * How its buyer can give it back, if that is possible.
 */
cancel: Cancel | null, };

export type SoldBy = { scope: string, name: string, 
/**
 * The host's MCP server.
 */
serverUrl: string, };

export type UnavailableReason = "being_restored" | "no_answer" | "gone";

export type UnavailableHost = { scope: string, reason: UnavailableReason, };

export type OwnWallet = { 
/**
 * `browser` stands for the wallet that signed in.
 */
kind: Kind, 
/**
 * The address in the form of EIP-55.
 */
address: string, };

export type BoughtLine = { host: SoldBy, 
/**
 * The price in dollars that was paid.
 */
paidUsd: string, 
/**
 * The CAIP-2 id of the network.
 */
network: string, 
/**
 * The transaction that moved the money, once it is known.
 */
transaction: string | null, 
/**
 * Where the transaction is shown.
 */
transactionUrl: string | null, 
/**
 * When the payment came, RFC 3339.
 */
boughtAt: string, kind: BoughtKind, 
/**
 * The id of the event, the secret, or the ticket at the desk.
 */
item: string | null, 
/**
 * One line. The host wrote it, or a customer of the desk.
 */
title: string, 
/**
 * When the event starts, RFC 3339.
 */
startsAt: string | null, endsAt: string | null, 
/**
 * The zone in which the event shows its times.
 */
timeZone: string | null, place: string | null, 
/**
 * The path of the event's cover on this server.
 */
coverPath: string | null, state: BoughtState, 
/**
 * How many seats were bought together; `null` for everything else.
 */
seats: number | null, 
/**
 * The page with the ticket, of several seats with all of them. Who has it, has the ticket.
 */
ticketUrl: string | null, again: ReadAgain | null, 
/**
 * What becomes of its money, if it was cancelled.
 */
refund: Refund | null, 
/**
 * How its buyer can give it back, if that is possible.
 */
cancel: Cancel | null, };

export type BoughtTickets = { 
/**
 * Newest first among the hosts of this page.
 */
tickets: Array<BoughtLine>, 
/**
 * Hosts that could not be asked for this page. Ask again to see what was bought there.
 */
unavailable: Array<UnavailableHost>, 
/**
 * The wallets whose purchases these are.
 */
wallets: Array<OwnWallet>, 
/**
 * Kinds of wallets that could not be looked up now. What they have bought is missing.
 */
walletsUnavailable: Array<Kind>, 
/**
 * The cursor of the next page, if there is one. A page may be empty although another one follows.
 */
nextCursor?: string, };
