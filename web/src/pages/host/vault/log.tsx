// Who has read a secret, and how.
import { useMemo } from "react";
import type { Retrieval, SecretView } from "../../../api/types";
import { Badge, Button, Card, Empty, Hash, Money, Time, visible } from "../../../parts";
import * as api from "../api";
import { LocalHint, useExplorer } from "../../../api/explorer";
import { useHost } from "../access/session";
import { Loading, Trouble } from "../shared/trouble";
import { useLoad } from "../shared/use-load";

/** The retrieval log of one secret. */
export function SecretLog({ of, close }: { of: SecretView; close: () => void }) {
  const { run } = useHost();
  const ask = useMemo(() => () => run(() => api.retrievals(of.id)), [run, of.id]);
  const { value, error, busy, reload } = useLoad(ask);
  return (
    <Card title={<span className="mm-stranger">Who has read “{visible(of.name)}”</span>} level={3}>
      <div className="row">
        <Button onClick={reload} busy={busy && value !== null} label="Refresh the log">
          Refresh
        </Button>
        <Button onClick={close}>Close the log</Button>
      </div>
      {error !== null && <Trouble error={error} retry={reload} />}
      {value === null && error === null && <Loading what="Fetching the log…" />}
      {value?.retrievals.length === 0 && (
        <Empty title="Nobody yet">Each reading is listed here, paid for or repeated.</Empty>
      )}
      {value !== null && value.retrievals.length > 0 && (
        <>
          <Table retrievals={value.retrievals} />
          <LocalHint />
        </>
      )}
    </Card>
  );
}

function Table({ retrievals }: { retrievals: readonly Retrieval[] }) {
  return (
    <div className="mm-scroll" role="region" aria-label="Readings, newest first" tabIndex={0}>
      <table className="mm-table">
        <caption className="visually-hidden">Readings, newest first</caption>
        <thead>
          <tr>
            {["When", "Wallet", "How", "Version", "Paid", "Transaction"].map((heading) => (
              <th key={heading} scope="col">
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {retrievals.map((retrieval, place) => (
            <Line key={retrievals.length - place} retrieval={retrieval} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({ retrieval }: { retrieval: Retrieval }) {
  const explorer = useExplorer();
  const { wallet, how, version, paid, txHash, network, at, handedOverAt } = retrieval;
  const isUnread = how === "paid" && handedOverAt === null;
  const { word, tone } = isUnread ? UNREAD : (HOW[how] ?? { word: how, tone: "plain" as const });
  return (
    <tr>
      <th scope="row">
        <Time at={at} />
      </th>
      <td>
        <Hash value={wallet} what="wallet" href={explorer.address(network, wallet)} />
      </td>
      <td>
        <Badge tone={tone}>{word}</Badge>
      </td>
      <td>{version}</td>
      <td>
        <Money dollars={paid} />
      </td>
      <td>
        {txHash === null ? (
          <span className="quiet small">none</span>
        ) : (
          <Hash
            value={txHash}
            what="transaction hash"
            href={network === null ? undefined : explorer.transaction(network, txHash)}
          />
        )}
      </td>
    </tr>
  );
}

const UNREAD = { word: "Bought, not read yet", tone: "warn" as const };

/** The grounds of `src/products/vault/store.rs`. */
const HOW: Record<string, { word: string; tone: "ok" | "plain" }> = {
  paid: { word: "Bought", tone: "ok" },
  payment: { word: "Again, with the same payment", tone: "plain" },
  signature: { word: "Again, signed in", tone: "plain" },
};
