import { useState } from "react";
import { TextField } from "../../../parts";
import { momentHint } from "./moment-hint";

type Props = {
  label: string;
  value: string;
  onChange: (wall: string) => void;
  /** Of the typed time. */
  timeZone: string;
  /** What is said while the field is empty. */
  hint?: string;
  name?: string;
  required?: boolean;
  error?: string | null | undefined;
};

/** A field for a date and a time. Below it stands in words what is meant, and how far away that is. */
export function MomentField({ timeZone, hint, ...props }: Props) {
  const [now] = useState(Date.now);
  return <TextField type="datetime-local" hint={momentHint(props.value, timeZone, now) ?? hint} {...props} />;
}
