// Opening the door, and the wallet that it is paid into.
import { useState, type FormEvent } from "react";
import type { ProfileView, SessionAnswer } from "../../../api/types";
import { wordsOf } from "../../../api/http";
import { Button, Card, Hash, Notice, TextField } from "../../../parts";
import * as api from "../api";
import { useExplorer } from "../../../api/explorer";
import { hasCode, useHost } from "../access/session";
import { SignIn } from "../access/sign-in";
import { Trouble } from "../shared/trouble";

/** For who has signed in and has no door yet. */
export function OpenDoor({ who }: { who: SessionAnswer | null }) {
  const { signedIn } = useHost();
  return (
    <Card title="Open your door">
      <p>
        You are signed in, but your door is not open yet. Opening it is free: it gives you an address at which
        agents list your events and pay for seats.
      </p>
      {who ? (
        <OpenForm who={who} />
      ) : (
        <>
          <p>To open it, sign in once more: this page forgets who you are when it is loaded again.</p>
          <SignIn done={signedIn} />
        </>
      )}
    </Card>
  );
}

function OpenForm({ who }: { who: SessionAnswer }) {
  const { refresh, run } = useHost();
  const own = addressOf(who.userId);
  const [address, setAddress] = useState(own);
  // Who has signed in by e-mail need not have a wallet: the deployment gives one.
  const mayLeaveOut = own === "";
  const { error, fault, busy, submit } = useRegister({
    userId: who.userId,
    address,
    mayLeaveOut,
    done: () => run(refresh),
  });
  return (
    <form className="mm-form" onSubmit={submit} noValidate>
      <WalletField address={address} change={setAddress} fault={fault} mayLeaveOut={mayLeaveOut} />
      {error !== null && <Trouble error={error} />}
      <div className="row">
        <Button kind="primary" type="submit" busy={busy}>
          Open my door
        </Button>
      </div>
    </form>
  );
}

/** The payout wallet, and changing it. */
export function Payout({ profile }: { profile: ProfileView }) {
  const explorer = useExplorer();
  const [isOpen, setIsOpen] = useState(false);
  const [message, setMessage] = useState("");
  return (
    <Card title="Payout wallet" level={3}>
      <p>Guests pay straight into this wallet. Nobody holds the money in between.</p>
      <p>
        <Hash
          value={profile.walletAddress}
          what="payout wallet"
          href={explorer.address(null, profile.walletAddress)}
        />
      </p>
      {message && <Notice kind="ok">{message}</Notice>}
      {isOpen ? (
        <ChangeWallet
          profile={profile}
          done={(words) => {
            setMessage(words);
            setIsOpen(false);
          }}
          close={() => setIsOpen(false)}
        />
      ) : (
        <div className="row">
          <Button
            onClick={() => {
              setMessage("");
              setIsOpen(true);
            }}
          >
            Change the wallet
          </Button>
        </div>
      )}
    </Card>
  );
}

type ChangeProps = { profile: ProfileView; done: (message: string) => void; close: () => void };

function ChangeWallet({ profile, done, close }: ChangeProps) {
  const { refresh, signedIn } = useHost();
  const [address, setAddress] = useState("");
  const { error, fault, busy, submit, send } = useRegister({
    userId: profile.userId,
    address,
    mayLeaveOut: false,
    done: async (message) => {
      await refresh();
      done(message);
    },
  });
  // Who signs in as somebody else gets that one's sections instead.
  const again = (who: SessionAnswer) => (who.userId === profile.userId ? send() : signedIn(who));
  const needsSignIn = hasCode(error, "sign_in_again");
  return (
    <>
      <form className="mm-form" onSubmit={submit} noValidate>
        <WalletField address={address} change={setAddress} fault={fault} />
        <p className="quiet small">
          Payments that are under way still go to the wallet of before. Make sure that you own the new one:
          nobody can take a payment back.
        </p>
        <div className="row">
          <Button kind="primary" type="submit" busy={busy}>
            Save the wallet
          </Button>
          <Button onClick={close}>Keep the old one</Button>
        </div>
      </form>
      {error !== null && !needsSignIn && <Trouble error={error} />}
      {needsSignIn && (
        <div className="stack">
          <p role="alert">
            To change the wallet, the sign-in must be of the last 10 minutes. Sign in again: the change is
            made right after it.
          </p>
          <SignIn done={again} />
        </div>
      )}
    </>
  );
}

type FieldProps = {
  address: string;
  change: (text: string) => void;
  fault: string;
  mayLeaveOut?: boolean;
};

function WalletField({ address, change, fault, mayLeaveOut = false }: FieldProps) {
  return (
    <TextField
      label={mayLeaveOut ? "Wallet that is paid (optional)" : "Wallet that is paid"}
      name="walletAddress"
      value={address}
      onChange={change}
      error={fault || undefined}
      hint={
        mayLeaveOut
          ? "Leave it empty to be given one, or write an address of your own: 0x and 40 hex digits"
          : "An address that can hold USDC: 0x and 40 hex digits"
      }
      required={!mayLeaveOut}
    />
  );
}

type Registration = {
  userId: string;
  address: string;
  mayLeaveOut: boolean;
  done: (message: string) => Promise<void>;
};

/** Sends the registration, which also moves the payout. */
function useRegister({ userId, address, mayLeaveOut, done }: Registration) {
  const { run } = useHost();
  const [error, setError] = useState<unknown>(null);
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const send = async () => {
    if (busy) return;
    setError(null);
    setFault("");
    const named = address.trim();
    const isLeftOut = mayLeaveOut && named === "";
    if (!isLeftOut && !/^0x[0-9a-fA-F]{40}$/.test(named)) return setFault("Must be 0x and 40 hex digits");
    setBusy(true);
    try {
      const { message } = await run(() => api.register(userId, isLeftOut ? undefined : named));
      await done(message);
    } catch (reason) {
      const remedy = /^walletAddress: (.+)$/i.exec(wordsOf(reason))?.[1];
      if (remedy) setFault(remedy);
      else setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void send();
  };
  return { error, fault, busy, submit, send };
}

/** The wallet that an identity made from one has (`wallet:0x…`), else nothing. */
function addressOf(userId: string): string {
  return /0x[0-9a-fA-F]{40}/.exec(userId)?.[0] ?? "";
}
