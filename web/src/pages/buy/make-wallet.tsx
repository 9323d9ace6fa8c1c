// A wallet that the deployment keeps for a guest who has none. Its owner signs in first, so that nobody else can use it.
import { Suspense, lazy, useState } from "react";
import { useSettings } from "../../api/settings";
import { Face, Icon, Spinner } from "../../parts";
import { signedIn, useSession } from "../../session";
import "../../style/host.css";

const EmailSignIn = lazy(() =>
  import("../host/access/email-sign-in").then(({ EmailSignIn: View }) => ({ default: View })),
);

/** Whether somebody who is not signed in can have a wallet by signing in. */
export function useMayMake(): boolean {
  const { settings } = useSettings();
  const isSignedIn = useSession((state) => state.userId !== null);
  if (settings === null || settings.local || isSignedIn) return false;
  return (settings.smartWallets || settings.crossmint) && settings.emailSignIn;
}

export function MakeWallet() {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <div className="wallet-make">
      <button type="button" className="wallet-row" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        <Face seed="new wallet" />
        <span className="wallet-text">
          <span className="wallet-name">Make one for me</span>
          <span className="second">Kept by this site, opened with your e-mail address</span>
        </span>
        <Icon name={isOpen ? "down" : "forward"} />
      </button>
      {isOpen && (
        <div className="wallet-sign-in">
          <Suspense fallback={<Spinner label="One moment…" />}>
            <EmailSignIn
              isLocal={false}
              done={(user) => {
                signedIn(user.userId);
                return Promise.resolve();
              }}
            />
          </Suspense>
        </div>
      )}
    </div>
  );
}
