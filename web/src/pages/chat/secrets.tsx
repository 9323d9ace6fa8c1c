// Secrets in the chat: those for sale, and a bought one.
import { numberOf, textOf } from "../../base/object";
import { Badge, Card, linkProps, Money, safeLink, SecretValue, Time, visible } from "../../parts";
import { useSession, type Entry } from "../../session";
import { Offers } from "./offers";
import { PaidButton } from "./paid-button";

/** The result of `listSecrets`. */
export function SecretList({ secrets, mcpUrl }: { secrets: unknown[]; mcpUrl: string | null }) {
  return (
    <Offers items={secrets} noun="secret" empty="This server has no secrets for sale now.">
      {(secret, place) => (
        <SecretForSale key={`${textOf(secret, "id") ?? ""}-${place}`} secret={secret} mcpUrl={mcpUrl} />
      )}
    </Offers>
  );
}

function SecretForSale({ secret, mcpUrl }: { secret: Record<string, unknown>; mcpUrl: string | null }) {
  const id = textOf(secret, "id");
  const name = visible(textOf(secret, "name") ?? "Secret without a name");
  const price = textOf(secret, "price");
  const description = textOf(secret, "description");
  const sold = numberOf(secret, "retrievalCount");
  const expiresAt = textOf(secret, "expiresAt");
  const isOnSale = (textOf(secret, "status") ?? "active") === "active" && id !== undefined;
  return (
    <Card title={name} level={2} many aside={price === undefined ? undefined : <Money dollars={price} />}>
      {description !== undefined && <p className="quiet event-text">{visible(description)}</p>}
      <ul className="event-facts">
        {sold !== undefined && <li>{soldInWords(sold)}</li>}
        {expiresAt !== undefined && (
          <li>
            Until <Time at={expiresAt} />
          </li>
        )}
      </ul>
      {isOnSale && (
        <PaidButton
          tool="retrieveSecret"
          args={{ secretId: id }}
          mcpUrl={mcpUrl}
          action="Buy"
          price={price}
          title={name}
        />
      )}
    </Card>
  );
}

function soldInWords(sold: number): string {
  if (sold === 0) return "Not sold yet";
  return sold === 1 ? "Sold once" : `Sold ${sold} times`;
}

/** A bought secret: dots until the user shows it. */
export function Bought({ entry }: { entry: Extract<Entry, { kind: "secret" }> }) {
  const value = useSession((state) => state.secrets[entry.id]);
  const { name, description, version, transactionHash: hash } = entry.secret;
  const paid = useSession((state) => state.payments.find(({ txHash }) => txHash === hash));
  const link = safeLink(paid?.explorerUrl);
  const title = visible(name);
  return (
    <Card
      title={`Secret: ${title}`}
      level={2}
      many
      tone="accent"
      aside={<Badge tone="ok">{paid === undefined ? "Bought" : `Bought for $${paid.amountUsd}`}</Badge>}
    >
      {description !== "" && <p className="quiet event-text">{visible(description)}</p>}
      {value === undefined ? (
        <p className="small">
          The value is not kept by this page after a reload. Your wallet has bought it, so it is shown again
          without paying under <a {...linkProps("/tickets")}>Tickets</a>.
        </p>
      ) : (
        <SecretValue value={value} title={title} />
      )}
      <ul className="event-facts">
        {version !== null && version > 1 && <li>Version {version}</li>}
        {link !== null && (
          <li>
            <a href={link} target="_blank" rel="noreferrer noopener">
              Receipt
            </a>
          </li>
        )}
      </ul>
    </Card>
  );
}
