// A few paths without a library: links are real, and a click only changes the address.
import type { MouseEvent } from "react";
import { Observable, useObservable } from "../base/observable";

const PATHS = ["/tickets", "/transactions", "/wallet", "/my-mcp"] as const;

/** `/buy` stands for every `/buy/{scope}/{event}`, `/give` for every `/give/{event}/{ticket}`. */
export type Path = "/" | "/buy" | "/give" | (typeof PATHS)[number];

/** The current path. Every other path that the Worker serves this page for is the chat. */
export function usePath(): Path {
  return useObservable(path);
}

/** Shows another page without a load. */
export function navigate(to: string): void {
  const isSamePage = to === location.pathname + location.search;
  if (isSamePage && location.hash === "") return;
  history.pushState(null, "", to);
  path.set(current());
  // A page with sections has its first one at the address without a fragment, and the browser says nothing of such a step.
  if (isSamePage) dispatchEvent(new HashChangeEvent("hashchange"));
  window.scrollTo(0, 0);
}

/** The props of a link that stays in the page. Clicks that open a new tab are left to the browser. */
export function linkProps(to: string) {
  return {
    href: to,
    onClick: (event: MouseEvent<HTMLAnchorElement>) => {
      const isPlain =
        event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
      if (!isPlain || event.defaultPrevented) return;
      event.preventDefault();
      navigate(to);
    },
  };
}

const path = new Observable(current(), () => addEventListener("popstate", () => path.set(current())));

function current(): Path {
  const found = location.pathname.replace(/\.html$/, "").replace(/(?<=.)\/$/, "");
  if (found.startsWith("/buy/")) return "/buy";
  if (found.startsWith("/give/")) return "/give";
  return PATHS.find((one) => one === found) ?? "/";
}
