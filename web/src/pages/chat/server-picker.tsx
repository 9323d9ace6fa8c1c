import { useEffect, useState, type FormEvent } from "react";
import { request } from "../../api/http";
import type { ProfileView } from "../../api/types";
import { Button, Face, TextField } from "../../parts";
import { scopeOf } from "../../purchase/offers";
import { connectServer, useSession } from "../../session";
import { HostName } from "./host-name";
import { Market } from "./market";
import { urlFault, useRecentServers } from "./recent-servers";

/** The parameter of links that propose a server. */
const PARAMETER = "door";

/** Connects to a server: by its URL, to the host's own, or to a recent one. */
export function ServerPicker({ onChosen }: { onChosen?: () => void }) {
  const connected = useSession((state) => state.server?.mcpUrl ?? null);
  const followed = new URLSearchParams(location.search).get(PARAMETER) ?? "";
  // The connected server is named above.
  const linked = followed === connected ? "" : followed;
  const [url, setUrl] = useState(linked);
  const [error, setError] = useState<string | null>(null);
  const isOpen = useSession((state) => state.link === "open");
  const isConnecting = useSession((state) => state.running.some(({ what }) => what === "connect"));
  const recent = useRecentServers();
  const own = useOwnServer();
  const others = recent.filter((other) => other !== own && other !== connected);
  const connect = (to: string) => {
    const fault = urlFault(to);
    setError(fault);
    if (fault === null && connectServer(to.trim())) onChosen?.();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isConnecting) connect(url);
  };
  const hint =
    linked !== "" && url === linked
      ? "This URL comes from the link that you followed. Nothing is sent to it before you connect."
      : "You get it from the host. It looks like https://…/mcp/users/…";
  return (
    <div className="stack">
      {linked === "" && <Market onChoose={connect} disabled={!isOpen || isConnecting} />}
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
    </div>
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
