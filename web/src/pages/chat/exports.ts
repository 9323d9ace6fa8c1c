// The conversation as Markdown, and the configuration of the wallet. Neither has a secret in it.
import { saveFile } from "../../base/save";
import { contentOf, isObject, textOf } from "../../base/object";
import { timeText } from "../../parts";
import { boughtOf, refusalInWords } from "../../purchase/words";
import { containsSecret, currentSession, type Entry } from "../../session";

const LEFT_OUT = "(left out: there was a secret in it)";

export function saveChat(): void {
  const { transcript, secrets } = currentSession();
  const values = Object.values(secrets);
  const lines = transcript.flatMap((entry) => {
    const line = lineOf(entry);
    if (line === null) return [];
    const safe = containsSecret(values, line) ? LEFT_OUT : line;
    return [`${safe}\n\n<sub>${timeText(new Date(entry.at))}</sub>`];
  });
  saveFile("events-concierge-chat.md", "text/markdown;charset=utf-8", `# Chat\n\n${lines.join("\n\n")}\n`);
}

/** Kind, address, network and limits. Keys never leave the wallet, and are not in it. */
export function saveWalletConfiguration(): void {
  const { wallet, policy } = currentSession();
  const configuration =
    wallet === null
      ? null
      : {
          kind: wallet.kind,
          address: wallet.guestAddress,
          network: wallet.network,
          limits: policy?.policy ?? null,
        };
  saveFile("events-concierge-wallet.json", "application/json", JSON.stringify(configuration, null, 2));
}

function lineOf(entry: Entry): string | null {
  switch (entry.kind) {
    case "you":
      return `**You:** ${plain(entry.text)}`;
    case "agent":
      return `**Concierge:** ${plain(entry.text)}`;
    case "notice":
      return `*${plain(entry.text)}*`;
    case "connected":
      return `*Connected to ${plain(entry.server)}*`;
    case "failure":
      return `*${plain(refusalInWords(entry.code, entry.text, entry.moneyMoved))}*`;
    case "receipt":
      return `**Paid $${plain(entry.receipt.amountUsd)}** for: ${plain(boughtOf(entry.receipt).name)} (${plain(entry.receipt.txHash)})`;
    case "secret":
      return `**Secret bought:** ${plain(entry.secret.name)}`;
    case "result":
      return resultOf(entry.result);
    case "wallet":
    case "deployed":
      return null;
  }
}

function resultOf(result: unknown): string | null {
  const content = contentOf(result);
  if (!isObject(content)) return null;
  const { events, secrets, event } = content;
  const ticket = textOf(content, "ticketUrl");
  if (ticket !== undefined)
    return `**Ticket:** ${plain(textOf(event, "title") ?? "a seat")}, ${plain(ticket)}`;
  const offers = Array.isArray(events) ? events : Array.isArray(secrets) ? secrets : [];
  const lines = offers.map((offer) => {
    const title = textOf(offer, "title") ?? textOf(offer, "name") ?? "";
    return `- ${plain(title)}, $${plain(textOf(offer, "price") ?? "?")}`;
  });
  return lines.length === 0 ? null : lines.join("\n");
}

/** Text of strangers stays text in Markdown. */
function plain(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>#|!]/g, "\\$&");
}
