// What goes back to guests who cancel.
import { SelectField, TextField } from "../../../parts";
import type { fieldsOf } from "../shared/form";
import { IF_MOVED, type FieldName } from "./fields";

export function RefundFields({ field }: { field: ReturnType<typeof fieldsOf<FieldName>> }) {
  return (
    <>
      <div className="host-pair">
        <TextField
          label="Guests who cancel get back, percent"
          inputMode="numeric"
          required
          hint="0 for nothing, 100 for everything"
          {...field("refundPercent")}
        />
        <TextField
          label="Until hours before the start"
          inputMode="numeric"
          required
          hint="0 until it starts, 48 until two days before"
          {...field("refundUntilHours")}
        />
      </div>
      <SelectField
        label="If you move the event to another time or place, they get back"
        options={IF_MOVED}
        {...field("refundIfMoved")}
      />
    </>
  );
}
