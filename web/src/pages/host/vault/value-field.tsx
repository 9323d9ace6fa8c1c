// The one field that a secret is written into. What is typed stays in the field alone: the page holds no copy.
import { useState, type RefObject } from "react";
import { Button, Field } from "../../../parts";

type Props = {
  /** Where the form reads what was typed, once, and empties it. */
  field: RefObject<HTMLTextAreaElement | null>;
  label: string;
  hint: string;
  required: boolean;
  error: string | undefined;
};

/** Dots in place of letters until it is asked for. */
export function SecretValue({ field, label, hint, required, error }: Props) {
  const [isShown, setIsShown] = useState(false);
  return (
    <div className="stack-tight">
      <Field label={label} hint={hint} required={required} error={error}>
        {(control) => (
          <textarea
            {...control}
            ref={field}
            className={isShown ? "control mono" : "control mono mm-hidden-value"}
            rows={3}
            autoComplete="off"
            autoCorrect="off"
            autoCapitalize="off"
            spellCheck={false}
          />
        )}
      </Field>
      <div className="row">
        <Button
          size="small"
          pressed={isShown}
          label="Show the value while typing"
          onClick={() => setIsShown(!isShown)}
        >
          Show
        </Button>
      </div>
    </div>
  );
}
