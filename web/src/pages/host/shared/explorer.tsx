// Addresses and transactions with links to the block explorer.
import { useExplorer } from "../../../api/networks";
import { useSettings } from "../../../api/settings";
import { Hash } from "../../../parts";

/** An address; `network` null stands for the preferred network. */
export function Address({ value, what, network }: { value: string; what: string; network: string | null }) {
  const explorer = useExplorer();
  return <Hash value={value} what={what} href={explorer.address(network, value)} />;
}

/** The hash of a transaction, or "none". */
export function Transaction({ hash, network }: { hash: string | null; network: string | null }) {
  const explorer = useExplorer();
  if (hash === null) return <span className="quiet small">none</span>;
  const link = network === null ? undefined : explorer.transaction(network, hash);
  return <Hash value={hash} what="transaction hash" href={link} />;
}

/** On the local chain the links lead to pages of this deployment: public explorers do not know the chain. */
export function LocalHint() {
  const { settings } = useSettings();
  if (!settings?.local) return null;
  return (
    <p className="quiet small">
      This is the chain on your own machine: the links lead to pages of this deployment.
    </p>
  );
}
