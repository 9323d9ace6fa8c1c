// The field for the value of a secret. The typed text is only in the field: the page holds no copy.
import { useState, type RefObject } from "react";
import { Button, Field } from "../../../parts";

type Props = {
  /** The form reads the field once, then empties it. */
  field: RefObject<HTMLTextAreaElement | null>;
  label: string;
  hint: string;
  required: boolean;
  error: string | undefined;
};

/** Shows dots until the user asks for the text. */
export function ValueField({ field, label, hint, required, error }: Props) {
  const [isShown, setIsShown] = useState(false);
  return (
    <div className="stack-tight">
      <Field label={label} hint={hint} required={required} error={error}>
        {(control) => (
          <textarea
            {...control}
            ref={field}
            className={isShown ? "control mono" : "control mono host-hidden-value"}
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
