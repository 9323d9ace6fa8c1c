import { useEffect, useState } from "react";
import { visible } from "../../parts";
import { readHost, scopeOf } from "../../purchase/offers";

/** Who a server belongs to: a host of this site by name, any other server as it calls itself, with its address. */
export function HostName({ mcpUrl, server }: { mcpUrl: string; server: string }) {
  const scope = scopeOf(mcpUrl);
  const [name, setName] = useState<string | null>(null);
  useEffect(() => {
    if (scope === null) return;
    let isGone = false;
    readHost(scope).then(
      (host) => isGone || setName(host.name),
      // Without a name it is called a host.
      () => undefined,
    );
    return () => void (isGone = true);
  }, [scope]);
  if (scope !== null) return <>{name === null ? "a host of this site" : visible(name)}</>;
  const place = URL.canParse(mcpUrl) ? new URL(mcpUrl).host : mcpUrl;
  return (
    <>
      “{visible(server)}” at {visible(place)}
    </>
  );
}
