import { useExplorer } from "../../api/networks";
import { Badge, Empty, Money, Time, linkProps, safeLink } from "../../parts";
import { useSession } from "../../session";

/** The payments of the session, newest first. */
export function MoneyTab() {
  const payments = useSession((state) => state.payments);
  const explorer = useExplorer();
  if (payments.length === 0) return <Empty title="Nothing was paid yet" />;
  return (
    <div className="stack">
      <ol className="exchanges">
        {payments.map(({ id, at, tool, amountUsd, state, txHash, network, explorerUrl }) => {
          const link =
            txHash === undefined ? null : safeLink(explorerUrl || explorer.transaction(network, txHash));
          return (
            <li key={id} className="exchange-row">
              <Time at={at} show="time" />
              <span className="exchange-name">
                <span className="mono">{tool}</span> <Money dollars={amountUsd} />
              </span>
              <Badge tone={state === "paid" ? "ok" : state === "failed" ? "bad" : "plain"}>{state}</Badge>
              {link !== null && (
                <a href={link} target="_blank" rel="noreferrer noopener">
                  Receipt
                </a>
              )}
            </li>
          );
        })}
      </ol>
      <p>
        <a {...linkProps("/transactions")}>All payments, with export</a>
      </p>
    </div>
  );
}
