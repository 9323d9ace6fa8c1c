// When and where an event is, for how many, and for how much.
import { TextField } from "../../../parts";
import type { fieldsOf } from "../shared/form";
import { timeHint, type FieldName, type Values } from "./fields";
import { ZoneField } from "./zone-field";

type Props = {
  field: ReturnType<typeof fieldsOf<FieldName>>;
  values: Values;
  /** Null if each ticket type has a price of its own. */
  priceHint: string | null;
};

export function TimeAndPrice({ field, values, priceHint }: Props) {
  return (
    <>
      <div className="host-pair">
        <TextField
          label="Starts"
          type="datetime-local"
          required
          hint={timeHint(values, "startsAt") ?? undefined}
          {...field("startsAt")}
        />
        <TextField
          label="Ends (optional)"
          type="datetime-local"
          hint={timeHint(values, "endsAt") ?? undefined}
          {...field("endsAt")}
        />
      </div>
      <ZoneField {...field("timeZone")} />
      <TextField label="Place (optional)" hint="An address, or “Online”" {...field("location")} />
      <TextField
        label="Only for guests (optional)"
        maxLength={300}
        hint="A link, a room or a code for the door. Only tickets show it."
        {...field("guestsOnly")}
      />
      <div className="host-pair">
        <TextField label="Seats" inputMode="numeric" required hint="0 for unlimited" {...field("capacity")} />
        {priceHint !== null && (
          <TextField
            label="Price of a seat in dollars"
            inputMode="decimal"
            required
            hint={priceHint}
            {...field("price")}
          />
        )}
      </div>
    </>
  );
}
