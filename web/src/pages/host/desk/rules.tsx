// Who may make mail leave by itself, and when nobody may.
import { useState, type FormEvent } from "react";
import type { DeskView } from "../../../api/types";
import { Button, Card, Notice, TextField } from "../../../parts";
import * as api from "../api";
import { useHost } from "../access/session";
import { Loading, Trouble } from "../shared/trouble";
import { faultOf, useAction } from "../shared/use-action";
import type { Load } from "../shared/use-load";

const NAMES = ["approvalsNeeded", "failurePercent"] as const;
type Name = (typeof NAMES)[number];

/** The rules, and how the mail of the last day fared. */
export function DeskRules({ rules }: { rules: Load<DeskView> }) {
  const { value, error, busy, reload } = rules;
  return (
    <>
      <div className="card-head">
        <h3>Rules</h3>
        <Button onClick={reload} busy={busy && value !== null}>
          Refresh
        </Button>
      </div>
      {value === null && error === null && <Loading what="Fetching the rules…" />}
      {value !== null && (
        <>
          <Card title="Mail of the last 24 hours" level={4}>
            <dl className="mm-totals">
              <div>
                <dt>Left</dt>
                <dd>{value.sent}</dd>
              </div>
              <div>
                <dt>Came back, or were complained of</dt>
                <dd>{value.failed}</dd>
              </div>
            </dl>
          </Card>
          <RulesForm rules={value} saved={reload} />
        </>
      )}
    </>
  );
}

function RulesForm({ rules, saved }: { rules: DeskView; saved: () => void }) {
  const { run } = useHost();
  const [values, setValues] = useState({
    approvalsNeeded: String(rules.approvalsNeeded),
    failurePercent: String(rules.failurePercent),
  });
  const [faults, setFaults] = useState<Partial<Record<Name, string>>>({});
  const [message, setMessage] = useState("");
  const { busy, error, run: act } = useAction();
  const named = faultOf(error, NAMES);
  const at = (name: Name) => ({
    name,
    value: values[name],
    onChange: (text: string) => setValues((was) => ({ ...was, [name]: text })),
    error: faults[name] ?? (named?.name === name ? named.remedy : undefined),
    required: true,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const [needed, percent] = [read(values.approvalsNeeded, 1000), read(values.failurePercent, 100)];
    setMessage("");
    setFaults({
      ...(needed === null ? { approvalsNeeded: "Must be a whole number from 1 to 1000" } : {}),
      ...(percent === null ? { failurePercent: "Must be a whole number from 1 to 100" } : {}),
    });
    if (needed === null || percent === null) return;
    void act(async () => {
      await run(() => api.changeDesk({ approvalsNeeded: needed, failurePercent: percent }));
      setMessage("The rules were changed.");
      saved();
    });
  };
  return (
    <Card title="What agents may do by themselves" level={4}>
      <form className="mm-form" onSubmit={submit} noValidate>
        <TextField
          label="Drafts of a wallet that you approve before it may act by itself"
          inputMode="numeric"
          hint="A draft that you reject takes one approval back"
          {...at("approvalsNeeded")}
        />
        <TextField
          label="Of a hundred mails, how many may come back within a day"
          inputMode="numeric"
          hint="Beyond that all sending stops until you reset it"
          {...at("failurePercent")}
        />
        {error !== null && named === null && <Trouble error={error} />}
        {message && <Notice kind="ok">{message}</Notice>}
        <div className="row">
          <Button kind="primary" type="submit" busy={busy}>
            Save rules
          </Button>
        </div>
      </form>
    </Card>
  );
}

function read(text: string, max: number): number | null {
  const typed = text.trim();
  if (!/^\d{1,4}$/.test(typed)) return null;
  const value = Number(typed);
  return value >= 1 && value <= max ? value : null;
}
