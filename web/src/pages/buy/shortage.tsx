// A wallet with too little money: how much is missing, and how to get it there.
import { useEffect, useState } from "react";
import { messageOf, request } from "../../api/http";
import { useSettings } from "../../api/settings";
import type { FaucetAnswer } from "../../api/types";
import { Button, CopyButton, Icon, Notice, QrCode, moneyText } from "../../parts";
import { inTime } from "../../purchase/offers";
import { useSession } from "../../session";
import type { Wallets } from "./wallets";

const LOOK_MILLIS = 4_000;
/** So long the balance is read again by itself. */
const WATCH_MILLIS = 10 * 60_000;
/** Gives test USDC on public test networks. Opened by a click only. */
const CIRCLE_FAUCET = "https://faucet.circle.com/";

/** `missing` in dollars. */
export function Shortage({ wallets, missing }: { wallets: Wallets; missing: string }) {
  const { settings } = useSettings();
  const wallet = useSession((state) => state.wallet);
  const isWatching = useWatch(wallets.look);
  const address = wallet?.guestAddress ?? "";
  const network = settings?.networks.find((one) => one.network === wallet?.network)?.name ?? "Base";
  return (
    <div className="stack">
      <section className="add-money" aria-labelledby="add-money">
        <h3 id="add-money">Add USDC to this wallet</h3>
        <p>
          Send {moneyText(missing)} or more, on the <strong>{network}</strong> network only.
        </p>
        <div className="add-address">
          <QrCode text={address} label="The address of the wallet as a QR code" />
          <div className="stack-tight">
            <code className="hash-full">{address}</code>
            <span>
              <CopyButton text={address} label="Copy address" />
            </span>
          </div>
        </div>
      </section>
      <TestMoney wallets={wallets} address={address} />
      {!isWatching.now && (
        <Notice
          actions={
            <Button size="small" onClick={isWatching.again}>
              Look again
            </Button>
          }
        >
          Nothing has arrived yet.
        </Notice>
      )}
    </div>
  );
}

/** Looks at the balance again and again, for a limited time. */
function useWatch(look: () => void): { now: boolean; again: () => void } {
  const [end, setEnd] = useState(() => Date.now() + WATCH_MILLIS);
  const [isOn, setIsOn] = useState(true);
  useEffect(() => {
    if (!isOn) return;
    const timer = setInterval(() => {
      if (Date.now() > end) setIsOn(false);
      else if (document.visibilityState === "visible") look();
    }, LOOK_MILLIS);
    return () => clearInterval(timer);
  }, [isOn, end, look]);
  const again = () => {
    look();
    setEnd(Date.now() + WATCH_MILLIS);
    setIsOn(true);
  };
  return { now: isOn, again };
}

function TestMoney({ wallets, address }: { wallets: Wallets; address: string }) {
  const { settings } = useSettings();
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const isTest = settings?.networks[0]?.isTestnet === true;
  if (settings === null || !isTest) {
    return (
      <p className="second">USDC is sold by exchanges and by most wallets. Choose the network above there.</p>
    );
  }
  const fill = async () => {
    setIsBusy(true);
    setError(null);
    try {
      await inTime(request<FaucetAnswer>("POST", "/api/local/faucet", { address }), 20_000);
      wallets.look();
    } catch (reason) {
      setError(messageOf(reason));
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <div className="stack-tight">
      <div className="test-money">
        <span className="icon-tile">
          <Icon name="bolt" />
        </span>
        <p className="wallet-text">
          <span className="wallet-name">This is a test network</span>
          <span className="second">Test USDC is free. It buys nothing elsewhere.</span>
        </p>
        {settings.faucet ? (
          <Button kind="tint" busy={isBusy} onClick={() => void fill()}>
            Get test USDC
          </Button>
        ) : (
          <a className="button button-tint" href={CIRCLE_FAUCET} target="_blank" rel="noreferrer noopener">
            Get test USDC
          </a>
        )}
      </div>
      {error !== null && <Notice kind="error">{error}</Notice>}
    </div>
  );
}
