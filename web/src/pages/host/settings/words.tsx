import { useMemo, useState, type FormEvent } from "react";
import type { ProfileView } from "../../../api/types";
import { Button, Card, Notice, TextArea, TextField } from "../../../parts";
import { useHost } from "../access/session";
import { fieldsOf } from "../shared/form";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction } from "../shared/use-action";
import * as api from "./api";

const NAMES = ["displayName", "about"] as const;
type Name = (typeof NAMES)[number];
type Values = Record<Name, string>;

/** What guests read about the host: on its page, its events' pages, its tickets, and when they pay. */
export function Words({ profile }: { profile: ProfileView }) {
  const [values, setValues] = useState<Values>({ displayName: profile.displayName, about: profile.about });
  const { errors, error, message, busy, save } = useSave(profile, values);
  const field = fieldsOf<Name>(values, setValues, errors);
  return (
    <Card title="Your name for guests" level={3}>
      <form className="host-form" onSubmit={save} noValidate>
        <TextField label="Name" hint="Guests see it when they pay" maxLength={80} {...field("displayName")} />
        <TextArea label="About you (optional)" rows={3} maxLength={500} {...field("about")} />
        {error !== null && <Trouble error={error} />}
        {message && <Notice kind="ok">{message}</Notice>}
        <div className="row">
          <Button kind="primary" type="submit" busy={busy}>
            Save name
          </Button>
        </div>
      </form>
    </Card>
  );
}

function useSave(profile: ProfileView, values: Values) {
  const { run, changed } = useHost();
  const [message, setMessage] = useState("");
  const { busy, error, run: act } = useAction();
  const named = useMemo(() => fieldFault(error, NAMES), [error]);
  const save = (event: FormEvent) => {
    event.preventDefault();
    setMessage("");
    const isChanged = NAMES.some((name) => values[name].trim() !== profile[name]);
    if (!isChanged) return setMessage("Nothing to save: guests read this already.");
    void act(async () => {
      changed(
        await run(() =>
          api.changeWords({ displayName: values.displayName.trim(), about: values.about.trim() }),
        ),
      );
      setMessage("Guests read it from now on.");
    });
  };
  const errors: Partial<Values> = named === null ? {} : { [named.name]: named.remedy };
  return { errors, error: named === null ? error : null, message, busy, save };
}
