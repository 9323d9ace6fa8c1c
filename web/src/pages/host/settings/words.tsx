import { useMemo, useState, type FormEvent } from "react";
import type { ProfileView } from "../../../api/types";
import { Button, Card, Notice, TextArea, TextField } from "../../../parts";
import { FACE } from "../../../parts/picture";
import { PictureField, type PictureChange } from "../../../parts/picture-field";
import { useHost } from "../access/session";
import { fieldsOf } from "../shared/form";
import { own } from "../shared/paths";
import { pictureRequest } from "../shared/picture-api";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction } from "../shared/use-action";
import * as api from "./api";

const NO_CHANGE: PictureChange = { kind: "none" };
const NAMES = ["displayName", "about"] as const;
type Name = (typeof NAMES)[number];
type Values = Record<Name, string>;

/** What guests read about the host: on its page, its events' pages, its tickets, and when they pay. */
export function Words({ profile }: { profile: ProfileView }) {
  const [values, setValues] = useState<Values>({ displayName: profile.displayName, about: profile.about });
  const [picture, setPicture] = useState(NO_CHANGE);
  const { errors, error, message, busy, save } = useSave(profile, values, picture, setPicture);
  const field = fieldsOf<Name>(values, setValues, errors);
  return (
    <Card title="Your name for guests" level={3}>
      <form className="host-form" onSubmit={save} noValidate>
        <PictureField
          legend="Your picture"
          kept={profile.picturePath ? { path: profile.picturePath, alt: profile.pictureAlt ?? "" } : null}
          change={picture}
          onChange={setPicture}
          crop={FACE}
          drawn={<img className="cover" src={`/covers/${profile.urlSafeId}/0-own/face.svg`} alt="" />}
        />
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

function useSave(
  profile: ProfileView,
  values: Values,
  picture: PictureChange,
  setPicture: (change: PictureChange) => void,
) {
  const { run, changed } = useHost();
  const [message, setMessage] = useState("");
  const { busy, error, run: act } = useAction();
  const named = useMemo(() => fieldFault(error, NAMES), [error]);
  const save = (event: FormEvent) => {
    event.preventDefault();
    setMessage("");
    const isChanged = NAMES.some((name) => values[name].trim() !== profile[name]);
    const upload = pictureRequest<ProfileView>(own("me"), picture);
    if (!isChanged && upload === null) return setMessage("Nothing to save: guests read this already.");
    void act(async () => {
      const words = { displayName: values.displayName.trim(), about: values.about.trim() };
      if (isChanged) changed(await run(() => api.changeWords(words)));
      if (upload !== null) changed(await run(upload));
      setPicture(NO_CHANGE);
      setMessage("Guests read it from now on.");
    });
  };
  const errors: Partial<Values> = named === null ? {} : { [named.name]: named.remedy };
  return { errors, error: named === null ? error : null, message, busy, save };
}
