// Sign-in with a browser wallet, by e-mail, or on the local chain with a test key.
import { useState } from "react";
import { useSettings } from "../../../api/settings";
import type { SessionAnswer } from "../../../api/types";
import { Button, Notice, Spinner } from "../../../parts";
import { connectProvider, testWallet, useFoundWallets, type BrowserWallet } from "../../../wallet";
import { Trouble } from "../shared/trouble";
import { useAction } from "../shared/use-action";
import { EmailSignIn } from "./email-sign-in";
import { signInWith } from "./siwe";

/** All ways to sign in; `done` gets the signed-in user. */
export function SignIn({ done }: { done: (user: SessionAnswer) => Promise<void> }) {
  const { settings, error: settingsError, retry } = useSettings();
  const wallets = useFoundWallets();
  const chainId = settings?.networks[0]?.chainId;
  const { signingWith, step, error, start } = useWalletSignIn(chainId, done);
  if (settingsError !== null) return <Trouble error={new Error(settingsError)} retry={retry} />;
  if (settings === null) return <Spinner label="Loading the ways to sign in…" />;
  return (
    <div className="stack">
      <div className="row">
        {wallets.map((wallet) => (
          <Button
            key={wallet.id}
            kind="primary"
            busy={signingWith === wallet.id}
            onClick={() => start(wallet.id, () => connectProvider(wallet))}
          >
            {wallet.icon && <img className="host-wallet-icon" src={wallet.icon} alt="" />}
            Sign in with {wallet.name}
          </Button>
        ))}
        {settings.local && (
          <Button
            kind={wallets.length === 0 ? "primary" : "plain"}
            busy={signingWith === TEST_KEY}
            onClick={() => start(TEST_KEY, testWallet)}
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
          The test key is made and kept in this browser. It is only for the chain on your own machine, where
          money has no value.
        </p>
      )}
      {settings.emailSignIn && (
        <>
          <p className="host-or">or with a code by e-mail</p>
          <EmailSignIn isLocal={settings.local} done={done} />
        </>
      )}
    </div>
  );
}

const TEST_KEY = "test key";

function useWalletSignIn(chainId: number | undefined, done: (user: SessionAnswer) => Promise<void>) {
  const [signingWith, setSigningWith] = useState<string | null>(null);
  const [step, setStep] = useState("");
  const { error, run } = useAction();
  const signIn = async (id: string, open: () => Promise<BrowserWallet>) => {
    if (signingWith !== null || chainId === undefined) return;
    setSigningWith(id);
    setStep("Requesting the address of the wallet…");
    await run(async () => done(await signInWith(await open(), chainId, setStep)));
    setSigningWith(null);
    setStep("");
  };
  const start = (id: string, open: () => Promise<BrowserWallet>) => void signIn(id, open);
  return { signingWith, step, error, start };
}
