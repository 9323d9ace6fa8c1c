// Registering as a host: the payout wallet, and with it the server. The same request changes the wallet later.
import { useState, type FormEvent } from "react";
import type { SessionAnswer } from "../../../api/types";
import { isAddress } from "../../../base/address";
import { Button, Card, TextField } from "../../../parts";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction } from "../shared/use-action";
import * as api from "./api";
import { useHost } from "./session";
import { SignIn } from "./sign-in";

/** For users who are not registered as a host. */
export function Register({ user }: { user: SessionAnswer | null }) {
  const { signedIn } = useHost();
  return (
    <Card title="Open your server">
      <p>
        You are signed in, but you have no server yet. Opening it is free: you get a server URL at which
        agents list your events and pay for seats.
      </p>
      {user ? (
        <RegisterForm user={user} />
      ) : (
        <>
          <p>To open it, sign in once more: after a reload this page does not know who you are.</p>
          <SignIn done={signedIn} />
        </>
      )}
    </Card>
  );
}

function RegisterForm({ user }: { user: SessionAnswer }) {
  const { refresh, run } = useHost();
  const ownAddress = addressOf(user.userId);
  const [address, setAddress] = useState(ownAddress);
  // A user who signs in by e-mail need not have a wallet: the deployment provides one.
  const isOptional = ownAddress === "";
  const { error, fault, busy, submit } = useRegister({
    userId: user.userId,
    address,
    isOptional,
    done: () => run(refresh),
  });
  return (
    <form className="host-form" onSubmit={submit} noValidate>
      <WalletField address={address} change={setAddress} fault={fault} isOptional={isOptional} />
      {error !== null && <Trouble error={error} />}
      <div className="row">
        <Button kind="primary" type="submit" busy={busy}>
          Open my server
        </Button>
      </div>
    </form>
  );
}

type FieldProps = {
  address: string;
  change: (text: string) => void;
  fault: string | undefined;
  isOptional?: boolean;
};

/** The field of the payout wallet. */
export function WalletField({ address, change, fault, isOptional = false }: FieldProps) {
  return (
    <TextField
      label={isOptional ? "Wallet that is paid (optional)" : "Wallet that is paid"}
      name="walletAddress"
      value={address}
      onChange={change}
      error={fault}
      hint={
        isOptional
          ? "Leave it empty to get a wallet, or enter your own address: 0x and 40 hex digits"
          : "An address that can hold USDC: 0x and 40 hex digits"
      }
      required={!isOptional}
    />
  );
}

type Registration = {
  userId: string;
  address: string;
  isOptional: boolean;
  done: (message: string) => Promise<void>;
};

/** Registers the host, or changes the payout wallet. */
export function useRegister({ userId, address, isOptional, done }: Registration) {
  const { run } = useHost();
  const action = useAction();
  const [isInvalid, setIsInvalid] = useState(false);
  const named = fieldFault(action.error, ["walletAddress"]);
  const send = async () => {
    const typed = address.trim();
    const isLeftOut = isOptional && typed === "";
    const isValid = isLeftOut || isAddress(typed);
    setIsInvalid(!isValid);
    if (!isValid) return;
    await action.run(async () => {
      const { message } = await run(() => api.register(userId, isLeftOut ? undefined : typed));
      await done(message);
    });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void send();
  };
  const fault = isInvalid ? "Must be 0x and 40 hex digits" : named?.remedy;
  const error = named === null && !isInvalid ? action.error : null;
  return { error, fault, busy: action.busy, submit, send };
}

/** The address in a wallet identity (`wallet:0x…`), else "". */
function addressOf(userId: string): string {
  return /0x[0-9a-fA-F]{40}/.exec(userId)?.[0] ?? "";
}
