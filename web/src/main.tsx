import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { startSession } from "./session";
import "./style/tokens.css";
import "./style/base.css";
import "./style/parts.css";
import "./style/shell.css";

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no #root");
startSession();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
