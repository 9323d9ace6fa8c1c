import { StrictMode, Suspense, lazy } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { watchKeyboard } from "./keyboard";
import { startSession } from "./session";
import "./style/tokens.css";
import "./style/base.css";
import "./style/parts.css";
import "./style/shell.css";
import "./style/sheet.css";

// A deployment removes the files of the version before. A page that misses one loads again, at most once a
// minute: a file that is missing for good must not cause endless loads.
const RELOADED = "events-concierge.reloaded";
addEventListener("vite:preloadError", (event) => {
  // Throws where storage is forbidden, so that the page does not load again there.
  const last = Number(sessionStorage.getItem(RELOADED) ?? 0);
  if (Date.now() - last < 60_000) return;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  event.preventDefault();
  location.reload();
});

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no #root");
// Check-in is a page of its own: full screen, and without a guest session.
const isEntrance = /^\/check-in(\.html)?$/.test(location.pathname);
const EntrancePage = lazy(() => import("./pages/entrance/page"));
if (!isEntrance) startSession();
watchKeyboard();
createRoot(root).render(
  <StrictMode>
    {isEntrance ? (
      <Suspense fallback={null}>
        <EntrancePage />
      </Suspense>
    ) : (
      <App />
    )}
  </StrictMode>,
);
