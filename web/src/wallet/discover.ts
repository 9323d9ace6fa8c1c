// Browser wallets, which announce themselves by EIP-6963.
import { isObject } from "../base/object";
import { Observable, useObservable } from "../base/observable";

/** What a wallet injects into the page (EIP-1193). */
export type Provider = { request: (call: { method: string; params?: unknown[] }) => Promise<unknown> };
export type FoundWallet = { id: string; name: string; icon: string | undefined; provider: Provider };

/** The wallets that have announced themselves; more may follow while the page is open. */
export function useFoundWallets(): readonly FoundWallet[] {
  return useObservable(found);
}

/** The same outside a component. */
export function foundWallets(): readonly FoundWallet[] {
  found.start();
  return found.value;
}

const found = new Observable<readonly FoundWallet[]>([], listen);

function listen(): void {
  window.addEventListener("eip6963:announceProvider", (event) => {
    const wallet = announced(event);
    if (wallet === null || found.value.some(({ id }) => id === wallet.id)) return;
    found.set([...found.value, wallet]);
  });
  window.dispatchEvent(new Event("eip6963:requestProvider"));
}

// Any extension may announce anything, so every part is checked.
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

function isProvider(value: unknown): value is Provider {
  return isObject(value) && typeof value["request"] === "function";
}
