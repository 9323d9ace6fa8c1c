// A question about a payment that the wallet has too little money for.
import { useEffect } from "react";
import { toAtomic, toDollars } from "../../base/amounts";
import { Hash, Notice, moneyText } from "../../parts";
import { payWith, useSession, type Question } from "../../session";
import { FaucetButton } from "./wallet-picker";

const LOOK_MILLIS = 4_000;

/** What the wallet lacks, in dollars; null if it has enough, or nobody knows. Meanwhile its balance is read again and again. */
export function useMissing({ amountUsd, network }: Question): string | null {
  const wallet = useSession((state) => state.wallet);
  const isOpen = useSession((state) => state.link === "open");
  const price = toAtomic(amountUsd);
  const balance = wallet === null || wallet.network !== network ? null : toAtomic(wallet.balance ?? "");
  const isShort = price !== null && balance !== null && balance < price;
  const kind = wallet?.kind;
  const address = wallet?.guestAddress;
  useEffect(() => {
    // Choosing the same wallet again makes the Guest read its balance. Crossmint is asked by a click only.
    if (!isShort || !isOpen || kind === undefined || kind === "crossmint") return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") payWith(kind, kind === "browser" ? address : undefined);
    }, LOOK_MILLIS);
    return () => clearInterval(timer);
  }, [isShort, isOpen, kind, address]);
  return isShort ? toDollars(price - balance) : null;
}

/** How much is missing, and how to get it there. */
export function Short({ missing }: { missing: string }) {
  const address = useSession((state) => state.wallet?.guestAddress ?? "");
  return (
    <div className="stack-tight">
      <Notice kind="warn" actions={<FaucetButton />}>
        This wallet is {moneyText(missing)} short. Nothing was charged.
      </Notice>
      <p className="second">
        Add USDC by sending it to <Hash value={address} full what="wallet address" />
      </p>
    </div>
  );
}
