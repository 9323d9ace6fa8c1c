// What is sold at the door: events, secrets, work at the desk.
import { useState, type FormEvent } from "react";
import type { ProfileView } from "../../../api/types";
import { Button, Card, CheckField, Notice } from "../../../parts";
import * as api from "../api";
import { useHost } from "../access/session";
import { Trouble } from "../shared/trouble";
import { useAction } from "../shared/use-action";

const DOORS = [
  { id: "events", name: "Events: agents list them and buy seats" },
  { id: "vault", name: "Vault: agents buy your secrets" },
  { id: "desk", name: "Desk: agents open tickets and work on them, and pay for each action" },
] as const;

/** Which doors are open; at least one is. */
export function Doors({ profile }: { profile: ProfileView }) {
  const { run, changed } = useHost();
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(profile.doors));
  const [message, setMessage] = useState("");
  const { busy, error, run: act } = useAction();
  const toggle = (id: string, isOpen: boolean) => {
    setMessage("");
    const next = new Set(open);
    if (isOpen) next.add(id);
    else next.delete(id);
    setOpen(next);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setMessage("");
    const doors = DOORS.map(({ id }) => id).filter((id) => open.has(id));
    if (doors.length === 0) return;
    void act(async () => {
      const next = await run(() => api.changeDoors(doors));
      changed(next);
      setOpen(new Set(next.doors));
      setMessage("The doors were changed. Clients that are connected see it when they list the tools anew.");
    });
  };
  return (
    <Card title="Doors" level={3}>
      <p>What agents find at your address. What is closed stays as it is until you open it again.</p>
      <form className="mm-form" onSubmit={submit}>
        <fieldset className="stack-tight">
          <legend className="visually-hidden">Open doors</legend>
          {DOORS.map(({ id, name }) => (
            <CheckField
              key={id}
              label={name}
              checked={open.has(id)}
              onChange={(isOpen) => toggle(id, isOpen)}
            />
          ))}
        </fieldset>
        {open.size === 0 && (
          <p className="field-error" role="alert">
            At least one door stays open.
          </p>
        )}
        {error !== null && <Trouble error={error} />}
        {message && <Notice kind="ok">{message}</Notice>}
        <div className="row">
          <Button kind="primary" type="submit" busy={busy} disabled={open.size === 0}>
            Save doors
          </Button>
        </div>
      </form>
    </Card>
  );
}
