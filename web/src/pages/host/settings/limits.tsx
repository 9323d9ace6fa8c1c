// What strangers may do at the door, and what its tools cost.
import { useMemo, useState, type FormEvent } from "react";
import type { LimitsView, ProfileView } from "../../../api/types";
import { wordsOf } from "../../../api/http";
import { Badge, Button, Card, Notice, TextField, moneyText } from "../../../parts";
import { toAtomic } from "../../../base/amounts";
import * as api from "../api";
import { sentence } from "../events/fields";
import { useHost } from "../access/session";
import { Loading, Trouble } from "../shared/trouble";
import { useLoad } from "../shared/use-load";

type Name = keyof LimitsView;
type Values = Record<Name, string>;

/** The limits of the door. */
export function Limits({ profile }: { profile: ProfileView }) {
  const [values, setValues] = useState<Values>(() => valuesOf(profile.limits));
  const { errors, error, message, busy, save } = useSave(profile.limits, values, (limits) =>
    setValues(valuesOf(limits)),
  );
  const at = (name: Name) => ({
    name,
    value: values[name],
    onChange: (text: string) => setValues((was) => ({ ...was, [name]: text })),
    error: errors[name],
    required: true,
  });
  return (
    <Card title="Limits" level={3}>
      <p>They protect your door from strangers. Who goes beyond is told how long to wait.</p>
      <form className="mm-form" onSubmit={save} noValidate>
        <TextField
          label="Paid calls of one wallet in a minute"
          inputMode="numeric"
          {...at("callsPerMinute")}
        />
        <TextField
          label="Dollars that one wallet may pay in 24 hours"
          inputMode="decimal"
          hint="Also the dearest seat that you can sell"
          {...at("usdPerDay")}
        />
        <TextField
          label="Calls that are not paid for, from one network address in a minute"
          inputMode="numeric"
          {...at("unpaidPerMinute")}
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
  const [errors, setErrors] = useState<Partial<Values>>({});
  const [error, setError] = useState<unknown>(null);
  const [message, setMessage] = useState("");
  const [busy, setBusy] = useState(false);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const faults = check(values);
    setErrors(faults);
    setError(null);
    setMessage("");
    if (busy || Object.keys(faults).length > 0) return;
    const changes = changesOf(limits, values);
    if (Object.keys(changes).length === 0)
      return setMessage("Nothing to save: these are your limits already.");
    setBusy(true);
    try {
      const profile = await run(() => api.changeLimits(changes));
      changed(profile);
      saved(profile.limits);
      setMessage("The limits were changed.");
    } catch (reason) {
      const named = NAMES.find((name) =>
        wordsOf(reason).toLowerCase().startsWith(`limits.${name}: `.toLowerCase()),
      );
      if (named) setErrors({ [named]: sentence(wordsOf(reason).slice(`limits.${named}: `.length)) });
      else setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return { errors, error, message, busy, save: (event: FormEvent) => void save(event) };
}

/** What each tool costs. */
export function Prices({ scope }: { scope: string }) {
  const ask = useMemo(() => () => api.manifest(scope), [scope]);
  const { value, error, reload } = useLoad(ask);
  return (
    <Card title="Prices of the tools" level={3}>
      <p>Prices of seats are yours to set, with each event. The others are the same at every door.</p>
      {error !== null && <Trouble error={error} retry={reload} />}
      {value === null && error === null && <Loading what="Fetching the prices…" />}
      {value !== null && (
        <div className="mm-scroll" role="region" aria-label="Prices, table" tabIndex={0}>
          <table className="mm-table">
            <thead>
              <tr>
                <th scope="col">Tool</th>
                <th scope="col">Price</th>
                <th scope="col">The money moves</th>
              </tr>
            </thead>
            <tbody>
              {value.tools.map((tool) => (
                <tr key={tool.name}>
                  <th scope="row">
                    {tool.title} <code>{tool.name}</code>
                  </th>
                  <td>{tool.access === "free" ? <Badge tone="ok">Free</Badge> : priceInWords(tool.price)}</td>
                  <td>{SETTLES[tool.settle ?? "never"]}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}

const SETTLES = {
  first: "before the tool does its work",
  last: "after the tool has done its work",
  never: "never",
};
const NAMES = ["callsPerMinute", "usdPerDay", "unpaidPerMinute"] as const satisfies readonly Name[];

function priceInWords(price: string | undefined): string {
  return price && /^\d/.test(price) ? moneyText(price) : (price ?? "–");
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
