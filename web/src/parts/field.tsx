import { useId, type ReactNode } from "react";

/** The props that connect a control with its label, hint and error. */
export type ControlProps = {
  id: string;
  className: string;
  required: boolean;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
};

type Texts = {
  label: string;
  hint?: ReactNode;
  error?: string | null | undefined;
  required?: boolean;
  /** The label is only for screen readers. */
  hideLabel?: boolean;
};

/** A label, the control that `children` renders, its hint and its error. */
export function Field(props: Texts & { children: (control: ControlProps) => ReactNode }) {
  const id = useId();
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const hasError = props.error !== undefined && props.error !== null && props.error !== "";
  const described = [props.hint !== undefined && hintId, hasError && errorId].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id} className={props.hideLabel ? "visually-hidden" : "field-label"}>
        {props.label}
      </label>
      {props.children({
        id,
        className: "control",
        required: props.required ?? false,
        "aria-describedby": described || undefined,
        "aria-invalid": hasError || undefined,
      })}
      {props.hint !== undefined && (
        <p id={hintId} className="field-hint">
          {props.hint}
        </p>
      )}
      {hasError && (
        <p id={errorId} className="field-error" role="alert">
          {props.error}
        </p>
      )}
    </div>
  );
}

type Valued = Texts & {
  value: string;
  onChange: (value: string) => void;
  disabled?: boolean;
  placeholder?: string;
  maxLength?: number;
  name?: string;
};

type TextFieldProps = Valued & {
  type?: "text" | "url" | "email" | "number" | "search" | "datetime-local" | "date";
  inputMode?: "text" | "decimal" | "numeric" | "url" | "email" | "search";
  autoComplete?: string;
  min?: string;
  max?: string;
  step?: string;
};

/** A field for one line of text, a number, or a date. */
export function TextField({ type = "text", autoComplete = "off", ...props }: TextFieldProps) {
  return (
    <Field {...textsOf(props)}>
      {(control) => (
        <input
          {...control}
          type={type}
          value={props.value}
          onChange={(event) => props.onChange(event.target.value)}
          disabled={props.disabled}
          placeholder={props.placeholder}
          maxLength={props.maxLength}
          name={props.name}
          inputMode={props.inputMode}
          autoComplete={autoComplete}
          min={props.min}
          max={props.max}
          step={props.step}
          spellCheck={type === "text"}
        />
      )}
    </Field>
  );
}

/** A field for several lines of text. */
export function TextArea({ rows = 3, ...props }: Valued & { rows?: number }) {
  return (
    <Field {...textsOf(props)}>
      {(control) => (
        <textarea
          {...control}
          rows={rows}
          value={props.value}
          onChange={(event) => props.onChange(event.target.value)}
          disabled={props.disabled}
          placeholder={props.placeholder}
          maxLength={props.maxLength}
          name={props.name}
        />
      )}
    </Field>
  );
}

/** A field for one of several options. */
export function SelectField(
  props: Valued & { options: readonly { value: string; label: string; disabled?: boolean }[] },
) {
  return (
    <Field {...textsOf(props)}>
      {(control) => (
        <select
          {...control}
          value={props.value}
          onChange={(event) => props.onChange(event.target.value)}
          disabled={props.disabled}
          name={props.name}
        >
          {props.options.map((option) => (
            <option key={option.value} value={option.value} disabled={option.disabled}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** A checkbox with its label beside it. */
export function CheckField(props: {
  label: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className="check-field">
      <input
        id={id}
        type="checkbox"
        checked={props.checked}
        onChange={(event) => props.onChange(event.target.checked)}
        disabled={props.disabled}
      />
      <label htmlFor={id}>{props.label}</label>
    </div>
  );
}

function textsOf({ label, hint, error, required, hideLabel }: Texts): Texts {
  return {
    label,
    error,
    ...(hint === undefined ? {} : { hint }),
    ...(required === undefined ? {} : { required }),
    ...(hideLabel === undefined ? {} : { hideLabel }),
  };
}
