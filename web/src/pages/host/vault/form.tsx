// The form for a new secret, or for changes of one.
import { useEffect, useId, useRef, useState, type FormEvent, type RefObject } from "react";
import type { SecretView } from "../../../api/types";
import { Button, Notice, TextArea, TextField } from "../../../parts";
import * as api from "../api";
import { endHint } from "../shared/moments";
import {
  SECRET_FIELDS,
  readNewSecret,
  readSecretChanges,
  secretValues,
  type SecretErrors,
  type SecretField,
} from "./fields";
import { SecretValue } from "./value-field";
import { useHost } from "../access/session";
import { Trouble } from "../shared/trouble";
import { faultOf, useAction } from "../shared/use-action";

type Props = { of: SecretView | null; done: (message: string) => void; close: () => void };

/** The form; its owner's `key` makes it anew for another secret. */
export function SecretForm({ of, done, close }: Props) {
  const [values, setValues] = useState(() => secretValues(of));
  const value = useRef<HTMLTextAreaElement>(null);
  const form = useRef<HTMLFormElement>(null);
  const titleId = useId();
  const { errors, trouble, busy, submit } = useSubmit(of, values, value, done);
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  useEffect(() => {
    if (Object.keys(errors).length === 0) return;
    const refused = form.current?.querySelector("[aria-invalid]");
    if (refused instanceof HTMLElement) refused.focus();
  }, [errors]);
  const at = (name: SecretField) => ({
    name,
    value: values[name],
    onChange: (text: string) => setValues((was) => ({ ...was, [name]: text })),
    error: errors[name],
  });
  return (
    <form ref={form} className="card mm-form" aria-labelledby={titleId} noValidate onSubmit={submit}>
      <h3 id={titleId}>{of === null ? "New secret" : "Change the secret"}</h3>
      <TextField label="Name" required hint="For everybody to see" {...at("name")} />
      <TextArea
        label="Description (optional)"
        hint="What it is good for; for everybody to see"
        {...at("description")}
      />
      <SecretValue
        field={value}
        label={of === null ? "The secret itself" : "New value (optional)"}
        hint="It is sealed at once: nobody sees it without paying, and this page cannot show it again"
        required={of === null}
        error={errors.value}
      />
      {of !== null && (
        <Notice kind="warn">
          A new value replaces the sealed one for good. Whoever has bought the old one has to buy again; a
          buyer who has paid and not read it yet still gets the old one. Leave it empty to keep the value.
        </Notice>
      )}
      <div className="mm-pair">
        <TextField
          label="Price of reading it, in dollars"
          inputMode="decimal"
          required
          hint="For example 0.05"
          {...at("price")}
        />
        <TextField label="Expires (optional)" type="datetime-local" hint={endHint()} {...at("expiresAt")} />
      </div>
      {trouble !== null && <Trouble error={trouble} />}
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
  values: ReturnType<typeof secretValues>,
  field: RefObject<HTMLTextAreaElement | null>,
  done: (message: string) => void,
) {
  const { run } = useHost();
  const [faults, setFaults] = useState<SecretErrors>({});
  const { busy, error, run: act } = useAction();
  const named = faultOf(error, NAMES);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    const send = requestOf(of, values, field.current?.value ?? "");
    setFaults("errors" in send ? send.errors : {});
    if ("errors" in send) return;
    if (send.ask === null) return done("Nothing was changed.");
    const { ask, isNewValue } = send;
    await act(async () => {
      const { name, message } = await run(ask);
      if (field.current !== null) field.current.value = "";
      done(of === null ? `“${name}” is sealed and for sale.` : changedInWords(name, isNewValue, message));
    });
  };
  return {
    errors: named === null ? faults : { [named.name]: named.remedy },
    trouble: named === null ? error : null,
    busy,
    submit: (event: FormEvent) => void submit(event),
  };
}

type Send =
  | { ask: (() => Promise<SecretView & Partial<api.Said>>) | null; isNewValue: boolean }
  | { errors: SecretErrors };

/** What to ask of the server (null: nothing was changed), or what is wrong with the form. */
function requestOf(of: SecretView | null, values: ReturnType<typeof secretValues>, value: string): Send {
  const isNewValue = value !== "";
  if (of === null) {
    const read = readNewSecret(values, value, Date.now());
    return read.ok ? { ask: () => api.storeSecret(read.value), isNewValue } : { errors: read.errors };
  }
  const read = readSecretChanges(values, value, of, Date.now());
  if (!read.ok) return { errors: read.errors };
  const isSame = Object.keys(read.value).length === 0;
  return { ask: isSame ? null : () => api.changeSecret(of.id, read.value), isNewValue };
}

function changedInWords(name: string, isNewValue: boolean, message = ""): string {
  return isNewValue
    ? `“${name}” was changed, and its new value is sealed. Buyers of the old one have to buy again. ${message}`.trim()
    : `“${name}” was changed.`;
}
