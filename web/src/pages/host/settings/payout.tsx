import { useState } from "react";
import type { ProfileView } from "../../../api/types";
import { Button, Card, Notice } from "../../../parts";
import { WalletField, useRegister } from "../access/register";
import { useHost } from "../access/session";
import { PayoutRefused } from "../access/sign-in-again";
import { Address } from "../shared/explorer";

/** The payout wallet, and the form to change it. */
export function Payout({ profile }: { profile: ProfileView }) {
  const [isOpen, setIsOpen] = useState(false);
  const [message, setMessage] = useState("");
  const open = () => {
    setMessage("");
    setIsOpen(true);
  };
  const done = (text: string) => {
    setMessage(text);
    setIsOpen(false);
  };
  return (
    <Card title="Payout wallet" level={3}>
      <p>Guests pay directly into this wallet. Nobody holds the money in between.</p>
      <p>
        <Address value={profile.walletAddress} what="payout wallet" network={null} />
      </p>
      {message && <Notice kind="ok">{message}</Notice>}
      {isOpen ? (
        <WalletForm profile={profile} done={done} close={() => setIsOpen(false)} />
      ) : (
        <div className="row">
          <Button onClick={open}>Change the wallet</Button>
        </div>
      )}
    </Card>
  );
}

type FormProps = { profile: ProfileView; done: (message: string) => void; close: () => void };

function WalletForm({ profile, done, close }: FormProps) {
  const { refresh } = useHost();
  const [address, setAddress] = useState("");
  const { error, fault, busy, submit, send } = useRegister({
    userId: profile.userId,
    address,
    isOptional: false,
    done: async (message) => {
      await refresh();
      done(message);
    },
  });
  return (
    <>
      <form className="host-form" onSubmit={submit} noValidate>
        <WalletField address={address} change={setAddress} fault={fault} />
        <p className="quiet small">
          Payments under way still go to the old wallet. Make sure that you own the new one: no payment can be
          taken back.
        </p>
        <div className="row">
          <Button kind="primary" type="submit" busy={busy}>
            Save the wallet
          </Button>
          <Button onClick={close}>Keep the old one</Button>
        </div>
      </form>
      <PayoutRefused error={error} profile={profile} repeat={send} />
    </>
  );
}
