// What the forms share: the props of their fields, and the focus.
import { useEffect, useRef, type Dispatch, type SetStateAction } from "react";

type Values<Name extends string> = Readonly<Record<Name, string>>;

/** The props of the field `name` in a form whose values are texts. */
export function fieldsOf<Name extends string>(
  values: Values<Name>,
  change: Dispatch<SetStateAction<Record<Name, string>>>,
  errors: Readonly<Partial<Record<Name, string>>>,
) {
  return (name: Name) => ({
    name,
    value: values[name],
    onChange: (text: string) => change((before) => ({ ...before, [name]: text })),
    error: errors[name],
  });
}

/** What is refused: a field, or a list of fields, which says it in a line of its own. */
const REFUSED = "[aria-invalid], .field-error[tabindex]";

/** The ref of a form: its first field gets the focus at once, the first refused field or list when `errors` change. */
export function useFormFocus(errors: Readonly<Record<string, string | undefined>> | null = null) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => focusOn(form.current, "input, textarea"), []);
  useEffect(() => {
    if (errors !== null && Object.keys(errors).length > 0) focusOn(form.current, REFUSED);
  }, [errors]);
  return form;
}

function focusOn(form: HTMLFormElement | null, selector: string): void {
  const field = form?.querySelector(selector);
  if (field instanceof HTMLElement) field.focus();
}
