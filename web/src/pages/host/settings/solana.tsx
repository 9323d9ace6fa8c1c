import { useState, type FormEvent } from "react";
import type { ProfileView } from "../../../api/types";
import { useSettings } from "../../../api/settings";
import { Button, Card, Hash, Notice, TextField } from "../../../parts";
import * as api from "../access/api";
import { useHost } from "../access/session";
import { PayoutRefused } from "../access/sign-in-again";
import { fieldFault, useAction } from "../shared/use-action";

/** Where the host is paid on Solana, and the form to change it. */
export function SolanaPayout({ profile }: { profile: ProfileView }) {
  const { settings } = useSettings();
  const [message, setMessage] = useState("");
  const known = profile.solanaAddress;
  const network = settings?.solana;
  const isNeeded = network !== undefined || known !== undefined;
  // What was done is still said when nothing else is left to do.
  if (!isNeeded && message === "") return null;
  return (
    <Card title={`Payments on ${network ?? "Solana"}`} level={3}>
      <p>
        {network === undefined
          ? `This server takes no payments there now.${isNeeded ? " Your wallet is kept." : ""}`
          : "Guests may also pay in USDC there, if you name a wallet of yours. Without one nothing is offered there."}
      </p>
      {known !== undefined && (
        <p>
          <Hash value={known} what="wallet on Solana" />
        </p>
      )}
      {message && <Notice kind="ok">{message}</Notice>}
      {isNeeded && <SolanaForm key={known} profile={profile} done={setMessage} />}
    </Card>
  );
}

function SolanaForm({ profile, done }: { profile: ProfileView; done: (message: string) => void }) {
  const { refresh, run } = useHost();
  const action = useAction();
  const [address, setAddress] = useState(profile.solanaAddress ?? "");
  const named = fieldFault(action.error, ["solanaAddress"]);
  const error = named === null ? action.error : null;
  const send = async () => {
    await action.run(async () => {
      const { message } = await run(() => api.setSolana(profile.userId, address.trim()));
      await refresh();
      done(message);
    });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void send();
  };
  return (
    <>
      <form className="host-form" onSubmit={submit} noValidate>
        <TextField
          label="Wallet on Solana that is paid"
          name="solanaAddress"
          value={address}
          onChange={setAddress}
          error={named?.remedy}
          hint="The address of the wallet, with an account for USDC. Check each letter: a wrong one may be somebody else’s. Empty: no payments there"
        />
        <div className="row">
          <Button kind="primary" type="submit" busy={action.busy}>
            Save the wallet on Solana
          </Button>
        </div>
      </form>
      <PayoutRefused error={error} profile={profile} repeat={send} />
    </>
  );
}
