// Everything that was bought: the list of the signed-in user, and reading a secret again.
import { request } from "../../api/http";
import { isObject, parseJson, textOf } from "../../base/object";
import { inTime } from "../../purchase/offers";
import { signerFor } from "../../session";

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
  again: { url: string; arguments: Record<string, unknown> } | null;
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
  const { again, host } = line;
  const url = textOf(again, "url");
  const args = isObject(again) ? again["arguments"] : undefined;
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
    again: url === undefined ? null : { url, arguments: isObject(args) ? args : {} },
    paidUsd: text("paidUsd") ?? "0",
    network: text("network") ?? "",
    transaction: text("transaction"),
    boughtAt: text("boughtAt") ?? "",
  };
}

/**
 * Reads a bought secret again: the wallet signs a message (EIP-4361), and nothing is paid. Throws if no wallet in this
 * browser is the buyer's, or if the host does not hand it over.
 */
export async function readAgain(
  again: { url: string; arguments: Record<string, unknown> },
  wallets: readonly string[],
): Promise<string> {
  const url = ours(again.url);
  const body = JSON.stringify(again.arguments);
  const signer = await firstSigner(wallets);
  if (signer === null) {
    throw new Error(
      "The wallet that bought this is not in this browser. Ask for the secret in the chat instead.",
    );
  }
  const post = (headers: Record<string, string>) =>
    inTime(fetch(url, { method: "POST", body, headers: { "content-type": "application/json", ...headers } }));
  const offer = offerIn((await post({})).headers.get("payment-required"));
  if (offer === null) throw new Error("The host does not say how to read it again. Try again in a moment.");
  const proof = { ...offer, address: signer.address, type: "eip191" };
  const signature = await signer.signMessage(messageOf(proof));
  const header = btoa(JSON.stringify({ ...proof, signature }));
  const response = await post({ "sign-in-with-x": header });
  if (response.status === 402) throw new Error("This wallet has not bought it. Nothing was charged.");
  const answer = parseJson(await response.text());
  const secret = textOf(answer, "secret");
  if (secret === undefined)
    throw new Error(textOf(answer, "detail") ?? "The host did not hand it over. Try again.");
  return secret;
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

/** What the challenge offers to sign. */
function offerIn(header: string | null): SignIn | null {
  const challenge = header === null ? undefined : parseJson(decoded(header));
  const extensions = isObject(challenge) ? challenge["extensions"] : undefined;
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
