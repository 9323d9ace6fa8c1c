import { useEffect, useState, type FormEvent } from "react";
import { request } from "../../api/http";
import type { ProfileView } from "../../api/types";
import { Button, TextField } from "../../parts";
import { connectDoor, useSession } from "../../session";
import { useRecentDoors, whatIsWrong } from "./recent-servers";

/** Which door to go to: an address, one's own, or one of the last. */
export function DoorPicker({ onChosen }: { onChosen?: () => void }) {
  const linked = new URLSearchParams(location.search).get("door") ?? "";
  const [url, setUrl] = useState(linked);
  const [error, setError] = useState<string | null>(null);
  const isOpen = useSession((state) => state.link === "open");
  const isConnecting = useSession((state) => state.running.some(({ what }) => what === "connect"));
  const recent = useRecentDoors();
  const own = useOwnDoor();
  const others = recent.filter((door) => door !== own);
  const go = (address: string) => {
    const wrong = whatIsWrong(address);
    setError(wrong);
    if (wrong === null && connectDoor(address.trim())) onChosen?.();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isConnecting) go(url);
  };
  const hint =
    linked !== "" && url === linked
      ? "This address came with the link that you followed. Nothing is sent there before you connect."
      : "The host gives it to you. It looks like https://…/mcp/users/…";
  return (
    <div className="stack">
      <form className="with-button" onSubmit={submit} noValidate>
        <TextField
          label="Address of the door"
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
      {own !== null && <Choices title="Your own door" doors={[own]} onChoose={go} disabled={!isOpen} />}
      {others.length > 0 && (
        <Choices title="Where you were last" doors={others} onChoose={go} disabled={!isOpen} />
      )}
    </div>
  );
}

function Choices(props: {
  title: string;
  doors: readonly string[];
  onChoose: (url: string) => void;
  disabled: boolean;
}) {
  return (
    <div className="stack-tight">
      <p className="small quiet">{props.title}</p>
      <ul className="choices">
        {props.doors.map((door) => (
          <li key={door}>
            <button
              type="button"
              className="choice"
              disabled={props.disabled}
              onClick={() => props.onChoose(door)}
            >
              <span className="mono">{door}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

// Whoever has signed in may have a door.
function useOwnDoor(): string | null {
  const [door, setDoor] = useState<string | null>(null);
  const userId = useSession((state) => state.userId);
  useEffect(() => {
    if (userId === null) return;
    let isGone = false;
    request<ProfileView>("GET", "/api/users/me").then(
      (profile) => isGone || setDoor(profile.mcpUrl),
      // Signed out since, or without a door.
      () => isGone || setDoor(null),
    );
    return () => void (isGone = true);
  }, [userId]);
  return door;
}
