// Names and block explorers of the deployment's networks.
import { useSettings } from "./settings";
import type { NetworkView, PageSettings } from "./types";

/** The name of a network: "Base Sepolia". */
export function networkName(settings: PageSettings | null, network: string): string {
  const name = find(settings, network)?.name ?? network;
  // The local chain has the id of the public network.
  return settings?.local ? `${name}, on this machine` : name;
}

/** Links into the block explorers. */
export function useExplorer() {
  const { settings } = useSettings();
  return {
    transaction: (network: string, hash: string) => link(find(settings, network), "tx", hash),
    /** On the preferred network if `network` is null. */
    address: (network: string | null, address: string) =>
      link(network === null ? settings?.networks[0] : find(settings, network), "address", address),
  };
}

function link(network: NetworkView | undefined, kind: "tx" | "address", value: string): string | undefined {
  if (!network?.explorer) return undefined;
  return `${network.explorer.replace(/\/$/, "")}/${kind}/${encodeURIComponent(value)}`;
}

function find(settings: PageSettings | null, network: string): NetworkView | undefined {
  return settings?.networks.find((known) => known.network === network);
}
