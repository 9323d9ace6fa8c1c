// My MCP: a host's own door. Signing in, events, guests, revenue, payments, settings, and how to connect clients.
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { networkName, useSettings } from "../../api/settings";
import type { OwnEvent, ProfileView } from "../../api/types";
import { Button, Card, Hash, Notice } from "../../parts";
import * as api from "./api";
import { Connect } from "./settings/connect";
import { Credentials } from "./access";
import { Desk } from "./desk";
import { Doors } from "./settings/products";
import { Events } from "./events";
import { Guests } from "./events/guests";
import { Limits, Prices } from "./settings/limits";
import "../../style/host.css";
import { Payments } from "./payments";
import { OpenDoor, Payout } from "./settings/payout";
import { Revenue } from "./payments/revenue";
import { Secrets } from "./vault";
import { SessionContext, useHost, useSession, type SessionActions } from "./access/session";
import { SignIn } from "./access/sign-in";
import { Tabs, useTab, type Tab } from "./tabs";
import { Loading, Trouble } from "./shared/trouble";
import { usePages } from "./shared/use-load";

/** The page. */
export default function MyMcpPage() {
  const actions = useSession();
  const { session } = actions;
  return (
    <SessionContext value={actions}>
      <div className="page">
        <div className="page-head">
          <h1>My MCP</h1>
          {(session.at === "host" || session.at === "no-door") && <WhoAndOut actions={actions} />}
        </div>
        <Body actions={actions} />
      </div>
    </SessionContext>
  );
}

function Body({ actions }: { actions: SessionActions }) {
  const { session, refresh, signedIn } = actions;
  // Whatever is wrong is shown already.
  const retry = useMemo(() => () => void refresh().catch(() => undefined), [refresh]);
  switch (session.at) {
    case "asking":
      return <Loading what="Asking whether you are signed in…" />;
    case "failed":
      return <Trouble error={session.error} retry={retry} />;
    case "out":
      return (
        <Card title="Sign in">
          <p>
            Your own MCP server, for which guests’ agents pay you in USDC: sell seats at events and secrets,
            have your tickets worked on. A wallet only signs a message, and nothing is paid. A session lasts
            24 hours.
          </p>
          <SignIn done={signedIn} />
        </Card>
      );
    case "no-door":
      return <OpenDoor who={session.who} />;
    case "host":
      return (
        <>
          {session.isOver && (
            <SessionOver>
              <SignIn done={signedIn} />
            </SessionOver>
          )}
          {/* Another host's sections begin anew. */}
          <Sections key={session.profile.userId} profile={session.profile} />
        </>
      );
  }
}

/** Takes the focus, and gives it back to where the host was at work. */
function SessionOver({ children }: { children: ReactNode }) {
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

function WhoAndOut({ actions }: { actions: SessionActions }) {
  const { session, signOut } = actions;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const leave = async () => {
    setBusy(true);
    setError(null);
    try {
      await signOut();
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  const who =
    session.at === "host" ? session.profile.userId : session.at === "no-door" ? session.who?.userId : null;
  return (
    <div className="row">
      {who && (
        <span>
          Signed in as <Identity id={who} />
        </span>
      )}
      <Button onClick={() => void leave()} busy={busy}>
        Sign out
      </Button>
      {error !== null && <Trouble error={error} />}
    </div>
  );
}

/** Who somebody is: a wallet, a contract wallet on its network (`eip155:8453:0x…`), or an e-mail address. */
function Identity({ id }: { id: string }) {
  const { settings } = useSettings();
  const [, network, address] = /^(?:(eip155:\d+):)?(0x[0-9a-fA-F]{40})$/.exec(id) ?? [];
  if (address === undefined) return <strong className="mm-stranger">{id}</strong>;
  return (
    <>
      <Hash value={address} what="your identity" />
      {network !== undefined && `, a contract on ${networkName(settings, network)}`}
    </>
  );
}

const IDS = [
  "events",
  "guests",
  "revenue",
  "payments",
  "secrets",
  "desk",
  "credentials",
  "settings",
  "connect",
] as const;

function Sections({ profile }: { profile: ProfileView }) {
  const { run } = useHost();
  const ask = useMemo(
    () => async (cursor?: string) => {
      const { events, nextCursor } = await run(() => api.events(cursor));
      return { items: events, nextCursor };
    },
    [run],
  );
  const pages = usePages<OwnEvent>(ask);
  const list = { ...pages, items: pages.items.toSorted(byInterest) };
  const [shown, show] = useTab(IDS);
  const [chosen, setChosen] = useState<string | null>(null);
  const showGuests = (event: OwnEvent) => {
    setChosen(event.id);
    show("guests");
  };
  const showSettings = () => show("settings");
  const [isLedToStuck, setIsLedToStuck] = useState(false);
  const arrived = useCallback(() => setIsLedToStuck(false), []);
  const showStuck = () => {
    setIsLedToStuck(true);
    show("payments");
  };
  const scope = profile.urlSafeId;
  const tabs: Tab[] = [
    {
      id: "events",
      name: "Events",
      keeps: true,
      content: <Events scope={scope} list={list} showGuests={showGuests} />,
    },
    { id: "guests", name: "Guests", content: <Guests list={list} chosen={chosen} choose={setChosen} /> },
    { id: "revenue", name: "Revenue", content: <Revenue events={list.items} /> },
    {
      id: "payments",
      name: "Payments",
      content: <Payments events={list.items} isLedHere={isLedToStuck} arrived={arrived} />,
    },
    // What is typed into a secret does not stay when one looks elsewhere.
    {
      id: "secrets",
      name: "Secrets",
      content: <Secrets profile={profile} showSettings={showSettings} />,
    },
    {
      id: "desk",
      name: "Desk",
      keeps: true,
      content: <Desk profile={profile} showSettings={showSettings} />,
    },
    { id: "credentials", name: "Credentials", keeps: true, content: <Credentials profile={profile} /> },
    { id: "settings", name: "Settings", keeps: true, content: <Settings profile={profile} /> },
    { id: "connect", name: "Connect", content: <Connect profile={profile} /> },
  ];
  return (
    <>
      {profile.stuckPayments > 0 && <StuckNotice count={profile.stuckPayments} show={showStuck} />}
      <Tabs tabs={tabs} shown={shown} show={show} />
    </>
  );
}

function StuckNotice({ count, show }: { count: number; show: () => void }) {
  const [wait, they] = count === 1 ? ["payment waits", "it was"] : ["payments wait", "they were"];
  return (
    <Notice kind="warn" actions={<Button onClick={show}>Decide</Button>}>
      {count} {wait} for your word: nobody else can say any more whether {they} paid.
    </Notice>
  );
}

/** What is on sale comes first, the next one at the top; then what is over, the newest first. */
function byInterest(a: OwnEvent, b: OwnEvent): number {
  const [isOnA, isOnB] = [a.status === "scheduled", b.status === "scheduled"];
  if (isOnA !== isOnB) return isOnA ? -1 : 1;
  const later = Date.parse(a.startsAt) - Date.parse(b.startsAt);
  return isOnA ? later : -later;
}

function Settings({ profile }: { profile: ProfileView }) {
  return (
    <>
      <Doors profile={profile} />
      <Payout profile={profile} />
      <Limits profile={profile} />
      <Prices scope={profile.urlSafeId} />
    </>
  );
}
