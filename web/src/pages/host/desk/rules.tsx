// The rules of the desk: when agents may send mail by themselves, and when sending stops.
import { useState, type FormEvent } from "react";
import type { DeskView } from "../../../api/types";
import { Button, Card, Notice, Spinner, TextField } from "../../../parts";
import { useHost } from "../access/session";
import { Fact } from "../shared/fact";
import { fieldsOf } from "../shared/form";
import { Refresh } from "../shared/loaded";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction } from "../shared/use-action";
import type { Load } from "../shared/use-load";
import * as api from "./api";

const NAMES = ["approvalsNeeded", "failurePercent"] as const;
type Name = (typeof NAMES)[number];

/** The rules, and the mails of the last 24 hours. The section of the desk shows errors of the load. */
export function DeskRules({ rules }: { rules: Load<DeskView> }) {
  const { value, error } = rules;
  return (
    <>
      <div className="card-head">
        <h3>Rules</h3>
        <Refresh of={rules} />
      </div>
      {value === null && error === null && <Spinner label="Loading the rules…" />}
      {value !== null && (
        <>
          <Card title="Mail of the last 24 hours" level={4}>
            <dl className="host-totals">
              <Fact name="Sent">{value.sent}</Fact>
              <Fact name="Refused, bounced or reported as spam">{value.failed}</Fact>
            </dl>
          </Card>
          <AnswersByMail rules={value} />
          <RulesForm rules={value} saved={rules.reload} />
        </>
      )}
    </>
  );
}

/** What came back, or why nothing can. */
function AnswersByMail({ rules: { takesMail, mailIn } }: { rules: DeskView }) {
  return (
    <Card title="Answers of your customers" level={4}>
      {takesMail ? (
        <dl className="host-totals">
          <Fact name="Reached their ticket">{mailIn.added}</Fact>
          <Fact name="Automatic, only counted">{mailIn.automatic}</Fact>
          <Fact name="Refused">{mailIn.refused}</Fact>
        </dl>
      ) : (
        <p className="quiet">
          This deployment takes no mail, so customers cannot answer. Its operator can set an address for
          answers.
        </p>
      )}
    </Card>
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
  const named = fieldFault(error, NAMES);
  const errors = named === null ? faults : { [named.name]: named.remedy, ...faults };
  const field = fieldsOf<Name>(values, setValues, errors);
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
      <form className="host-form" onSubmit={submit} noValidate>
        <TextField
          label="Drafts of a wallet that you approve before it may act by itself"
          inputMode="numeric"
          hint="A draft that you reject takes one approval back"
          required
          {...field("approvalsNeeded")}
        />
        <TextField
          label="Of a hundred mails, how many may bounce within a day"
          inputMode="numeric"
          hint="Above that, all sending stops until you reset it"
          required
          {...field("failurePercent")}
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
