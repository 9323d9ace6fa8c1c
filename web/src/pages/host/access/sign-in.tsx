// Signing in with a wallet of the browser, by e-mail, or on one's own machine with a test key.
import { useState } from "react";
import { useSettings } from "../../../api/settings";
import type { SessionAnswer } from "../../../api/types";
import { Button, Notice, Spinner } from "../../../parts";
import { connectProvider, testWallet, useFoundWallets, type BrowserWallet } from "../../../wallet";
import { EmailSignIn } from "./email-sign-in";
import { signInWith } from "./siwe";
import { Loading, Trouble } from "../shared/trouble";

/** What there is to sign in with; `done` hears who it was, and may take its time. */
export function SignIn({ done }: { done: (who: SessionAnswer) => Promise<void> }) {
  const { settings, error: noSettings, retry } = useSettings();
  const wallets = useFoundWallets();
  const chainId = settings?.networks[0]?.chainId;
  const { busy, step, error, start } = useSignIn(chainId, done);
  if (noSettings !== null) return <Trouble error={new Error(noSettings)} retry={retry} />;
  if (settings === null) return <Loading what="Asking what this server can do…" />;
  return (
    <div className="stack">
      <div className="row">
        {wallets.map((wallet) => (
          <Button
            key={wallet.id}
            kind="primary"
            busy={busy === wallet.id}
            onClick={() => start(wallet.id, () => connectProvider(wallet))}
          >
            {wallet.icon && <img className="mm-wallet-icon" src={wallet.icon} alt="" />}
            Sign in with {wallet.name}
          </Button>
        ))}
        {settings.local && (
          <Button
            kind={wallets.length === 0 ? "primary" : "plain"}
            busy={busy === TEST}
            onClick={() => start(TEST, testWallet)}
          >
            Sign in with a test key
          </Button>
        )}
      </div>
      {step && <Spinner label={step} />}
      {error !== null && <Trouble error={error} />}
      {wallets.length === 0 && !settings.local && (
        <Notice kind={settings.emailSignIn ? "info" : "warn"}>
          This browser has no Ethereum wallet. Install one (an extension such as MetaMask or Rabby, or a
          browser with a wallet of its own), then load this page again
          {settings.emailSignIn ? "; or sign in by e-mail." : "."}
        </Notice>
      )}
      {settings.local && (
        <p className="quiet small">
          The test key is made in this browser and kept there. It is for the chain on your own machine only,
          where money is worth nothing.
        </p>
      )}
      {settings.emailSignIn && (
        <>
          <p className="mm-or">or with a code by e-mail</p>
          <EmailSignIn isLocal={settings.local} done={done} />
        </>
      )}
    </div>
  );
}

const TEST = "test key";

function useSignIn(chainId: number | undefined, done: (who: SessionAnswer) => Promise<void>) {
  const [busy, setBusy] = useState<string | null>(null);
  const [step, setStep] = useState("");
  const [error, setError] = useState<unknown>(null);
  const signIn = async (id: string, open: () => Promise<BrowserWallet>) => {
    if (busy !== null || chainId === undefined) return;
    setBusy(id);
    setError(null);
    setStep("Asking the wallet for its address…");
    try {
      await done(await signInWith(await open(), chainId, setStep));
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(null);
      setStep("");
    }
  };
  return {
    busy,
    step,
    error,
    start: (id: string, open: () => Promise<BrowserWallet>) => void signIn(id, open),
  };
}
