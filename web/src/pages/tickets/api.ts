// Everything that was bought: the list of the signed-in user, and reading a secret again.
import { request } from "../../api/http";
import { isObject, parseJson, textOf } from "../../base/object";
import { inTime } from "../../purchase/offers";
import { sentence } from "../../parts";
import { signerFor } from "../../session";

/** A call that only the buyer may make: its wallet signs a message, and nothing is paid. */
export type BuyerCall = { url: string; arguments: Record<string, unknown> };

/** Something that was bought, as `GET /api/tickets` lists it. */
export type Bought = {
  kind: "seat" | "secret" | "desk" | "other";
  host: { scope: string; name: string | null };
  title: string;
  item: string | null;
  startsAt: string | null;
  endsAt: string | null;
  timeZone: string | null;
  place: string | null;
  coverPath: string | null;
  state: string;
  /** How many seats were bought together. */
  seats: number;
  ticketUrl: string | null;
  /** How its buyer reads the answer again. */
  again: BuyerCall | null;
  /** How its buyer gives it back, and what would go back now, in dollars. */
  cancel: (BuyerCall & { refund: string }) | null;
  /** What becomes of the money of something that was cancelled. */
  refund: { words: string; link: string | null } | null;
  paidUsd: string;
  network: string;
  transaction: string | null;
  boughtAt: string;
};

export type BoughtPage = {
  items: readonly Bought[];
  /** Some hosts have not answered; what was bought there is missing. */
  isPartial: boolean;
  wallets: readonly string[];
  cursor: string | undefined;
};

/** One page of the list. Throws `ApiError`. */
export async function readBought(cursor: string | undefined): Promise<BoughtPage> {
  const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
  const answer = await inTime(request<Record<string, unknown>>("GET", `/api/tickets${query}`));
  const list = (key: string): readonly unknown[] => (Array.isArray(answer[key]) ? answer[key] : []);
  return {
    items: list("tickets").flatMap((line) => (isObject(line) ? [bought(line)] : [])),
    isPartial: list("unavailable").length > 0 || list("walletsUnavailable").length > 0,
    wallets: list("wallets").flatMap((wallet) => textOf(wallet, "address") ?? []),
    cursor: textOf(answer, "nextCursor") ?? textOf(answer, "cursor"),
  };
}

const KINDS = ["seat", "secret", "desk"] as const;

function bought(line: Record<string, unknown>): Bought {
  const text = (key: string) => textOf(line, key) ?? null;
  const { again, cancel, host, refund } = line;
  const offered = callIn(cancel);
  return {
    kind: KINDS.find((kind) => kind === line["kind"]) ?? "other",
    host: { scope: textOf(host, "scope") ?? "", name: textOf(host, "name") ?? null },
    title: text("title") ?? "Something that you bought",
    item: text("item"),
    startsAt: text("startsAt"),
    endsAt: text("endsAt"),
    timeZone: text("timeZone"),
    place: text("place"),
    coverPath: text("coverPath"),
    state: text("state") ?? "done",
    seats: typeof line["seats"] === "number" ? line["seats"] : 1,
    ticketUrl: text("ticketUrl"),
    again: callIn(again),
    cancel: offered === null ? null : { ...offered, refund: textOf(cancel, "refund") ?? "0" },
    refund: isObject(refund) ? refundIn(refund) : null,
    paidUsd: text("paidUsd") ?? "0",
    network: text("network") ?? "",
    transaction: text("transaction"),
    boughtAt: text("boughtAt") ?? "",
  };
}

function callIn(value: unknown): BuyerCall | null {
  const url = textOf(value, "url");
  if (!isObject(value) || url === undefined) return null;
  const { arguments: args } = value;
  return { url, arguments: isObject(args) ? args : {} };
}

function refundIn(refund: Record<string, unknown>): Bought["refund"] {
  const words = textOf(refund, "words");
  if (words === undefined) return null;
  return { words, link: textOf(refund, "transactionUrl") ?? null };
}

/** Reads a bought secret again. Throws as `callAsBuyer`. */
export async function readAgain(again: BuyerCall, wallets: readonly string[]): Promise<string> {
  const answer = await callAsBuyer(again, wallets);
  const secret = textOf(answer, "secret");
  if (secret === undefined) throw new Error("The host did not hand it over. Try again.");
  return secret;
}

/** Gives seats back. Answers in a sentence what becomes of the money. Throws as `callAsBuyer`. */
export async function giveBack(cancel: BuyerCall, wallets: readonly string[]): Promise<string> {
  const answer = await callAsBuyer(cancel, wallets);
  const message = textOf(answer, "message");
  if (!isObject(answer) || answer["cancelled"] !== true || message === undefined)
    throw new Error("Nothing was cancelled. Load this page again, and look what goes back now.");
  return message;
}

/**
 * Calls a host's server for the buyer: the wallet signs a message (EIP-4361), and nothing is paid. Throws if no wallet in
 * this browser is the buyer's, or if the server refuses.
 */
async function callAsBuyer(call: BuyerCall, wallets: readonly string[]): Promise<unknown> {
  const url = ours(call.url);
  const body = JSON.stringify(call.arguments);
  const signer = await firstSigner(wallets);
  if (signer === null)
    throw new Error("The wallet that bought this is not in this browser. Ask in the chat instead.");
  const post = (headers: Record<string, string>) =>
    inTime(fetch(url, { method: "POST", body, headers: { "content-type": "application/json", ...headers } }));
  const offer = await offerOf(await post({}));
  if (offer === null) throw new Error("The host does not say what to sign. Try again in a moment.");
  const proof = { ...offer, address: signer.address, type: "eip191" };
  const signature = await signer.signMessage(messageOf(proof));
  const response = await post({ "sign-in-with-x": btoa(JSON.stringify({ ...proof, signature })) });
  if (response.status === 402) throw new Error("This wallet has not bought it. Nothing was charged.");
  const answer = parseJson(await response.text());
  if (!response.ok) throw new Error(refusal(answer));
  return answer;
}

/** Why a server refused, for a person. */
function refusal(answer: unknown): string {
  const code = textOf(answer, "code");
  if (code === "refund_changed")
    return "What goes back has changed since this page was loaded. Load it again, and look first.";
  const detail = textOf(answer, "detail");
  return detail === undefined ? "The host refused. Try again." : sentence(detail);
}

async function firstSigner(wallets: readonly string[]) {
  for (const address of wallets) {
    const signer = await signerFor(address);
    if (signer !== null) return signer;
  }
  return null;
}

/** Only servers of this deployment are asked, whatever the list says. */
function ours(text: string): string {
  const url = new URL(text, location.origin);
  if (url.origin !== location.origin)
    throw new Error("This was bought at another site. Ask for it in the chat.");
  return url.pathname;
}

type SignIn = {
  domain: string;
  uri: string;
  version: string;
  chainId: string;
  nonce: string;
  issuedAt: string;
  expirationTime: string;
  statement: string;
  resources: readonly string[];
};

/** What a refusal offers to sign: the challenge of a payment has it in its header, every other one in its body. */
async function offerOf(response: Response): Promise<SignIn | null> {
  const header = response.headers.get("payment-required");
  const refused = parseJson(header === null ? await response.text() : decoded(header));
  const extensions = isObject(refused) ? refused["extensions"] : undefined;
  const extension = isObject(extensions) ? extensions["sign-in-with-x"] : undefined;
  const info = isObject(extension) ? extension["info"] : undefined;
  const chains: unknown = isObject(extension) ? extension["supportedChains"] : undefined;
  const chainId = Array.isArray(chains) ? textOf(chains[0], "chainId") : undefined;
  if (!isObject(info) || chainId === undefined || info["domain"] !== location.host) return null;
  const text = (key: string) => textOf(info, key) ?? "";
  const resources = Array.isArray(info["resources"])
    ? info["resources"].filter((one) => typeof one === "string")
    : [];
  return {
    domain: text("domain"),
    uri: text("uri"),
    version: text("version"),
    chainId,
    nonce: text("nonce"),
    issuedAt: text("issuedAt"),
    expirationTime: text("expirationTime"),
    statement: text("statement"),
    resources,
  };
}

/** The text of EIP-4361. */
function messageOf(proof: SignIn & { address: string }): string {
  return [
    `${proof.domain} wants you to sign in with your Ethereum account:`,
    proof.address,
    "",
    `${proof.statement}\n`,
    `URI: ${proof.uri}`,
    `Version: ${proof.version}`,
    `Chain ID: ${proof.chainId.replace("eip155:", "")}`,
    `Nonce: ${proof.nonce}`,
    `Issued At: ${proof.issuedAt}`,
    `Expiration Time: ${proof.expirationTime}`,
    ...(proof.resources.length === 0 ? [] : ["Resources:", ...proof.resources.map((uri) => `- ${uri}`)]),
  ].join("\n");
}

function decoded(base64: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (letter) => letter.codePointAt(0) ?? 0));
  } catch {
    return "";
  }
}
