import { useEffect, useState } from "react";
import { toAtomic } from "../../base/amounts";
import { useSettings } from "../../api/settings";
import { Button } from "../../parts";
import { useSession } from "../../session";
import { openPart } from "./setup-open";
import { FaucetButton } from "./wallet-picker";

const READ_MILLIS = 8_000;

/** Says that the wallet is empty, and how money gets there. */
export function EmptyWallet() {
  const { settings } = useSettings();
  const wallet = useSession((state) => state.wallet);
  const isEmpty = wallet?.balance !== undefined && wallet.balance !== null && toAtomic(wallet.balance) === 0n;
  // What was said about the money that came can be read for a while.
  const [wasEmpty, setWasEmpty] = useState(false);
  if (isEmpty && !wasEmpty) setWasEmpty(true);
  useEffect(() => {
    if (isEmpty || !wasEmpty) return;
    const timer = setTimeout(() => setWasEmpty(false), READ_MILLIS);
    return () => clearTimeout(timer);
  }, [isEmpty, wasEmpty]);
  if (!isEmpty && !wasEmpty) return null;
  return (
    <div className="empty-wallet">
      {isEmpty && <span>Your wallet is empty.</span>}
      {settings?.faucet ? (
        <FaucetButton isOffered={isEmpty} />
      ) : (
        isEmpty && (
          <Button size="small" onClick={() => openPart("wallet")}>
            Add USDC
          </Button>
        )
      )}
    </div>
  );
}
