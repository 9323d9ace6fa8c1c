// The form for a new secret, or for changes of one.
import { useId, useMemo, useRef, useState, type FormEvent, type RefObject } from "react";
import type { SecretView } from "../../../api/types";
import { Button, Notice, TextArea, TextField } from "../../../parts";
import { useHost } from "../access/session";
import { endHint } from "../shared/end-field";
import { MomentField } from "../shared/moment-field";
import { ownZone } from "../shared/zones";
import { fieldsOf, useFormFocus } from "../shared/form";
import type { Outcome } from "../shared/paths";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction } from "../shared/use-action";
import * as api from "./api";
import {
  SECRET_FIELDS,
  readNewSecret,
  readSecretChanges,
  secretValues,
  type SecretErrors,
  type SecretField,
  type SecretValues,
} from "./fields";
import { ValueField } from "./value-field";

type Props = { of: SecretView | null; done: (message: string) => void; close: () => void };

/** The form. Give each secret its own `key`. */
export function SecretForm({ of, done, close }: Props) {
  const [values, setValues] = useState(() => secretValues(of));
  const value = useRef<HTMLTextAreaElement>(null);
  const titleId = useId();
  const { errors, error, busy, submit } = useSubmit(of, values, value, done);
  const form = useFormFocus(errors);
  const field = fieldsOf<SecretField>(values, setValues, errors);
  return (
    <form ref={form} className="card host-form" aria-labelledby={titleId} noValidate onSubmit={submit}>
      <h3 id={titleId}>{of === null ? "New secret" : "Change the secret"}</h3>
      <TextField label="Name" required hint="Public" {...field("name")} />
      <TextArea label="Description (optional)" hint="What it is for; public" {...field("description")} />
      <ValueField
        field={value}
        label={of === null ? "The secret itself" : "New value (optional)"}
        hint="It is sealed at once: only buyers can read it, and this page cannot show it again"
        required={of === null}
        error={errors.value}
      />
      {of !== null && (
        <Notice kind="warn">
          A new value replaces the sealed one for good. Buyers of the old value have to buy again; a buyer who
          has paid and not read it yet still gets the old one. Leave it empty to keep the value.
        </Notice>
      )}
      <div className="host-pair">
        <TextField
          label="Price of reading it, in dollars"
          inputMode="decimal"
          required
          hint="For example 0.05"
          {...field("price")}
        />
        <MomentField
          label="Expires (optional)"
          timeZone={ownZone()}
          hint={endHint()}
          {...field("expiresAt")}
        />
      </div>
      {error !== null && <Trouble error={error} />}
      <div className="row">
        <Button kind="primary" type="submit" busy={busy}>
          {of === null ? "Seal and sell" : "Save changes"}
        </Button>
        <Button onClick={close}>Close without saving</Button>
      </div>
    </form>
  );
}

const NAMES = [...SECRET_FIELDS, "value"] as const;

function useSubmit(
  of: SecretView | null,
  values: SecretValues,
  field: RefObject<HTMLTextAreaElement | null>,
  done: (message: string) => void,
) {
  const { run } = useHost();
  const [faults, setFaults] = useState<SecretErrors>({});
  const { busy, error, run: act } = useAction();
  const named = useMemo(() => fieldFault(error, NAMES), [error]);
  const errors = useMemo<SecretErrors>(
    () => (named === null ? faults : { [named.name]: named.remedy }),
    [named, faults],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    const send = requestOf(of, values, field.current?.value ?? "");
    setFaults("errors" in send ? send.errors : {});
    if ("errors" in send) return;
    const { request, isNewValue } = send;
    if (request === null) return done("Nothing was changed.");
    void act(async () => {
      const { name, message } = await run(request);
      if (field.current !== null) field.current.value = "";
      done(of === null ? `“${name}” is sealed and for sale.` : changedText(name, isNewValue, message));
    });
  };
  return { errors, error: named === null ? error : null, busy, submit };
}

type Send =
  | { request: (() => Promise<SecretView & Partial<Outcome>>) | null; isNewValue: boolean }
  | { errors: SecretErrors };

/** The request (null: nothing was changed), or the errors of the form. */
function requestOf(of: SecretView | null, values: SecretValues, value: string): Send {
  const isNewValue = value !== "";
  if (of === null) {
    const read = readNewSecret(values, value, Date.now());
    return read.ok ? { request: () => api.storeSecret(read.value), isNewValue } : { errors: read.errors };
  }
  const read = readSecretChanges(values, value, of, Date.now());
  if (!read.ok) return { errors: read.errors };
  const isUnchanged = Object.keys(read.value).length === 0;
  return { request: isUnchanged ? null : () => api.changeSecret(of.id, read.value), isNewValue };
}

function changedText(name: string, isNewValue: boolean, message = ""): string {
  return isNewValue
    ? `“${name}” was changed, and its new value is sealed. Buyers of the old one have to buy again. ${message}`.trim()
    : `“${name}” was changed.`;
}
