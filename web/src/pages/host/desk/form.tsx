import { useState, type FormEvent } from "react";
import type { TicketView } from "../../../api/types";
import { Button, Card, SelectField, TextField } from "../../../parts";
import { useHost } from "../access/session";
import { fieldsOf } from "../shared/form";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction } from "../shared/use-action";
import * as api from "./api";
import { PRIORITIES, TICKET_FIELDS, ticketChanges, ticketValues, type TicketValues } from "./fields";

type Props = { ticket: TicketView; done: (message: string) => void };

/** The form for status, priority, category, assignee and tags. Give each version of a ticket its own `key`. */
export function TicketForm({ ticket, done }: Props) {
  const { run } = useHost();
  const [values, setValues] = useState(() => ticketValues(ticket));
  const { busy, error, run: act } = useAction();
  const fault = fieldFault(error, TICKET_FIELDS);
  const field = fieldsOf<keyof TicketValues>(
    values,
    setValues,
    fault === null ? {} : { [fault.name]: fault.remedy },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const changes = ticketChanges(values, ticket);
    if (Object.keys(changes).length === 0) return done("Nothing was changed.");
    void act(async () => {
      await run(() => api.changeTicket(ticket.ticketId, changes));
      done("The ticket was changed.");
    });
  };
  return (
    <Card title="Change the ticket" level={4}>
      <form className="host-form" onSubmit={submit} noValidate>
        <div className="host-pair">
          <SelectField
            label="Status"
            options={[
              { value: "open", label: "Open" },
              { value: "resolved", label: "Resolved" },
            ]}
            {...field("status")}
          />
          <SelectField
            label="Priority"
            options={PRIORITIES.map((value) => ({ value, label: value }))}
            {...field("priority")}
          />
        </div>
        <div className="host-pair">
          <TextField label="Category (optional)" {...field("category")} />
          <TextField label="Assigned to (optional)" {...field("assignee")} />
        </div>
        <TextField label="Tags (optional)" hint="Separated by commas" {...field("tags")} />
        {error !== null && fault === null && <Trouble error={error} />}
        <div className="row">
          <Button kind="primary" type="submit" busy={busy}>
            Save the ticket
          </Button>
        </div>
      </form>
    </Card>
  );
}
