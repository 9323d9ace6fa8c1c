import { useEffect, useState, type FormEvent } from "react";
import { request } from "../../api/http";
import type { ProfileView } from "../../api/types";
import { Button, Face, TextField } from "../../parts";
import { scopeOf } from "../../purchase/offers";
import { connectServer, useSession } from "../../session";
import { HostName } from "./host-name";
import { Market, useMarket } from "./market";
import { urlFault, useRecentServers } from "./recent-servers";

/** The parameter of links that propose a server. */
const PARAMETER = "door";

/** The server that a followed link proposes, unless it is connected; empty without one. */
export function useLinkedServer(): string {
  const connected = useSession((state) => state.server?.mcpUrl ?? null);
  const followed = new URLSearchParams(location.search).get(PARAMETER) ?? "";
  // The connected server is named above.
  return followed === connected ? "" : followed;
}

/** Connects to a server, unless one is being connected. */
export function useConnect(onChosen?: () => void) {
  const [error, setError] = useState<string | null>(null);
  const isOpen = useSession((state) => state.link === "open");
  const isConnecting = useSession((state) => state.running.some(({ what }) => what === "connect"));
  const connect = (to: string) => {
    const fault = urlFault(to);
    setError(fault);
    if (fault === null && connectServer(to.trim())) onChosen?.();
  };
  return { connect, error, isOpen, isConnecting };
}

/** Connects to a server: that of an event, by its URL, to the host's own, or to a recent one. */
export function ServerPicker({ onChosen }: { onChosen?: () => void }) {
  const linked = useLinkedServer();
  const market = useMarket();
  const { connect, isOpen, isConnecting } = useConnect(onChosen);
  return (
    <div className="stack">
      {linked === "" && <Market market={market} onChoose={connect} disabled={!isOpen || isConnecting} />}
      <ServerAddress {...(onChosen === undefined ? {} : { onChosen })} />
    </div>
  );
}

/** The field for the URL of a server, and the servers that are known. */
export function ServerAddress({ onChosen }: { onChosen?: () => void }) {
  const connected = useSession((state) => state.server?.mcpUrl ?? null);
  const linked = useLinkedServer();
  const [url, setUrl] = useState(linked);
  const { connect, error, isOpen, isConnecting } = useConnect(onChosen);
  const recent = useRecentServers();
  const own = useOwnServer();
  const others = recent.filter((other) => other !== own && other !== connected);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isConnecting) connect(url);
  };
  const hint =
    linked !== "" && url === linked
      ? "This URL comes from the link that you followed. Nothing is sent to it before you connect."
      : "You get it from the host. It looks like https://…/mcp/users/…";
  return (
    <>
      <form className="with-button" onSubmit={submit} noValidate>
        <TextField
          label="Server URL"
          type="url"
          inputMode="url"
          value={url}
          onChange={setUrl}
          hint={hint}
          error={error}
          required
        />
        <Button kind="primary" type="submit" busy={isConnecting} disabled={!isOpen}>
          Connect
        </Button>
      </form>
      {own !== null && own !== connected && (
        <Choices title="Your own server" urls={[own]} onChoose={connect} disabled={!isOpen} />
      )}
      {others.length > 0 && (
        <Choices title="Recent servers" urls={others} onChoose={connect} disabled={!isOpen} />
      )}
    </>
  );
}

function Choices(props: {
  title: string;
  urls: readonly string[];
  onChoose: (url: string) => void;
  disabled: boolean;
}) {
  return (
    <div className="stack-tight">
      <p className="small quiet">{props.title}</p>
      <ul className="choices">
        {props.urls.map((url) => (
          <li key={url}>
            <button
              type="button"
              className="choice"
              disabled={props.disabled}
              onClick={() => props.onChoose(url)}
            >
              <Choice url={url} />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A host of this site by name, any other server by its URL. */
function Choice({ url }: { url: string }) {
  if (scopeOf(url) === null) return <span className="mono">{url}</span>;
  return (
    <>
      <Face seed={url} scope={scopeOf(url)} />
      <span className="choice-text">
        <strong>
          <HostName mcpUrl={url} server="" isStart />
        </strong>
        <span className="mono small quiet">{url}</span>
      </span>
    </>
  );
}

/** The server of the signed-in host; null for everybody else. */
function useOwnServer(): string | null {
  const [own, setOwn] = useState<string | null>(null);
  const userId = useSession((state) => state.userId);
  useEffect(() => {
    if (userId === null) return;
    let isGone = false;
    request<ProfileView>("GET", "/api/users/me").then(
      (profile) => isGone || setOwn(profile.mcpUrl),
      // The user has signed out meanwhile, or is not registered as a host.
      () => isGone || setOwn(null),
    );
    return () => void (isGone = true);
  }, [userId]);
  return own;
}
