import { Face, Icon } from "../../parts";
import { scopeOf } from "../../purchase/offers";
import { useSession } from "../../session";
import { HostName } from "./host-name";
import { openPart } from "./setup-open";

/** On a phone the bar above the chat names whom one talks to, and changes it. */
export function ChatHost() {
  const server = useSession((state) => state.server);
  if (server === null) return null;
  return (
    <button type="button" className="top-host" onClick={() => openPart("server")}>
      <Face seed={server.mcpUrl} scope={scopeOf(server.mcpUrl)} />
      <span className="visually-hidden">Change the server: </span>
      <span className="top-host-name">
        <HostName mcpUrl={server.mcpUrl} server={server.name} isStart />
      </span>
      <Icon name="down" />
    </button>
  );
}
