// When and where an event is, for how many, and for how much.
import { useRef } from "react";
import { CheckField, TextField } from "../../../parts";
import type { fieldsOf } from "../shared/form";
import { MomentField } from "../shared/moment-field";
import type { FieldName, Values } from "./fields";
import { Group } from "./groups";
import { ZoneField } from "./zone-field";

type Props = {
  field: ReturnType<typeof fieldsOf<FieldName>>;
  values: Values;
};

export function TimeAndPlace({ field, values }: Props) {
  const zone = values.timeZone.trim();
  return (
    <Group title="When and where" hint="Guests see it in your time zone, with its name.">
      <div className="host-pair">
        <MomentField label="Starts" required timeZone={zone} {...field("startsAt")} />
        <MomentField label="Ends (optional)" timeZone={zone} {...field("endsAt")} />
      </div>
      <ZoneField {...field("timeZone")} />
      <TextField label="Place (optional)" hint="An address, or “Online”" {...field("location")} />
    </Group>
  );
}

/** `priceHint` is null if each ticket type has a price of its own. */
export function SeatsAndPrice({ field, priceHint }: Omit<Props, "values"> & { priceHint: string | null }) {
  const { value, onChange, ...capacity } = field("capacity");
  const isUnlimited = value.trim() === "0";
  // What was typed comes back when there is a limit again.
  const typed = useRef("");
  const limit = (isOff: boolean) => {
    if (isOff) typed.current = value;
    onChange(isOff ? "0" : typed.current);
  };
  return (
    <Group title="Seats and price" hint="You are paid directly, in USDC.">
      <div className="host-pair">
        {priceHint !== null && (
          <TextField
            label="Price of a seat in dollars"
            inputMode="decimal"
            required
            hint={priceHint}
            {...field("price")}
          />
        )}
        <TextField
          label="Seats"
          inputMode="numeric"
          required={!isUnlimited}
          disabled={isUnlimited}
          {...capacity}
          value={isUnlimited ? "" : value}
          onChange={onChange}
        />
      </div>
      <CheckField label="No limit on seats" checked={isUnlimited} onChange={limit} />
    </Group>
  );
}
