// What tools do and sell, in words. A person reads no names of tools.
import { visible } from "../parts/visible";
import { scopeOf } from "./offers";

const TITLE_CHARS_MAX = 120;

type Words = {
  /** While it is under way. */
  doing: string;
  /** What is bought, on receipts and in questions. */
  thing: string;
};

const OURS: Record<string, Words> = {
  listEvents: { doing: "Reading the events", thing: "The events" },
  getEvent: { doing: "Reading the event", thing: "An event" },
  rsvpToEvent: { doing: "Getting your seat", thing: "A seat" },
  joinWaitlist: { doing: "Joining the waitlist", thing: "A place on a waitlist" },
  leaveWaitlist: { doing: "Leaving the waitlist", thing: "A place on a waitlist" },
  getWaitlistPlace: { doing: "Looking at the waitlist", thing: "A place on a waitlist" },
  transferTicket: { doing: "Giving the ticket away", thing: "A ticket for somebody else" },
  getEventAnalytics: { doing: "Reading the figures", thing: "The figures of an event" },
  listSecrets: { doing: "Reading the secrets", thing: "The secrets" },
  retrieveSecret: { doing: "Getting the secret", thing: "A secret" },
  searchKb: { doing: "Searching the articles", thing: "Articles" },
  createTicket: { doing: "Opening your ticket", thing: "A helpdesk ticket" },
  getTicketStatus: { doing: "Looking where your ticket stands", thing: "Where a ticket stands" },
  getTicketContext: { doing: "Reading the ticket", thing: "A look at a helpdesk ticket" },
  triageTicket: { doing: "Sorting the ticket", thing: "Sorting a helpdesk ticket" },
  draftReply: { doing: "Writing the draft", thing: "A draft of a reply" },
  proposeResolution: { doing: "Writing the solution", thing: "A proposed solution" },
  sendReply: { doing: "Sending the reply", thing: "A reply to a customer" },
  assignTicket: { doing: "Assigning the ticket", thing: "Assigning a helpdesk ticket" },
  resolveTicket: { doing: "Closing the ticket", thing: "Closing a helpdesk ticket" },
};

/** "Getting your seat". */
export function doingOf(tool: string): string {
  return Object.hasOwn(OURS, tool) ? (OURS[tool]?.doing ?? "") : "Asking the server";
}

/** "A seat"; other servers' tools are all "A service". */
export function thingOf(tool: string): string {
  return Object.hasOwn(OURS, tool) ? (OURS[tool]?.thing ?? "") : "A service";
}

/** What was bought: its title, and what kind of thing it is. Another server's title is quoted as its words. */
export function boughtOf({
  tool,
  title,
  mcpUrl,
}: {
  tool: string;
  title?: string | undefined;
  mcpUrl: string;
}): {
  name: string;
  kind: string | null;
} {
  const text = visible(title ?? "").slice(0, TITLE_CHARS_MAX);
  if (text === "") return { name: thingOf(tool), kind: null };
  if (scopeOf(mcpUrl) !== null) return { name: text, kind: thingOf(tool) };
  return { name: `“${text}”`, kind: "In the words of another server" };
}

/** What each code of the Guest means for somebody who buys, without whether anything was charged. */
const REFUSALS: Record<string, string> = {
  declined: "You did not pay.",
  not_signed: "Your wallet did not sign.",
  no_offer: "This server takes a kind of payment that this site cannot make.",
  no_wallet: "No wallet is chosen.",
  wallet_changed: "Another wallet was chosen meanwhile.",
  already_under_way: "This purchase is under way already, maybe in another tab.",
  too_many_open: "Too many purchases are open. Wait until some of them are done.",
  insufficient_balance: "This wallet has too little money.",
  sign_in_again: "Sign in again to use this wallet.",
  over_per_call: "This is above your limit for one purchase.",
  over_per_session: "This is above your limit for this session.",
  over_per_day: "This is above your limit for 24 hours.",
  door_not_allowed: "Your limits do not allow paying this host.",
  pay_to_not_allowed: "Your limits do not allow paying this host.",
  price_raised: "The price has risen.",
  ran_out: "The payment was not taken in time.",
  already_has_seat: "You already have a seat with this wallet.",
  not_delivered: "The host was paid and has not delivered yet. Ask the host; we go on asking, too.",
  asked_twice: "The server asked for a second payment for the same thing, and got none.",
};

const CHARGED: Record<string, string> = {
  no: "Nothing was charged.",
  unknown: "Whether it was charged is found out; you need not do anything.",
  yes: "It was paid.",
};

/** One error of a call as one or two sentences; `text` are the words of the Guest or the server. */
export function refusalInWords(code: string, text: string, moneyMoved: string): string {
  // "promoCode: has ended" is about the code that the guest has typed.
  const said = code === "promo_code_refused" ? text.replace(/^promoCode:/, "this code") : text;
  const why = REFUSALS[code] ?? `${said.charAt(0).toUpperCase()}${said.slice(1)}`.replace(/[.\s]*$/, ".");
  const charged = CHARGED[moneyMoved] ?? CHARGED["unknown"] ?? "";
  return why.includes(charged) ? why : `${why} ${charged}`;
}
