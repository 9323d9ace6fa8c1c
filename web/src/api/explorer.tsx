// Where people can look at addresses and transactions.
import { transactionLink, useSettings } from "./settings";

/** Links into the block explorers of the deployment's networks. */
export function useExplorer() {
  const { settings } = useSettings();
  return {
    transaction: (network: string, hash: string) => transactionLink(settings, network, hash),
    /** In the preferred network, if none is named. */
    address: (network: string | null, address: string) => {
      const networks = settings?.networks ?? [];
      const known = network === null ? networks[0] : networks.find((one) => one.network === network);
      return known && `${known.explorer}/address/${encodeURIComponent(address)}`;
    },
  };
}

/** On one's own machine the links lead to pages of the deployment, because public explorers do not know its chain. */
export function LocalHint() {
  const { settings } = useSettings();
  if (!settings?.local) return null;
  return (
    <p className="quiet small">
      This is the chain on your own machine: the links lead to pages that are made here.
    </p>
  );
}
