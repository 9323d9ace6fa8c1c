// Secrets in the chat: those for sale, and a bought one.
import { useState } from "react";
import { isObject, numberOf, textOf } from "../../base/object";
import { Badge, Button, Card, CopyButton, Empty, Hash, Money, Time, visible } from "../../parts";
import { useSession, type Entry } from "../../session";
import { PaidButton } from "./paid-button";

const SECRETS_MAX = 100;

/** The result of `listSecrets`. */
export function SecretList({ secrets, mcpUrl }: { secrets: unknown[]; mcpUrl: string | null }) {
  const shown = secrets.filter(isObject).slice(0, SECRETS_MAX);
  if (shown.length === 0) return <Empty title="This server has no secrets for sale now." />;
  return (
    <div
      className="events"
      role="group"
      aria-label={shown.length === 1 ? "1 secret" : `${shown.length} secrets`}
    >
      {shown.map((secret, place) => (
        <SecretForSale key={`${textOf(secret, "id") ?? ""}-${place}`} secret={secret} mcpUrl={mcpUrl} />
      ))}
    </div>
  );
}

function SecretForSale({ secret, mcpUrl }: { secret: Record<string, unknown>; mcpUrl: string | null }) {
  const here = useSession((state) => state.server?.mcpUrl ?? null);
  const canBuy = useSession((state) => state.tools.some(({ name }) => name === "retrieveSecret"));
  const id = textOf(secret, "id");
  const name = visible(textOf(secret, "name") ?? "Secret without a name");
  const price = textOf(secret, "price");
  const description = textOf(secret, "description");
  const sold = numberOf(secret, "retrievalCount");
  const expiresAt = textOf(secret, "expiresAt");
  const isOnSale = (textOf(secret, "status") ?? "active") === "active" && id !== undefined;
  return (
    <Card title={name} level={3} many aside={price === undefined ? undefined : <Money dollars={price} />}>
      {description !== undefined && <p className="quiet event-text">{visible(description)}</p>}
      <ul className="event-facts">
        {sold !== undefined && <li>{soldInWords(sold)}</li>}
        {expiresAt !== undefined && (
          <li>
            Until <Time at={expiresAt} />
          </li>
        )}
      </ul>
      {isOnSale && canBuy && mcpUrl === here && (
        <PaidButton tool="retrieveSecret" args={{ secretId: id }} action="Buy" price={price} title={name} />
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
  const link = useSession((state) => state.payments.find(({ txHash }) => txHash === hash)?.explorerUrl);
  const title = visible(name);
  return (
    <Card title={`Secret: ${title}`} level={3} many tone="accent" aside={<Badge tone="ok">Bought</Badge>}>
      {description !== "" && <p className="quiet event-text">{visible(description)}</p>}
      {value === undefined ? (
        <p className="small">
          The value is not kept by this page after a reload. Your wallet has bought it: a client that signs in
          with this wallet (SIGN-IN-WITH-X) reads it again without paying. Buying it again here costs again.
        </p>
      ) : (
        <Value value={value} title={title} />
      )}
      <ul className="event-facts">
        {version !== null && <li>Version {version}</li>}
        {hash !== null && (
          <li>
            Transaction <Hash value={hash} href={link} what="transaction hash" />
          </li>
        )}
      </ul>
    </Card>
  );
}

function Value({ value, title }: { value: string; title: string }) {
  const [isShown, setIsShown] = useState(false);
  return (
    <div className="stack-tight">
      <pre className="json" tabIndex={0} role="group" aria-label={`Value of ${title}`}>
        {isShown ? visible(value) : "••••••••••••"}
      </pre>
      <div className="row">
        <Button
          size="small"
          pressed={isShown}
          label={`Show the value of ${title}`}
          onClick={() => setIsShown(!isShown)}
        >
          Show
        </Button>
        <CopyButton text={value} what={`the value of ${title}`} />
        <span className="small quiet">Copy it now: this page forgets it with the next load.</span>
      </div>
    </div>
  );
}
