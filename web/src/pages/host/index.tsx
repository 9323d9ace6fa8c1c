// The page of a host. Its sections follow the products.
import { useMemo } from "react";
import { Card, Spinner } from "../../parts";
import "../../style/host.css";
import { Account, SessionOver } from "./access/account";
import { Register } from "./access/register";
import { HostContext, useHostSession, type HostActions } from "./access/session";
import { SignIn } from "./access/sign-in";
import { Sections } from "./sections";
import { Trouble } from "./shared/trouble";

/** Parts of the frame in which the page has its navigation and, on a phone, its title; null before they are there. */
type Slots = { side: HTMLElement | null; place: HTMLElement | null };

export default function HostPage(slots: Slots) {
  const actions = useHostSession();
  const isHost = actions.session.state === "host";
  return (
    <HostContext value={actions}>
      <div className={isHost ? "page host-page" : "page"}>
        {isHost ? (
          <h1 className="visually-hidden">Host</h1>
        ) : (
          <div className="page-head">
            <h1>Host</h1>
            <Account />
          </div>
        )}
        <Body actions={actions} slots={slots} />
      </div>
    </HostContext>
  );
}

function Body({ actions, slots }: { actions: HostActions; slots: Slots }) {
  const { session, refresh, signedIn } = actions;
  // The error is shown already.
  const retry = useMemo(() => () => void refresh().catch(() => undefined), [refresh]);
  switch (session.state) {
    case "loading":
      return <Spinner label="Checking whether you are signed in…" />;
    case "failed":
      return <Trouble error={session.error} retry={retry} />;
    case "signed-out":
      return (
        <Card title="Sign in">
          <p>
            Your own MCP server, which guests’ agents pay in USDC: sell seats at events and secrets, and let
            agents work on your tickets. A wallet only signs a message; nothing is paid. A session lasts 24
            hours.
          </p>
          <SignIn done={signedIn} />
        </Card>
      );
    case "unregistered":
      return <Register user={session.user} />;
    case "host":
      return (
        <>
          {session.isOver && (
            <SessionOver>
              <SignIn done={signedIn} />
            </SessionOver>
          )}
          {/* Another host gets new sections. */}
          <Sections key={session.profile.userId} profile={session.profile} {...slots} />
        </>
      );
  }
}
