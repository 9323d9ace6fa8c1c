// The frame around every page: name, navigation, whether the server is there.
import { Suspense, lazy, useEffect, useRef, useState } from "react";
import { useSettings } from "./api/settings";
import { Button, linkProps, Notice, Spinner, usePath, type Path } from "./parts";
import ChatPage from "./pages/chat/page";
import { useSession } from "./session";

// Guests need none of these at first.
const MyMcpPage = lazy(() => import("./pages/host"));
const TransactionsPage = lazy(() => import("./pages/transactions/page"));
const DevPanel = lazy(() => import("./pages/dev-panel/panel"));

const PAGES: readonly { path: Path; name: string }[] = [
  { path: "/", name: "Chat" },
  { path: "/transactions", name: "Transactions" },
  { path: "/my-mcp", name: "My MCP" },
];

export function App() {
  const path = usePath();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    const name = PAGES.find((page) => page.path === path)?.name ?? "Chat";
    document.title = `${name} · Events Concierge`;
    // After a click on a link the focus is where the new page begins, as after a load.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [path]);
  const [hasPanel, setHasPanel] = useState(wantsPanel);
  const togglePanel = () => {
    keepPanel(!hasPanel);
    setHasPanel(!hasPanel);
  };
  return (
    <div className={path === "/" ? "shell shell-fixed" : "shell"}>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <header className="top">
        <a className="brand" {...linkProps("/")}>
          <Logo />
          <span className="brand-name">Events Concierge</span>
        </a>
        <nav className="pages" aria-label="Pages">
          <ul className="nav">
            {PAGES.map((page) => (
              <li key={page.path}>
                <a {...linkProps(page.path)} aria-current={page.path === path ? "page" : undefined}>
                  {page.name}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div className="top-end">
          <LinkState />
          <Button size="small" onClick={togglePanel} pressed={hasPanel} label="Developer panel">
            {"</>"} Panel
          </Button>
        </div>
      </header>
      <Away />
      <div className={hasPanel ? "body body-with-panel" : "body"}>
        <main id="main" className="main" tabIndex={-1} ref={main}>
          <Suspense fallback={<Loading />}>
            {path === "/" && <ChatPage />}
            {path === "/transactions" && <TransactionsPage />}
            {path === "/my-mcp" && <MyMcpPage />}
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

const LINK = { connecting: "Connecting…", open: "Connected", away: "Not connected" };

function LinkState() {
  const link = useSession((state) => state.link);
  return (
    <span className={`link-state link-state-${link}`} role="status">
      {LINK[link]}
    </span>
  );
}

function Away() {
  const isAway = useSession((state) => state.link === "away");
  const { error, isMisconfigured, retry } = useSettings();
  // The server is there and refuses everything: it says itself what the operator has to do.
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
        The server cannot be reached. Trying again… What you have written stays, and payments are looked
        after.
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

const PANEL = "events-concierge.panel";

function wantsPanel(): boolean {
  try {
    return localStorage.getItem(PANEL) === "open";
  } catch {
    return false;
  }
}

function keepPanel(isOpen: boolean): void {
  try {
    localStorage.setItem(PANEL, isOpen ? "open" : "closed");
  } catch {
    // Then it is closed again after the next load.
  }
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
