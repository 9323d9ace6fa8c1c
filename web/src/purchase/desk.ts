// What a payment at a host's helpdesk is for, in words.
import { isObject, textOf } from "../base/object";
import { visible } from "../parts/visible";

/** What is sent, in the buyer's own words. */
export type Sent = { what: string; text: string };

export type DeskPurpose = {
  title: string;
  facts: readonly string[];
  sends: readonly Sent[];
  /** What the host's server says of the outcome. */
  note: string | null;
};

const TITLES: Record<string, string> = {
  createTicket: "Open a helpdesk ticket",
  getTicketContext: "Read a helpdesk ticket",
  triageTicket: "Sort a helpdesk ticket",
  draftReply: "Draft a reply to a customer",
  proposeResolution: "Propose a solution",
  sendReply: "Reply to a customer",
  assignTicket: "Assign a helpdesk ticket",
  resolveTicket: "Close a helpdesk ticket",
};

/** Arguments of the tools, as they are called on the page. */
const SENT: readonly (readonly [string, string])[] = [
  ["body", "Your text"],
  ["resolution", "How it was solved"],
  ["email", "Replies go to"],
  ["assignee", "Who looks after it"],
  ["priority", "How urgent"],
  ["category", "What it is about"],
];
const SUBJECT_CHARS_MAX = 100;
const TEXT_CHARS_MAX = 600;

/** Null for what is no work of a helpdesk. `described`: the challenge's own words, which name the ticket's number. */
export function deskPurpose(tool: string, args: unknown, described: string | undefined): DeskPurpose | null {
  const title = Object.hasOwn(TITLES, tool) ? TITLES[tool] : undefined;
  if (title === undefined) return null;
  const subject = textOf(args, "subject");
  const number = /\bticket (\d+)\b/.exec(described ?? "")?.[1];
  const facts = [
    number === undefined ? undefined : `Ticket #${number}`,
    subject === undefined ? undefined : `“${visible(subject).slice(0, SUBJECT_CHARS_MAX)}”`,
  ];
  return {
    title,
    facts: facts.filter((fact) => fact !== undefined),
    sends: sent(args),
    note: note(described),
  };
}

function sent(args: unknown): Sent[] {
  const tags = isObject(args) && Array.isArray(args["tags"]) ? args["tags"].filter(isText) : [];
  const texts = SENT.map(([name, what]) => ({ what, text: textOf(args, name) ?? "" }));
  const all = [...texts, { what: "Tags", text: tags.join(", ") }];
  return all.filter(({ text }) => text !== "").map(({ what, text }) => ({ what, text: cut(visible(text)) }));
}

/** "Reply to ticket 7: from a wallet with … this becomes a draft" is a sentence after the colon. */
function note(described: string | undefined): string | null {
  const words = /\bticket \d+: (.+)$/.exec(described ?? "")?.[1];
  return words === undefined ? null : `${words.charAt(0).toUpperCase()}${visible(words.slice(1))}.`;
}

const isText = (value: unknown): value is string => typeof value === "string";
const cut = (text: string) => (text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX)}…` : text);
