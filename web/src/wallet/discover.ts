// Wallets of the browser, as EIP-6963 lets them announce themselves.
import { useSyncExternalStore } from "react";

/** What a wallet puts into the page (EIP-1193). */
export type Provider = { request: (call: { method: string; params?: unknown[] }) => Promise<unknown> };
export type FoundWallet = { id: string; name: string; icon: string | undefined; provider: Provider };

/** The wallets that this browser has; more may come while the page is open. */
export function useFoundWallets(): readonly FoundWallet[] {
  return useSyncExternalStore(subscribe, () => found);
}

/** The same outside of a component. */
export function foundWallets(): readonly FoundWallet[] {
  listen();
  return found;
}

const listeners = new Set<() => void>();
let found: readonly FoundWallet[] = [];
let isListening = false;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  listen();
  return () => listeners.delete(listener);
}

function listen(): void {
  if (isListening) return;
  isListening = true;
  window.addEventListener("eip6963:announceProvider", (event) => {
    const wallet = announced(event);
    if (wallet === null || found.some(({ id }) => id === wallet.id)) return;
    found = [...found, wallet];
    for (const listener of listeners) listener();
  });
  window.dispatchEvent(new Event("eip6963:requestProvider"));
}

// An extension may announce whatever it likes, so every part is looked at.
function announced(event: Event): FoundWallet | null {
  const detail: unknown = "detail" in event ? event.detail : null;
  if (!isObject(detail) || !isObject(detail["info"]) || !isProvider(detail["provider"])) return null;
  const { uuid, name, icon } = detail["info"];
  if (typeof uuid !== "string" || typeof name !== "string") return null;
  const isPicture = typeof icon === "string" && icon.startsWith("data:image/");
  return {
    id: uuid,
    name: name.slice(0, 60),
    icon: isPicture ? icon : undefined,
    provider: detail["provider"],
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isProvider(value: unknown): value is Provider {
  return isObject(value) && typeof value["request"] === "function";
}
