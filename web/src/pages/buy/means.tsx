// With what a purchase is paid: the chosen wallet, whether it has enough, and what is in the way.
import { toAtomic, toDollars } from "../../base/amounts";
import { Notice } from "../../parts";
import { useSession } from "../../session";
import type { Phase } from "./checkout";
import { limitInTheWay, LimitNotice } from "./limits";
import { WalletRows } from "./wallet-rows";
import type { Wallets } from "./wallets";

export type Means = {
  wallets: Wallets;
  price: bigint;
  isShort: boolean;
  /** What the wallet is short of, in dollars; null if it has enough. */
  missing: string | null;
  /** The limit that is in the way. */
  limit: string | null;
  isConnecting: boolean;
  /** Pays once the wallet is ready. */
  whenReady: (pay: () => Promise<void>) => Promise<void>;
};

const IN_FORM: readonly Phase["at"][] = ["form", "changed", "asking", "signing", "paying"];

/** Whether the form is shown: the purchase has not ended, and does not wait. */
export function isInForm(phase: Phase): boolean {
  return IN_FORM.includes(phase.at);
}

export function useMeans(wallets: Wallets, phase: Phase, price: bigint): Means {
  const lacks = wallets.balance === null ? 0n : price - (toAtomic(wallets.balance) ?? 0n);
  const isShort = phase.at === "form" && lacks > 0n;
  const limit = useSession((state) => limitInTheWay(state.policy, price));
  return {
    wallets,
    price,
    isShort,
    missing: isShort ? toDollars(lacks) : null,
    limit: phase.at === "form" ? limit : null,
    isConnecting: wallets.isConnecting,
    whenReady: (pay) => wallets.whenReady(price, pay),
  };
}

/** Why nothing goes on, above the form. */
export function FormNotices({ phase }: { phase: Phase }) {
  const isAway = useSession((state) => state.link === "away");
  return (
    <>
      {isAway && (
        <Notice kind="error">The connection was lost. Reconnecting… Nothing is paid meanwhile.</Notice>
      )}
      {phase.at === "form" && phase.late !== null && <Notice kind="error">{phase.late}</Notice>}
    </>
  );
}

/** The wallets to choose from, and what is wrong with the chosen one. */
export function PayWith({ means, phase }: { means: Means; phase: Phase }) {
  const { wallets, price, missing, limit } = means;
  return (
    <>
      <WalletRows
        wallets={wallets}
        price={price}
        onlyChosen={missing !== null}
        disabled={phase.at !== "form"}
      />
      {wallets.error !== null && <Notice kind="error">{wallets.error}</Notice>}
      {limit !== null && <LimitNotice limit={limit} />}
    </>
  );
}
