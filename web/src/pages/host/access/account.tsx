// Who is signed in, signing out, and signing in again when the session has ended.
import { useEffect, useRef, type ReactNode } from "react";
import { networkName } from "../../../api/networks";
import { useSettings } from "../../../api/settings";
import { Button, Card, Hash } from "../../../parts";
import { Trouble } from "../shared/trouble";
import { useAction } from "../shared/use-action";
import { useHost, type HostSession } from "./session";

/** The identity of the user, and the button to sign out. */
export function Account() {
  const { session, signOut } = useHost();
  const { busy, error, run } = useAction();
  if (session.state !== "host" && session.state !== "unregistered") return null;
  const userId = userIdOf(session);
  return (
    <div className="row host-account">
      {userId && (
        <span>
          Signed in as <Identity id={userId} />
        </span>
      )}
      <Button onClick={() => void run(signOut)} busy={busy}>
        Sign out
      </Button>
      {error !== null && <Trouble error={error} />}
    </div>
  );
}

function userIdOf(session: HostSession): string | undefined {
  if (session.state === "host") return session.profile.userId;
  return session.state === "unregistered" ? session.user?.userId : undefined;
}

/** A wallet, a contract wallet on its network (`eip155:8453:0x…`), or an e-mail address. */
function Identity({ id }: { id: string }) {
  const { settings } = useSettings();
  const [, network, address] = /^(?:(eip155:\d+):)?(0x[0-9a-fA-F]{40})$/.exec(id) ?? [];
  if (address === undefined) return <strong className="host-untrusted">{id}</strong>;
  return (
    <>
      <Hash value={address} what="your identity" />
      {network !== undefined && `, a contract on ${networkName(settings, network)}`}
    </>
  );
}

/** Takes the focus, and gives it back to the element that had it. */
export function SessionOver({ children }: { children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.focus({ preventScroll: true });
    box.current?.scrollIntoView({ block: "center" });
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <div ref={box} tabIndex={-1}>
      <Card title="Sign in again" tone="danger">
        <p role="alert">Your session has ended. Sign in again to go on: what you have typed below stays.</p>
        {children}
      </Card>
    </div>
  );
}
