import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { startSession } from "./session";
import "./style/tokens.css";
import "./style/base.css";
import "./style/parts.css";
import "./style/shell.css";

// A new version of the page takes the old one's parts away; whoever has the old one open gets the new one, at
// most once in a minute, so that a part which is missing for good does not load the page for ever.
const RELOADED = "events-concierge.reloaded";
addEventListener("vite:preloadError", (event) => {
  const last = Number(sessionStorage.getItem(RELOADED) ?? 0);
  if (Date.now() - last < 60_000) return;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  event.preventDefault();
  location.reload();
});

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no #root");
startSession();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
