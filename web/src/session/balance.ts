// What the wallet that pays holds: a session that goes on after a reload is not told by itself.
import { useEffect } from "react";
import { readBalance, useSession } from "./store";

export type Reading = {
  /** Dollars; null while it is not known. */
  balance: string | null;
  isReading: boolean;
  /** Reads it again. */
  again: () => void;
};

/** The balance of the wallet that pays. It is read once a session if nobody knows it. */
export function useBalance(): Reading {
  const balance = useSession((state) => state.wallet?.balance ?? null);
  // Choosing a wallet of Crossmint asks Crossmint, which is more than a look.
  const mayRead = useSession(({ wallet }) => wallet !== null && wallet.kind !== "crossmint");
  const read = useSession((state) => state.balanceRead);
  const isAway = useSession((state) => state.link === "away");
  const isReady = useSession((state) => state.link === "open" && !state.isResuming);
  const isWanted = isReady && mayRead && balance === null && read === "never";
  useEffect(() => {
    if (isWanted) readBalance();
  }, [isWanted]);
  const isReading = balance === null && mayRead && !isAway && read !== "done";
  return { balance, isReading, again: readBalance };
}
