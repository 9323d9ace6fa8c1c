// The wallet that pays, and those that are kept for this user: what that means, and how the money leaves them.
import { useEffect, useState } from "react";
import { networkName } from "../../api/networks";
import { useSettings } from "../../api/settings";
import { Button, Card, Empty, Hash, linkProps, Money, Notice, Spinner } from "../../parts";
import { showCustody, useBalance, useSession } from "../../session";
import "../../style/host.css";
import "../../style/wallet.css";
import { KeptWallet } from "./kept-wallet";
import { Sent } from "./sent";

/** How long the deployment has for reading the wallets that it keeps. */
const LIMIT_MILLIS = 25_000;

export default function WalletPage() {
  const custody = useSession((state) => state.custody);
  const wallet = useSession((state) => state.wallet);
  const isOpen = useSession((state) => state.link === "open" && state.session !== null);
  // Asked again after a payment and after each end of a withdrawal: the sums have changed.
  const ended = useSession(({ withdrawals, payments }) =>
    [...withdrawals, ...payments].map(({ id, state }) => `${id} ${state}`).join(),
  );
  const paying = wallet?.guestAddress;
  useEffect(() => {
    if (isOpen) showCustody();
  }, [isOpen, ended, paying]);
  return (
    <div className="page wallet-page">
      <div className="page-head">
        <div>
          <h1>Wallet</h1>
          <p className="quiet">Who keeps your money here, and how you take it with you.</p>
        </div>
        <Button size="small" onClick={() => showCustody()} disabled={!isOpen}>
          Look again
        </Button>
      </div>
      {custody === null && <Looking />}
      {wallet?.kind === "browser" && <OwnWallet />}
      {custody?.wallets.map((kept) => (
        <KeptWallet
          key={kept.address}
          kept={kept}
          custody={custody}
          isPaying={wallet?.guestAddress === kept.address}
        />
      ))}
      {custody !== null && custody.wallets.length === 0 && wallet?.kind !== "browser" && (
        <Empty title="No wallet is chosen yet">
          <p>Nothing is kept for you here.</p>
          <a className="button button-primary" {...linkProps("/")}>
            Choose a wallet in the chat
          </a>
        </Empty>
      )}
      <Sent />
    </div>
  );
}

/** The wallets that are kept are being read: until they are there, or nobody has answered in time. */
function Looking() {
  const isAway = useSession((state) => state.link === "away");
  const [isLate, setIsLate] = useState(false);
  useEffect(() => {
    if (isLate || isAway) return;
    const timer = setTimeout(() => setIsLate(true), LIMIT_MILLIS);
    return () => clearTimeout(timer);
  }, [isLate, isAway]);
  // That the connection is lost is said above.
  if (isAway) return null;
  if (!isLate) return <Spinner label="Looking at your wallets…" />;
  const again = () => {
    showCustody();
    setIsLate(false);
  };
  return (
    <Notice kind="warn" actions={<Button onClick={again}>Try again</Button>}>
      What is kept for you cannot be read now. No money moved.
    </Notice>
  );
}

/** A wallet of the browser: this site can do nothing with it. */
function OwnWallet() {
  const wallet = useSession((state) => state.wallet);
  const { balance, isReading, again } = useBalance();
  const { settings } = useSettings();
  if (wallet === null) return null;
  return (
    <Card title="Your own wallet" aside={<span className="small quiet">Pays now</span>}>
      {balance !== null ? (
        <p className="wallet-sum">
          <Money dollars={balance} />
        </p>
      ) : isReading ? (
        <Spinner label="Reading the balance…" />
      ) : (
        <Notice kind="warn" actions={<Button onClick={again}>Try again</Button>}>
          The balance cannot be read now.
        </Notice>
      )}
      <p className="second">
        <Hash value={wallet.guestAddress} what="wallet address" /> on {networkName(settings, wallet.network)}
      </p>
      <p>
        You keep its key. This site asks the wallet to sign each payment, and cannot move money without that.
      </p>
    </Card>
  );
}
