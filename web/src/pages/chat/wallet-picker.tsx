import { useState } from "react";
import { request, wordsOf } from "../../api/http";
import { useSettings } from "../../api/settings";
import type { FaucetAnswer, Kind } from "../../api/types";
import { Button, Notice, Spinner } from "../../parts";
import { hold, payWith, useSession } from "../../session";
import { connectProvider, testWallet, useFoundWallets, type BrowserWallet } from "../../wallet";

/** What to pay with: a wallet of the browser, a test key, or one that the deployment keeps. */
export function WalletPicker({ onChosen }: { onChosen?: () => void }) {
  const { settings, error: settingsError, retry } = useSettings();
  const found = useFoundWallets();
  const isSignedIn = useSession((state) => state.userId !== null);
  const isOpen = useSession((state) => state.link === "open");
  const [busy, setBusy] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const choose = async (name: string, action: () => Promise<{ kind: Kind; address?: string }>) => {
    setBusy(name);
    setError(null);
    try {
      const { kind, address } = await action();
      if (!payWith(kind, address)) throw new Error("The server cannot be reached. Try again in a moment.");
      onChosen?.();
    } catch (reason) {
      setError(wordsOf(reason));
    } finally {
      setBusy(null);
    }
  };
  const browser = (name: string, open: () => Promise<BrowserWallet>) =>
    choose(name, async () => {
      const wallet = await open();
      hold(wallet);
      return { kind: "browser", address: wallet.address };
    });
  const isKeptHere = settings !== null && (settings.local || isSignedIn);
  const props = { busy, disabled: !isOpen };
  return (
    <div className="stack">
      <ul className="choices">
        {found.map((wallet) => (
          <WalletChoice
            {...props}
            key={wallet.id}
            name={wallet.name}
            icon={wallet.icon}
            about="A wallet of this browser. It asks you for each signature."
            onChoose={() => void browser(wallet.name, () => connectProvider(wallet))}
          />
        ))}
        {settings?.local && (
          <WalletChoice
            {...props}
            name="Test key"
            about="A key kept in this browser, for this machine's own chain only."
            onChoose={() => void browser("Test key", testWallet)}
          />
        )}
        {settings?.smartWallets && isKeptHere && (
          <WalletChoice
            {...props}
            name="Smart wallet"
            about="A contract wallet that this deployment keeps for you. It comes to the chain with its first payment."
            onChoose={() => void choose("Smart wallet", () => Promise.resolve({ kind: "smart" }))}
          />
        )}
        {settings?.crossmint && isKeptHere && (
          <WalletChoice
            {...props}
            name="Crossmint wallet"
            about="A wallet that Crossmint keeps for you."
            onChoose={() => void choose("Crossmint wallet", () => Promise.resolve({ kind: "crossmint" }))}
          />
        )}
      </ul>
      {settings === null && settingsError === null && <Spinner label="Looking for wallets…" />}
      {settingsError !== null && (
        <Notice
          kind="error"
          actions={
            <Button size="small" onClick={retry}>
              Try again
            </Button>
          }
        >
          What this deployment offers cannot be read: {settingsError}
        </Notice>
      )}
      {settings !== null && found.length === 0 && !settings.local && (
        <Notice>This browser has no wallet. Install one as an extension, then load this page again.</Notice>
      )}
      {settings !== null && !isKeptHere && (settings.smartWallets || settings.crossmint) && (
        <p className="small quiet">Sign in under “My MCP” to pay with a wallet that is kept for you.</p>
      )}
      {error !== null && <Notice kind="error">{error}</Notice>}
    </div>
  );
}

/** Money for nothing, on the local chain. */
export function FaucetButton() {
  const { settings } = useSettings();
  const wallet = useSession((state) => state.wallet);
  const [state, setState] = useState<{ busy: boolean; said: string; isError: boolean }>({
    busy: false,
    said: "",
    isError: false,
  });
  if (!settings?.faucet || wallet === null) return null;
  const { kind, guestAddress: address } = wallet;
  const fill = async () => {
    setState({ busy: true, said: "", isError: false });
    try {
      await request<FaucetAnswer>("POST", "/api/local/faucet", { address });
      // Choosing the same wallet again makes the agent look at its balance.
      payWith(kind, kind === "browser" ? address : undefined);
      setState({ busy: false, said: "Test USDC has come.", isError: false });
    } catch (reason) {
      setState({ busy: false, said: wordsOf(reason), isError: true });
    }
  };
  return (
    <div className="stack-tight">
      <Button size="small" busy={state.busy} onClick={() => void fill()}>
        Get test USDC
      </Button>
      {/* Always there, so that what is said in it is heard. */}
      <p role="status" className={state.isError ? "field-error" : "small quiet"}>
        {state.said}
      </p>
    </div>
  );
}

type ChoiceProps = {
  name: string;
  about: string;
  icon?: string | undefined;
  busy: string | null;
  disabled: boolean;
  onChoose: () => void;
};

function WalletChoice({ name, about, icon, busy, disabled, onChoose }: ChoiceProps) {
  const isBusy = busy === name;
  return (
    <li>
      <button
        type="button"
        className="choice"
        disabled={disabled}
        aria-busy={isBusy || undefined}
        onClick={() => busy === null && onChoose()}
      >
        {isBusy ? <Spinner /> : <WalletPicture icon={icon} />}
        <span className="choice-text">
          <strong>{name}</strong>
          <span className="small quiet">{isBusy ? "Waiting for the wallet…" : about}</span>
        </span>
      </button>
    </li>
  );
}

function WalletPicture({ icon }: { icon: string | undefined }) {
  if (icon !== undefined) return <img src={icon} alt="" width={28} height={28} />;
  return (
    <svg className="choice-icon" viewBox="0 0 24 24" aria-hidden="true">
      <path
        d="M4 7a2 2 0 0 1 2-2h11v3h1a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2z"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.600"
      />
      <circle cx="16" cy="14" r="1.400" fill="currentColor" />
    </svg>
  );
}
