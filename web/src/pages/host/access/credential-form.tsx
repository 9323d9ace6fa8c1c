import { useId, useMemo, useState, type FormEvent } from "react";
import type { CreatedCredential, ProfileView } from "../../../api/types";
import { Button, CheckField, SelectField, TextField } from "../../../parts";
import { endHint } from "../shared/end-field";
import { MomentField } from "../shared/moment-field";
import { ownZone } from "../shared/zones";
import { useFormFocus } from "../shared/form";
import { LoadState } from "../shared/loaded";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction } from "../shared/use-action";
import { useLoad } from "../shared/use-load";
import * as api from "./api";
import {
  CREDENTIAL_FIELDS,
  ENDS,
  TIERS,
  TIER_NAMES,
  emptyCredential,
  readCredential,
  type CredentialErrors,
  type CredentialValues,
} from "./credential-fields";
import { useHost } from "./session";
import { SignInAgain, needsSignIn } from "./sign-in-again";

type Props = { profile: ProfileView; done: (created: CreatedCredential) => void; close: () => void };

/** The form for a new credential. */
export function CredentialForm({ profile, done, close }: Props) {
  const { run } = useHost();
  const [values, setValues] = useState(emptyCredential);
  const [faults, setFaults] = useState<CredentialErrors>({});
  const { busy, error, run: act } = useAction();
  const named = fieldFault(error, CREDENTIAL_FIELDS);
  const errors: CredentialErrors = named === null ? faults : { [named.name]: named.remedy };
  const form = useFormFocus();
  const titleId = useId();
  const change = (changes: Partial<CredentialValues>) => setValues((before) => ({ ...before, ...changes }));
  const send = async () => {
    const read = readCredential(values, Date.now());
    setFaults(read.ok ? {} : read.errors);
    if (read.ok) await act(async () => done(await run(() => api.createCredential(read.value))));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void send();
  };
  return (
    <>
      <form ref={form} className="card host-form" aria-labelledby={titleId} noValidate onSubmit={submit}>
        <h3 id={titleId}>New credential</h3>
        <Fields scope={profile.urlSafeId} values={values} change={change} errors={errors} />
        {error !== null && named === null && !needsSignIn(error) && <Trouble error={error} />}
        <div className="row">
          <Button kind="primary" type="submit" busy={busy}>
            Create credential
          </Button>
          <Button onClick={close}>Close without saving</Button>
        </div>
      </form>
      {needsSignIn(error) && (
        <SignInAgain profile={profile} repeat={send}>
          A credential that may send needs a sign-in of the last 10 minutes. Sign in again: it is created
          right after that.
        </SignInAgain>
      )}
    </>
  );
}

type FieldsProps = {
  scope: string;
  values: CredentialValues;
  change: (changes: Partial<CredentialValues>) => void;
  errors: CredentialErrors;
};

function Fields({ scope, values, change, errors }: FieldsProps) {
  return (
    <>
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
        hint="It never registers, changes your profile or payout wallet, or creates credentials"
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
          scope={scope}
          chosen={values.tools}
          choose={(tools) => change({ tools })}
          error={errors.tools}
        />
      )}
      <MomentField
        label="Expires (optional)"
        timeZone={ownZone()}
        hint={endHint(ENDS[values.tier].whenEmpty)}
        value={values.expiresAt}
        onChange={(expiresAt) => change({ expiresAt })}
        error={errors.expiresAt}
      />
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
  const load = useLoad(useMemo(() => () => api.tools(scope), [scope]));
  const errorId = useId();
  return (
    <fieldset className="stack-tight" aria-describedby={error === undefined ? undefined : errorId}>
      <legend className="field-label">Tools</legend>
      <LoadState of={load} loading="Loading the tools of your server…" />
      <div className="host-boxes">
        {load.value?.map((name) => (
          <CheckField
            key={name}
            label={<code>{name}</code>}
            checked={chosen.includes(name)}
            onChange={(isChosen) =>
              choose(isChosen ? [...chosen, name] : chosen.filter((other) => other !== name))
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
