import { useSyncExternalStore } from "react";
import { ApiError, request, wordsOf } from "./http";
import type { NetworkView, PageSettings } from "./types";

export type Settings = {
  settings: PageSettings | null;
  error: string | null;
  /** Whether the error is about the settings of the deployment, so that nothing works until they are mended. */
  isMisconfigured: boolean;
  retry: () => void;
};

/** What this deployment can do. Asked for once; `retry` asks again after an error. */
export function useSettings(): Settings {
  return useSyncExternalStore(subscribe, () => state);
}

/** What a network is called: "Base Sepolia". */
export function networkName(settings: PageSettings | null, network: string): string {
  const name = networkOf(settings, network)?.name ?? network;
  // It has the number of the public one, and is another chain.
  return settings?.local ? `${name}, on this machine` : name;
}

/** Where people can look at a transaction. */
export function transactionLink(
  settings: PageSettings | null,
  network: string,
  hash: string,
): string | undefined {
  const explorer = networkOf(settings, network)?.explorer;
  return explorer ? `${explorer.replace(/\/$/, "")}/tx/${encodeURIComponent(hash)}` : undefined;
}

function networkOf(settings: PageSettings | null, network: string): NetworkView | undefined {
  return settings?.networks.find((known) => known.network === network);
}

const listeners = new Set<() => void>();
let isAsked = false;
let state: Settings = { settings: null, error: null, isMisconfigured: false, retry };

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (!isAsked) ask();
  return () => listeners.delete(listener);
}

function retry(): void {
  set({ ...state, error: null, isMisconfigured: false });
  ask();
}

function ask(): void {
  isAsked = true;
  request<PageSettings>("GET", "/api/settings").then(
    (settings) => set({ settings, error: null, isMisconfigured: false, retry }),
    (error: unknown) => {
      const isMisconfigured = error instanceof ApiError && error.code === "misconfigured";
      set({ settings: null, error: wordsOf(error), isMisconfigured, retry });
    },
  );
}

function set(next: Settings): void {
  state = next;
  for (const listener of listeners) listener();
}
