// Three paths, without a library: links are real, and a click on one changes the address only.
import { useSyncExternalStore, type MouseEvent } from "react";

export type Path = "/" | "/transactions" | "/my-mcp";

/** The path that is shown. Whatever else the server gives this page for is the chat. */
export function usePath(): Path {
  return useSyncExternalStore(subscribe, current);
}

/** Shows another page without loading it anew. */
export function navigate(path: string): void {
  if (path === location.pathname + location.search) return;
  history.pushState(null, "", path);
  for (const listener of listeners) listener();
  window.scrollTo(0, 0);
}

/** What makes a real link one that stays in the page; clicks for a new tab are the browser's. */
export function linkProps(path: string) {
  return {
    href: path,
    onClick: (event: MouseEvent<HTMLAnchorElement>) => {
      const isOurs =
        event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
      if (!isOurs || event.defaultPrevented) return;
      event.preventDefault();
      navigate(path);
    },
  };
}

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

function current(): Path {
  const path = location.pathname.replace(/\.html$/, "").replace(/(?<=.)\/$/, "");
  return path === "/transactions" || path === "/my-mcp" ? path : "/";
}
