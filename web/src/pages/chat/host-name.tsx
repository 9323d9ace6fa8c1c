import { visible } from "../../parts";
import { scopeOf } from "../../purchase/offers";
import { useHost } from "./use-host";

type Props = {
  mcpUrl: string;
  server: string;
  /** Nothing stands before it. */
  isStart?: boolean;
};

/** Who a server belongs to: a host of this site by name, any other server as it calls itself, with its address. */
export function HostName({ mcpUrl, server, isStart = false }: Props) {
  const host = useHost(mcpUrl);
  if (scopeOf(mcpUrl) !== null) {
    const unnamed = isStart ? "A host of this site" : "a host of this site";
    return <>{host?.name === undefined || host.name === null ? unnamed : visible(host.name)}</>;
  }
  const place = URL.canParse(mcpUrl) ? new URL(mcpUrl).host : mcpUrl;
  return (
    <>
      “{visible(server)}” at {visible(place)}
    </>
  );
}
