import { visible } from "../../parts";
import { scopeOf } from "../../purchase/offers";
import { useHost } from "./use-host";

/** Who a server belongs to: a host of this site by name, any other server as it calls itself, with its address. */
export function HostName({ mcpUrl, server }: { mcpUrl: string; server: string }) {
  const host = useHost(mcpUrl);
  if (scopeOf(mcpUrl) !== null) {
    return <>{host?.name === undefined || host.name === null ? "a host of this site" : visible(host.name)}</>;
  }
  const place = URL.canParse(mcpUrl) ? new URL(mcpUrl).host : mcpUrl;
  return (
    <>
      “{visible(server)}” at {visible(place)}
    </>
  );
}
