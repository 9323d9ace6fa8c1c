import { networkName, useExplorer } from "../../api/networks";
import { useSettings } from "../../api/settings";
import { Hash, Icon, Money, safeLink } from "../../parts";
import { boughtOf } from "../../purchase/words";
import type { Message } from "../../session";

/** The receipt of a payment: one line, and the rest for those who want to know. */
export function Receipt({ receipt }: { receipt: Message<"payment_receipt"> }) {
  const { settings } = useSettings();
  const explorer = useExplorer();
  const link = safeLink(receipt.explorerUrl || explorer.transaction(receipt.network, receipt.txHash));
  return (
    <article className="receipt" aria-label={`Paid $${receipt.amountUsd}`}>
      <div className="row">
        <span className={receipt.confirmed ? "with-icon receipt-paid" : "with-icon"}>
          <Icon name={receipt.confirmed ? "check" : "clock"} />
          <span>
            Paid <Money dollars={receipt.amountUsd} />
          </span>
        </span>
        <span className="second">
          {boughtOf(receipt).name}
          {receipt.confirmed ? "" : ", as the server says"}
        </span>
        {link !== null && (
          <a href={link} target="_blank" rel="noreferrer noopener">
            Receipt
          </a>
        )}
      </div>
      <details>
        <summary>Details</summary>
        <dl className="facts">
          <dt>Transaction</dt>
          <dd>
            <Hash value={receipt.txHash} what="transaction hash" />
          </dd>
          <dt>From</dt>
          <dd>
            <Hash value={receipt.payer} what="payer" />
          </dd>
          <dt>To</dt>
          <dd>
            <Hash value={receipt.payTo} what="recipient" />
          </dd>
          <dt>Network</dt>
          <dd>{networkName(settings, receipt.network)}</dd>
        </dl>
      </details>
    </article>
  );
}
