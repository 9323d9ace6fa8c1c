// The form for a new event, a copy of one, or changes of one.
import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import type { EventView, OwnEvent } from "../../../api/types";
import { Button, Field, TextArea, TextField } from "../../../parts";
import * as api from "../api";
import {
  emptyValues,
  FIELDS,
  fieldOfDetail,
  noteOnTime,
  readChanges,
  readNew,
  valuesOf,
  valuesOfCopy,
  type Errors,
  type FieldName,
  type Values,
} from "./fields";
import { useHost } from "../access/session";
import { wordsOf } from "../../../api/http";
import { Trouble } from "../shared/trouble";
import { allZones } from "../shared/zones";

/** What the form is for. */
export type Purpose = { kind: "new" } | { kind: "copy"; of: OwnEvent } | { kind: "edit"; of: OwnEvent };

type Props = { purpose: Purpose; done: (message: string) => void; close: () => void };

/** The form; it is thrown away with its owner's `key` when it is for something else. */
export function EventForm({ purpose, done, close }: Props) {
  const [values, setValues] = useState<Values>(() => firstValues(purpose));
  const { errors, trouble, busy, submit } = useSubmit(purpose, values, done);
  const form = useRef<HTMLFormElement>(null);
  const titleId = useId();
  useEffect(() => focusOn(form.current, "title"), []);
  // The first field that is refused gets the focus, so that it is read out.
  useEffect(() => {
    const refused = FIELDS.find((name) => errors[name]);
    if (refused) focusOn(form.current, refused);
  }, [errors]);
  const at = (name: FieldName) => ({
    name,
    value: values[name],
    onChange: (text: string) => setValues((was) => ({ ...was, [name]: text })),
    error: errors[name],
  });
  return (
    <form ref={form} className="card mm-form" aria-labelledby={titleId} noValidate onSubmit={submit}>
      <h3 id={titleId}>{headingOf(purpose)}</h3>
      <TextField label="Title" required maxLength={200} {...at("title")} />
      <TextArea label="Description (optional)" rows={4} hint="Plain text" {...at("description")} />
      <div className="mm-pair">
        <TextField
          label="Starts"
          type="datetime-local"
          required
          hint={noteOnTime(values, "startsAt") ?? undefined}
          {...at("startsAt")}
        />
        <TextField
          label="Ends (optional)"
          type="datetime-local"
          hint={noteOnTime(values, "endsAt") ?? undefined}
          {...at("endsAt")}
        />
      </div>
      <ZoneField {...at("timeZone")} />
      <TextField label="Place (optional)" hint="An address, or “Online”" {...at("location")} />
      <div className="mm-pair">
        <TextField label="Seats" inputMode="numeric" required hint="0 for unlimited" {...at("capacity")} />
        <TextField
          label="Price of a seat in dollars"
          inputMode="decimal"
          required
          hint="For example 0.05"
          {...at("price")}
        />
      </div>
      {purpose.kind === "edit" && purpose.of.rsvpCount > 0 && (
        <p className="quiet small">A new price holds for seats sold from now on.</p>
      )}
      {trouble !== null && <Trouble error={trouble} />}
      <div className="row">
        <Button kind="primary" type="submit" busy={busy}>
          {purpose.kind === "edit" ? "Save changes" : "Create event"}
        </Button>
        <Button onClick={close}>Close without saving</Button>
      </div>
    </form>
  );
}

function useSubmit(purpose: Purpose, values: Values, done: (message: string) => void) {
  const { run } = useHost();
  const [errors, setErrors] = useState<Errors>({});
  const [trouble, setTrouble] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setErrors({});
    setTrouble(null);
    const send = requestOf(purpose, values);
    if ("errors" in send) return setErrors(send.errors);
    if (send.ask === null) return done("Nothing was changed.");
    setBusy(true);
    try {
      const { title } = await run(send.ask);
      done(purpose.kind === "edit" ? `“${title}” was changed.` : `“${title}” is on sale.`);
    } catch (error) {
      const named = fieldOfDetail(wordsOf(error));
      if (named) setErrors({ [named.field]: named.remedy });
      else setTrouble(error);
    } finally {
      setBusy(false);
    }
  };
  return { errors, trouble, busy, submit: (event: FormEvent) => void submit(event) };
}

/** What to ask of the server (null: nothing was changed), or what is wrong with the form. */
function requestOf(
  purpose: Purpose,
  values: Values,
): { ask: (() => Promise<EventView>) | null } | { errors: Errors } {
  if (purpose.kind === "edit") {
    const { of } = purpose;
    const read = readChanges(values, of);
    if (!read.ok) return { errors: read.errors };
    const isSame = Object.keys(read.value).length === 0;
    return { ask: isSame ? null : () => api.changeEvent(of.id, read.value) };
  }
  const read = readNew(values);
  return read.ok ? { ask: () => api.createEvent(read.value) } : { errors: read.errors };
}

function firstValues(purpose: Purpose): Values {
  if (purpose.kind === "new") return emptyValues();
  return purpose.kind === "edit" ? valuesOf(purpose.of) : valuesOfCopy(purpose.of, Date.now());
}

function headingOf(purpose: Purpose): string {
  if (purpose.kind === "new") return "New event";
  return purpose.kind === "edit" ? "Change the event" : "New event, copied";
}

function focusOn(form: HTMLFormElement | null, name: FieldName): void {
  const field = form?.elements.namedItem(name);
  if (field instanceof HTMLElement) field.focus();
}

type ZoneProps = { name: string; value: string; onChange: (text: string) => void; error: string | undefined };

function ZoneField({ name, value, onChange, error }: ZoneProps) {
  const listId = useId();
  const [names] = useState(allZones);
  return (
    <Field label="Time zone of these times" required error={error}>
      {(control) => (
        <>
          <input
            {...control}
            name={name}
            value={value}
            list={listId}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => onChange(event.target.value)}
          />
          <datalist id={listId}>
            {names.map((zone) => (
              <option key={zone} value={zone}>
                {zone}
              </option>
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
