import { useState, type FormEvent } from "react";
import type { LimitsView, ProfileView } from "../../../api/types";
import { messageOf } from "../../../api/http";
import { toAtomic } from "../../../base/amounts";
import { Button, Card, Notice, TextField, sentence } from "../../../parts";
import { useHost } from "../access/session";
import { fieldsOf } from "../shared/form";
import { Trouble } from "../shared/trouble";
import { useAction } from "../shared/use-action";
import * as api from "./api";

type Name = keyof LimitsView;
type Values = Record<Name, string>;
const NAMES = ["callsPerMinute", "usdPerDay", "unpaidPerMinute"] as const satisfies readonly Name[];

/** The limits that protect the server from its callers. */
export function Limits({ profile }: { profile: ProfileView }) {
  const [values, setValues] = useState<Values>(() => valuesOf(profile.limits));
  const { errors, error, message, busy, save } = useSave(profile.limits, values, (limits) =>
    setValues(valuesOf(limits)),
  );
  const field = fieldsOf<Name>(values, setValues, errors);
  return (
    <Card title="Limits" level={3}>
      <p>They protect your server. A caller that exceeds one is told how long to wait.</p>
      <form className="host-form" onSubmit={save} noValidate>
        <TextField
          label="Paid calls of one wallet in a minute"
          inputMode="numeric"
          required
          {...field("callsPerMinute")}
        />
        <TextField
          label="Dollars that one wallet may pay in 24 hours"
          inputMode="decimal"
          hint="Also the highest price of a seat"
          required
          {...field("usdPerDay")}
        />
        <TextField
          label="Calls that are not paid for, from one network address in a minute"
          inputMode="numeric"
          required
          {...field("unpaidPerMinute")}
        />
        {error !== null && <Trouble error={error} />}
        {message && <Notice kind="ok">{message}</Notice>}
        <div className="row">
          <Button kind="primary" type="submit" busy={busy}>
            Save limits
          </Button>
        </div>
      </form>
    </Card>
  );
}

function useSave(limits: LimitsView, values: Values, saved: (limits: LimitsView) => void) {
  const { run, changed } = useHost();
  const [faults, setFaults] = useState<Partial<Values>>({});
  const [message, setMessage] = useState("");
  const { busy, error, run: act } = useAction();
  const named = limitFault(error);
  const save = (event: FormEvent) => {
    event.preventDefault();
    const found = check(values);
    setFaults(found);
    setMessage("");
    if (Object.keys(found).length > 0) return;
    const changes = changesOf(limits, values);
    if (Object.keys(changes).length === 0)
      return setMessage("Nothing to save: these are your limits already.");
    void act(async () => {
      const profile = await run(() => api.changeLimits(changes));
      changed(profile);
      saved(profile.limits);
      setMessage("The limits were changed.");
    });
  };
  return { errors: { ...named, ...faults }, error: named === null ? error : null, message, busy, save };
}

/** The limit that an error of the API names, as in `limits.usdPerDay: must be …`. */
function limitFault(error: unknown): Partial<Values> | null {
  const [, path, remedy] = /^limits\.(\w+): ([\s\S]+)$/i.exec(error === null ? "" : messageOf(error)) ?? [];
  const name = NAMES.find((known) => known.toLowerCase() === path?.toLowerCase());
  return name === undefined || remedy === undefined ? null : { [name]: sentence(remedy) };
}

function valuesOf(limits: LimitsView): Values {
  return {
    callsPerMinute: String(limits.callsPerMinute),
    usdPerDay: limits.usdPerDay,
    unpaidPerMinute: String(limits.unpaidPerMinute),
  };
}

function check(values: Values): Partial<Values> {
  const faults: Partial<Values> = {};
  for (const name of ["callsPerMinute", "unpaidPerMinute"] as const) {
    const text = values[name].trim();
    const isNumber = /^\d{1,6}$/.test(text) && Number(text) >= 1 && Number(text) <= 100_000;
    if (!isNumber) faults[name] = "Must be a whole number from 1 to 100000";
  }
  if (toAtomic(values.usdPerDay.trim()) === null) faults.usdPerDay = "Must be dollars such as 1000 or 0.50";
  return faults;
}

function changesOf(limits: LimitsView, values: Values): Partial<LimitsView> {
  const changes: Partial<LimitsView> = {};
  const calls = Number(values.callsPerMinute.trim());
  const unpaid = Number(values.unpaidPerMinute.trim());
  const dollars = values.usdPerDay.trim();
  if (calls !== limits.callsPerMinute) changes.callsPerMinute = calls;
  if (unpaid !== limits.unpaidPerMinute) changes.unpaidPerMinute = unpaid;
  if (toAtomic(dollars) !== toAtomic(limits.usdPerDay)) changes.usdPerDay = dollars;
  return changes;
}
