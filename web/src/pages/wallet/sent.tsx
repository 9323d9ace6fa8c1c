// What was sent out of kept wallets in this session.
import type { WithdrawalView } from "../../api/types";
import { Badge, Hash, Money, Time, safeLink } from "../../parts";
import { useSession } from "../../session";

type Tone = "ok" | "bad" | "info";

export const SENDING: Record<WithdrawalView["state"], { words: string; tone: Tone }> = {
  signing: { words: "Being signed", tone: "info" },
  sending: { words: "On its way", tone: "info" },
  sent: { words: "Sent", tone: "ok" },
  failed: { words: "Not sent, no money moved", tone: "bad" },
};

export function Sent() {
  const withdrawals = useSession((state) => state.withdrawals);
  if (withdrawals.length === 0) return null;
  return (
    <section className="stack" aria-labelledby="sent-title">
      <h2 id="sent-title">Sent from here</h2>
      <ul className="wallet-sent">
        {withdrawals.map((one) => (
          <li key={one.id}>
            <span className="cell-lines">
              <span>
                <Money dollars={one.amountUsd} /> to <Hash value={one.to} what="address" />
              </span>
              <span className="second">
                <Time at={one.at} />
              </span>
            </span>
            <span className="row">
              <Badge tone={SENDING[one.state].tone}>{SENDING[one.state].words}</Badge>
              <Receipt of={one} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Receipt({ of: { explorerUrl, txHash } }: { of: WithdrawalView }) {
  const link = safeLink(explorerUrl);
  if (link === null || txHash === undefined) return null;
  return (
    <a href={link} target="_blank" rel="noreferrer noopener">
      Receipt
    </a>
  );
}
