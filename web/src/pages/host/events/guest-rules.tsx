// What else guests are told.
import type { OwnEvent } from "../../../api/types";
import { SelectField, TextField } from "../../../parts";
import type { fieldsOf } from "../shared/form";
import { remindersWith, valuesOf, type FieldName, type Values } from "./fields";

type Props = { field: ReturnType<typeof fieldsOf<FieldName>>; values: Values };

export function GuestRules({ field, values }: Props) {
  return (
    <>
      <TextField
        label="Only for guests (optional)"
        maxLength={300}
        hint="A link, a room or a code for the entrance. Only tickets show it."
        {...field("guestsOnly")}
      />
      <SelectField
        label="Remind guests by e-mail"
        options={remindersWith(values.remindHours)}
        {...field("remindHours")}
      />
    </>
  );
}

/** Guests are told of what they have planned with. */
const TOLD = ["title", "startsAt", "endsAt", "timeZone", "location"] as const;

/** Says so when a change is one that guests are told of. */
export function TellsGuests({ values, event }: { values: Values; event: OwnEvent | null }) {
  if (event === null || event.rsvpCount === 0) return null;
  const before = valuesOf(event);
  if (TOLD.every((name) => values[name].trim() === before[name].trim())) return null;
  return (
    <p className="quiet small">
      Guests who gave an e-mail address are told of another time, place or title, a few minutes after you
      save.
    </p>
  );
}
