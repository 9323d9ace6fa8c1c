// What this deployment offers: networks, wallets, sign-in by e-mail. Fetched once for each load.
import { Observable, useObservable } from "../base/observable";
import { ApiError, messageOf, request } from "./http";
import type { PageSettings } from "./types";

export type Settings = {
  settings: PageSettings | null;
  error: string | null;
  /** The deployment lacks settings and refuses every request; `error` says what the operator has to do. */
  isMisconfigured: boolean;
  /** Fetches again after an error. */
  retry: () => void;
};

/** The settings; the first use fetches them. */
export function useSettings(): Settings {
  return useObservable(state);
}

const NONE: Settings = { settings: null, error: null, isMisconfigured: false, retry };
const state = new Observable<Settings>(NONE, fetchSettings);

function retry(): void {
  state.set({ ...state.value, error: null, isMisconfigured: false });
  fetchSettings();
}

function fetchSettings(): void {
  request<PageSettings>("GET", "/api/settings").then(
    (settings) => state.set({ ...NONE, settings }),
    (error: unknown) => {
      const isMisconfigured = error instanceof ApiError && error.code === "misconfigured";
      state.set({ ...NONE, error: messageOf(error), isMisconfigured });
    },
  );
}
