// The frame around every page: name, navigation, whether the server is there.
import { Suspense, lazy, useEffect, useRef } from "react";
import { linkProps, Spinner, usePath, type Path } from "./parts";

// Only hosts need it, so guests do not load it.
const MyMcpPage = lazy(() => import("./pages/my-mcp/page"));

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
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
  }, [path]);
  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <header className="top">
        <a className="brand" {...linkProps("/")}>
          <Logo />
          <span className="brand-name">Events Concierge</span>
        </a>
        <nav aria-label="Pages">
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
      </header>
      <main id="main" className="main" tabIndex={-1} ref={main}>
        <Suspense fallback={<Spinner label="Loading the page…" />}>
          {path === "/my-mcp" ? <MyMcpPage /> : <h1>{path}</h1>}
        </Suspense>
      </main>
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
