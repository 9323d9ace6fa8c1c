import { useEffect, useState } from "react";
import { readHost, scopeOf, type Host } from "../../purchase/offers";

/** What was read, or is being read, in this page. */
const hosts = new Map<string, Promise<Host>>();

/** The host of a server of this site, once it is read; null for other servers. */
export function useHost(mcpUrl: string): Host | null {
  const scope = scopeOf(mcpUrl);
  const [host, setHost] = useState<Host | null>(null);
  useEffect(() => {
    if (scope === null) return;
    let isGone = false;
    known(scope).then(
      (read) => isGone || setHost(read),
      // Without a name it is called a host.
      () => undefined,
    );
    return () => void (isGone = true);
  }, [scope]);
  return scope === null ? null : host;
}

function known(scope: string): Promise<Host> {
  const before = hosts.get(scope);
  if (before !== undefined) return before;
  const reading = readHost(scope);
  hosts.set(scope, reading);
  reading.catch(() => hosts.delete(scope));
  return reading;
}
