import { useState, type FormEvent } from "react";
import type { Policy } from "../../api/types";
import { toAtomic } from "../../base/amounts";
import { Button, Notice, Spinner, TextField } from "../../parts";
import { setPolicy, useSession } from "../../session";

const FIELDS = [
  { key: "perCall", label: "At most for one call, in dollars" },
  { key: "perSession", label: "At most in this session, in dollars" },
  { key: "perDay", label: "At most in 24 hours, in dollars" },
  { key: "askAbove", label: "Ask me above, in dollars", hint: "0 asks for every payment." },
] as const;

type Key = (typeof FIELDS)[number]["key"];

/** What the agent may spend. The Guest enforces it, whatever a server or a model asks for. */
export function PolicyForm({ onSaved }: { onSaved?: () => void }) {
  const policy = useSession((state) => state.policy?.policy ?? null);
  if (policy === null) return <Spinner label="Asking for the limits…" />;
  return <Fields key={FIELDS.map(({ key }) => policy[key]).join()} policy={policy} onSaved={onSaved} />;
}

function Fields({ policy, onSaved }: { policy: Policy; onSaved: (() => void) | undefined }) {
  const [values, setValues] = useState<Record<Key, string>>({
    perCall: policy.perCall,
    perSession: policy.perSession,
    perDay: policy.perDay,
    askAbove: policy.askAbove,
  });
  const [isTried, setIsTried] = useState(false);
  const isOpen = useSession((state) => state.link === "open");
  const errorOf = (key: Key) =>
    toAtomic(values[key].trim()) === null ? "Write dollars such as 0.50, with at most six decimals." : null;
  const allowed = [...policy.doors, ...policy.payTo];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (FIELDS.some(({ key }) => errorOf(key) !== null)) return;
    const changes = Object.fromEntries(FIELDS.map(({ key }) => [key, values[key].trim()]));
    if (setPolicy(changes)) onSaved?.();
  };
  return (
    <form className="stack" onSubmit={submit} noValidate>
      {FIELDS.map(({ key, label, ...rest }) => (
        <TextField
          key={key}
          label={label}
          inputMode="decimal"
          value={values[key]}
          onChange={(value) => setValues({ ...values, [key]: value })}
          error={isTried ? errorOf(key) : null}
          required
          {...rest}
        />
      ))}
      {allowed.length > 0 && (
        <Notice>
          Only these are paid: {allowed.join(", ")}. Other programs of this session may change that.
        </Notice>
      )}
      <div className="row">
        <Button kind="primary" type="submit" disabled={!isOpen}>
          Save the limits
        </Button>
      </div>
    </form>
  );
}
