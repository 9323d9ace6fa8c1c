// The frame of every page: name, navigation, state of the connection.
import { Suspense, lazy, useEffect, useRef, useState, type MouseEvent } from "react";
import { useSettings } from "./api/settings";
import { readStored, writeStored } from "./base/storage";
import { Button, Icon, linkProps, Notice, Spinner, usePath, type IconName, type Path } from "./parts";
import { ChatHost } from "./pages/chat/chat-host";
import ChatPage from "./pages/chat/page";
import { useSession } from "./session";

// Loaded when they are first shown: the first view of a guest needs none of them.
const BuyPage = lazy(() => import("./pages/buy/page"));
const GivePage = lazy(() => import("./pages/give/page"));
const HostPage = lazy(() => import("./pages/host"));
const TicketsPage = lazy(() => import("./pages/tickets/page"));
const WalletPage = lazy(() => import("./pages/wallet/page"));
const TransactionsPage = lazy(() => import("./pages/transactions/page"));
const DevPanel = lazy(() => import("./pages/dev-panel/panel"));

const PANEL = "events-concierge.panel";

const PAGES: readonly { path: Path; name: string; icon: IconName }[] = [
  { path: "/tickets", name: "Tickets", icon: "ticket" },
  { path: "/", name: "Chat", icon: "chat" },
  { path: "/my-mcp", name: "Host", icon: "home" },
];

const TITLES: Record<Path, string> = {
  "/": "Chat",
  "/buy": "Get a seat",
  "/give": "Give a ticket away",
  "/tickets": "Tickets",
  "/transactions": "Payments",
  "/wallet": "Wallet",
  "/my-mcp": "Host",
};

export function App() {
  const path = usePath();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${TITLES[path]} · Events Concierge`;
    // After a click on a link the focus goes to the start of the new page, as after a load.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [path]);
  // Where the page of a host puts its navigation, and on a phone its title.
  const [side, setSide] = useState<HTMLElement | null>(null);
  const [place, setPlace] = useState<HTMLElement | null>(null);
  const [hasPanel, setHasPanel] = useState(() => readStored(PANEL) === "open");
  const togglePanel = () => {
    writeStored(PANEL, hasPanel ? "closed" : "open");
    setHasPanel(!hasPanel);
  };
  return (
    <div className={path === "/" ? "shell shell-fixed" : "shell"}>
      <a className="skip-link" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <header className="top">
        <a className="brand" {...linkProps("/")}>
          <Logo />
          <span className="brand-name">Events Concierge</span>
        </a>
        <span className="top-place" ref={setPlace} />
        {path === "/" && <ChatHost />}
        <Pages path={path} />
        <div className="top-end">
          <LinkState />
          <Button
            kind="ghost"
            icon="code"
            onClick={togglePanel}
            pressed={hasPanel}
            label="Developer panel"
            title="Developer panel"
          />
        </div>
      </header>
      <ConnectionNotice />
      <div className={hasPanel ? "body body-with-panel" : "body"}>
        <div className="side" ref={setSide} />
        <main id="main" className="main" tabIndex={-1} ref={main}>
          <Suspense fallback={<Loading />}>
            {path === "/" && <ChatPage />}
            {path === "/buy" && <BuyPage />}
            {path === "/give" && <GivePage />}
            {path === "/tickets" && <TicketsPage />}
            {path === "/transactions" && <TransactionsPage />}
            {path === "/wallet" && <WalletPage />}
            {path === "/my-mcp" && <HostPage side={side} place={place} />}
          </Suspense>
        </main>
        {hasPanel && (
          <Suspense fallback={<Loading />}>
            <DevPanel onClose={togglePanel} />
          </Suspense>
        )}
      </div>
    </div>
  );
}

/** The fragment of the address stays: it says which section is shown. */
function skip(event: MouseEvent) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function Pages({ path }: { path: Path }) {
  return (
    <nav className="pages" aria-label="Pages">
      <ul className="nav">
        {PAGES.map((page) => (
          <li key={page.path}>
            <a
              {...linkProps(page.path)}
              aria-current={page.path === path || isBelow(path, page.path) ? "page" : undefined}
            >
              <Icon name={page.icon} />
              {page.name}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** Payments and wallet are a part of the tickets. */
function isBelow(path: Path, page: Path): boolean {
  return (path === "/transactions" || path === "/wallet") && page === "/tickets";
}

const LINK = { connecting: "Connecting…", open: "Connected", away: "Not connected" };

function LinkState() {
  const link = useSession((state) => state.link);
  return (
    <span className={`link-state link-state-${link}`} role="status">
      {LINK[link]}
    </span>
  );
}

function ConnectionNotice() {
  const isAway = useSession((state) => state.link === "away");
  const { error, isMisconfigured, retry } = useSettings();
  // The deployment answers and refuses every request: its message says what the operator has to do.
  if (isMisconfigured) {
    return (
      <div className="away">
        <Notice kind="error" actions={<Button onClick={retry}>Try again</Button>}>
          {error}
        </Notice>
      </div>
    );
  }
  if (!isAway) return null;
  return (
    <div className="away">
      <Notice kind="error">
        The connection was lost. Reconnecting… What you have typed stays, and payments under way go on.
      </Notice>
    </div>
  );
}

function Loading() {
  return (
    <div className="page">
      <Spinner label="Loading…" />
    </div>
  );
}

function Logo() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#0f6b57" />
      <path
        d="M8 12a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2v2a2 2 0 0 0 0 4v2a2 2 0 0 1-2 2H10a2 2 0 0 1-2-2v-2a2 2 0 0 0 0-4z"
        fill="#fff"
      />
      <path d="M18.5 12.5v1.600M18.5 15.2v1.600M18.5 17.9v1.600" stroke="#0f6b57" strokeWidth="1.5" />
    </svg>
  );
}
