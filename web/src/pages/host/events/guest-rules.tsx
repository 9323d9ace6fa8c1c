// What guests get back, and what they are told.
import type { OwnEvent } from "../../../api/types";
import { SelectField } from "../../../parts";
import type { fieldsOf } from "../shared/form";
import { remindersWith, valuesOf, type FieldName, type Values } from "./fields";
import { RefundFields } from "./refund-fields";

type Props = {
  field: ReturnType<typeof fieldsOf<FieldName>>;
  values: Values;
  /** The event that is changed; null for a new one. */
  event: OwnEvent | null;
};

export function GuestRules({ field, values, event }: Props) {
  return (
    <>
      <RefundFields field={field} />
      <SelectField
        label="Remind guests by e-mail"
        options={remindersWith(values.remindHours)}
        {...field("remindHours")}
      />
      {event !== null && isTold(values, event) && (
        <p className="quiet small">
          Guests who gave an e-mail address are told of another time, place or title, a few minutes after you
          save.
        </p>
      )}
    </>
  );
}

/** Guests are told of what they have planned with. */
const TOLD = ["title", "startsAt", "endsAt", "timeZone", "location"] as const;

function isTold(values: Values, event: OwnEvent): boolean {
  const before = valuesOf(event);
  return event.rsvpCount > 0 && TOLD.some((name) => values[name].trim() !== before[name].trim());
}
