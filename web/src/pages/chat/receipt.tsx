import { networkName, useExplorer } from "../../api/networks";
import { useSettings } from "../../api/settings";
import { Badge, Card, Hash, Money } from "../../parts";
import type { Message } from "../../session";

/** The receipt of a payment. */
export function Receipt({ receipt }: { receipt: Message<"payment_receipt"> }) {
  const { settings } = useSettings();
  const explorer = useExplorer();
  const link = receipt.explorerUrl || explorer.transaction(receipt.network, receipt.txHash);
  return (
    <Card
      title={
        <>
          Paid <Money dollars={receipt.amountUsd} />
        </>
      }
      level={3}
      many
      aside={
        receipt.confirmed ? (
          <Badge tone="ok">Confirmed on the chain</Badge>
        ) : (
          <Badge tone="warn">Reported by the server</Badge>
        )
      }
    >
      <dl className="facts">
        <dt>For</dt>
        <dd className="mono">{receipt.tool}</dd>
        <dt>Transaction</dt>
        <dd>
          <Hash value={receipt.txHash} href={link} what="transaction hash" />
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
    </Card>
  );
}
