import { useState } from "react";
import { messageOf, request } from "../../api/http";
import { useSettings } from "../../api/settings";
import type { FaucetAnswer, Kind, PageSettings } from "../../api/types";
import { Button, Notice, Spinner } from "../../parts";
import { payWith, setSigner, useSession } from "../../session";
import {
  connectProvider,
  testWallet,
  useFoundWallets,
  type BrowserWallet,
  type FoundWallet,
} from "../../wallet";

type Choose = (name: string, action: () => Promise<{ kind: Kind; address?: string }>) => Promise<void>;

/** The wallets to pay with: browser wallets, a test key, and wallets that the deployment manages. */
export function WalletPicker({ onChosen }: { onChosen?: () => void }) {
  const { settings, error: settingsError, retry } = useSettings();
  const found = useFoundWallets();
  const isSignedIn = useSession((state) => state.userId !== null);
  const { busy, error, choose } = useChoose(onChosen);
  const mayBeManaged = settings !== null && (settings.local || isSignedIn);
  return (
    <div className="stack">
      <ul className="choices">
        <BrowserWallets found={found} hasTestKey={settings?.local ?? false} busy={busy} choose={choose} />
        {mayBeManaged && <ManagedWallets settings={settings} busy={busy} choose={choose} />}
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
          The wallets of this deployment could not be loaded. {settingsError}
        </Notice>
      )}
      {settings !== null && found.length === 0 && !settings.local && (
        <Notice>This browser has no wallet. Install one as an extension, then load this page again.</Notice>
      )}
      {settings !== null && !mayBeManaged && (settings.smartWallets || settings.crossmint) && (
        <p className="small quiet">Sign in under “Host” to pay with a wallet that is managed for you.</p>
      )}
      {error !== null && <Notice kind="error">{error}</Notice>}
    </div>
  );
}

function useChoose(onChosen: (() => void) | undefined) {
  const [busy, setBusy] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const choose: Choose = async (name, action) => {
    setBusy(name);
    setError(null);
    try {
      const { kind, address } = await action();
      if (!payWith(kind, address)) throw new Error("The connection was lost. Try again in a moment.");
      onChosen?.();
    } catch (reason) {
      setError(messageOf(reason));
    } finally {
      setBusy(null);
    }
  };
  return { busy, error, choose };
}

type ListProps = { busy: string | null; choose: Choose };

function BrowserWallets({
  found,
  hasTestKey,
  busy,
  choose,
}: ListProps & { found: readonly FoundWallet[]; hasTestKey: boolean }) {
  const pick = (name: string, open: () => Promise<BrowserWallet>) =>
    void choose(name, async () => {
      const wallet = await open();
      setSigner(wallet);
      return { kind: "browser", address: wallet.address };
    });
  return (
    <>
      {found.map((wallet) => (
        <WalletChoice
          key={wallet.id}
          name={wallet.name}
          icon={wallet.icon}
          about="A wallet in this browser. It asks you for each signature."
          busy={busy}
          onChoose={() => pick(wallet.name, () => connectProvider(wallet))}
        />
      ))}
      {hasTestKey && (
        <WalletChoice
          name="Test key"
          about="A key in this browser, for test money on this machine."
          busy={busy}
          onChoose={() => pick("Test key", testWallet)}
        />
      )}
    </>
  );
}

function ManagedWallets({ settings, busy, choose }: ListProps & { settings: PageSettings }) {
  const pick = (name: string, kind: Kind) => void choose(name, () => Promise.resolve({ kind }));
  return (
    <>
      {settings.smartWallets && (
        <WalletChoice
          name="Smart wallet"
          about="Kept for you by this site."
          busy={busy}
          onChoose={() => pick("Smart wallet", "smart")}
        />
      )}
      {settings.crossmint && (
        <WalletChoice
          name="Crossmint wallet"
          about="Kept for you by Crossmint."
          busy={busy}
          onChoose={() => pick("Crossmint wallet", "crossmint")}
        />
      )}
    </>
  );
}

/** Mints test USDC on the local chain. What came of it is said also when the button is not offered any more. */
export function FaucetButton({ isOffered = true }: { isOffered?: boolean }) {
  const { settings } = useSettings();
  const wallet = useSession((state) => state.wallet);
  const [state, setState] = useState<{ busy: boolean; text: string; isError: boolean }>({
    busy: false,
    text: "",
    isError: false,
  });
  if (!settings?.faucet || wallet === null) return null;
  const { kind, guestAddress: address } = wallet;
  const fill = async () => {
    setState({ busy: true, text: "", isError: false });
    try {
      await request<FaucetAnswer>("POST", "/api/local/faucet", { address });
      // Choosing the same wallet again makes the Guest read its balance.
      payWith(kind, kind === "browser" ? address : undefined);
      setState({ busy: false, text: "Test USDC has come.", isError: false });
    } catch (reason) {
      setState({ busy: false, text: messageOf(reason), isError: true });
    }
  };
  return (
    <div className="faucet">
      {(isOffered || state.busy) && (
        <Button size="small" kind="tint" busy={state.busy} onClick={() => void fill()}>
          Get test USDC
        </Button>
      )}
      {/* Always rendered, so that screen readers announce changes. */}
      <p role="status" className={state.isError ? "field-error" : "small quiet"}>
        {state.text}
      </p>
    </div>
  );
}

type ChoiceProps = {
  name: string;
  about: string;
  icon?: string | undefined;
  busy: string | null;
  onChoose: () => void;
};

function WalletChoice({ name, about, icon, busy, onChoose }: ChoiceProps) {
  const isOpen = useSession((state) => state.link === "open");
  const isBusy = busy === name;
  return (
    <li>
      <button
        type="button"
        className="choice"
        disabled={!isOpen}
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
