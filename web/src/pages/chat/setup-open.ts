// Which part of the setup is open. Errors in the chat lead there, too.
import { Observable, useObservable } from "../../base/observable";

export type SetupPart = "server" | "wallet" | "limits";

const open = new Observable<SetupPart | null>(null);

export function useOpenPart(): SetupPart | null {
  return useObservable(open);
}

export function openPart(part: SetupPart | null): void {
  open.set(part);
}
