// The form for a new credential.
import { useEffect, useId, useMemo, useRef, useState, type FormEvent } from "react";
import type { CreatedCredential, ProfileView, SessionAnswer } from "../../../api/types";
import { Button, CheckField, SelectField, TextField } from "../../../parts";
import * as api from "../api";
import {
  CREDENTIAL_FIELDS,
  ENDS,
  TIERS,
  TIER_NAMES,
  emptyCredential,
  readCredential,
  type CredentialErrors,
  type CredentialValues,
} from "./fields";
import { endHint } from "../shared/moments";
import { hasCode, useHost } from "./session";
import { SignIn } from "./sign-in";
import { Loading, Trouble } from "../shared/trouble";
import { faultOf, useAction } from "../shared/use-action";
import { useLoad } from "../shared/use-load";

type Props = { profile: ProfileView; done: (created: CreatedCredential) => void; close: () => void };

/** The form. */
export function CredentialForm({ profile, done, close }: Props) {
  const { run, signedIn } = useHost();
  const [values, setValues] = useState(emptyCredential);
  const [faults, setFaults] = useState<CredentialErrors>({});
  const { busy, error, run: act } = useAction();
  const named = faultOf(error, CREDENTIAL_FIELDS);
  const errors: CredentialErrors = named === null ? faults : { [named.name]: named.remedy };
  const form = useRef<HTMLFormElement>(null);
  const titleId = useId();
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  const change = (next: Partial<CredentialValues>) => setValues((was) => ({ ...was, ...next }));
  const send = async () => {
    const read = readCredential(values, Date.now());
    setFaults(read.ok ? {} : read.errors);
    if (read.ok) await act(async () => done(await run(() => api.createCredential(read.value))));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void send();
  };
  const needsSignIn = hasCode(error, "sign_in_again");
  // Who signs in as somebody else gets that one's sections instead.
  const again = (who: SessionAnswer) => (who.userId === profile.userId ? send() : signedIn(who));
  return (
    <>
      <form ref={form} className="card mm-form" aria-labelledby={titleId} noValidate onSubmit={submit}>
        <h3 id={titleId}>New credential</h3>
        <TextField
          label="Name"
          required
          hint="For you, such as the program that uses it"
          value={values.name}
          onChange={(name) => change({ name })}
          error={errors.name}
        />
        <SelectField
          label="How far it may go"
          hint="It never registers, changes your profile or payout wallet, or makes credentials"
          value={values.tier}
          onChange={(text) => change({ tier: TIER_NAMES.find((tier) => tier === text) ?? "draft" })}
          options={TIER_NAMES.map((tier) => ({ value: tier, label: TIERS[tier] }))}
          error={errors.tier}
        />
        <CheckField
          label="For some tools only, and not for the REST API"
          checked={values.isLimited}
          onChange={(isLimited) => change({ isLimited })}
        />
        {values.isLimited && (
          <ToolBoxes
            scope={profile.urlSafeId}
            chosen={values.tools}
            choose={(tools) => change({ tools })}
            error={errors.tools}
          />
        )}
        <TextField
          label="Expires (optional)"
          type="datetime-local"
          hint={endHint(ENDS[values.tier].whenEmpty)}
          value={values.expiresAt}
          onChange={(expiresAt) => change({ expiresAt })}
          error={errors.expiresAt}
        />
        {error !== null && named === null && !needsSignIn && <Trouble error={error} />}
        <div className="row">
          <Button kind="primary" type="submit" busy={busy}>
            Create credential
          </Button>
          <Button onClick={close}>Close without saving</Button>
        </div>
      </form>
      {needsSignIn && (
        <div className="stack">
          <p role="alert">
            A credential that may send needs a sign-in of the last 10 minutes. Sign in again: it is made right
            after that.
          </p>
          <SignIn done={again} />
        </div>
      )}
    </>
  );
}

type BoxesProps = {
  scope: string;
  chosen: readonly string[];
  choose: (tools: readonly string[]) => void;
  error: string | undefined;
};

function ToolBoxes({ scope, chosen, choose, error }: BoxesProps) {
  const { run } = useHost();
  const ask = useMemo(() => () => run(() => api.ownTools(scope)), [run, scope]);
  const { value, error: trouble, reload } = useLoad(ask);
  const errorId = useId();
  return (
    <fieldset className="stack-tight" aria-describedby={error === undefined ? undefined : errorId}>
      <legend className="field-label">Tools</legend>
      {trouble !== null && <Trouble error={trouble} retry={reload} />}
      {value === null && trouble === null && <Loading what="Asking your door for its tools…" />}
      <div className="mm-boxes">
        {value?.map((name) => (
          <CheckField
            key={name}
            label={<code>{name}</code>}
            checked={chosen.includes(name)}
            onChange={(isChosen) =>
              choose(isChosen ? [...chosen, name] : chosen.filter((one) => one !== name))
            }
          />
        ))}
      </div>
      {error !== undefined && (
        <p id={errorId} className="field-error" role="alert">
          {error}
        </p>
      )}
    </fieldset>
  );
}
