// What a host changes about a ticket: how it stands, what it is about, who looks after it.
import { useState, type FormEvent } from "react";
import type { TicketView } from "../../../api/types";
import { Button, Card, SelectField, TextField } from "../../../parts";
import * as api from "../api";
import { useHost } from "../access/session";
import { PRIORITIES, TICKET_FIELDS, ticketChanges, ticketValues, type TicketValues } from "./fields";
import { Trouble } from "../shared/trouble";
import { faultOf, useAction } from "../shared/use-action";

type Props = { ticket: TicketView; done: (words: string) => void };

/** The form; its owner makes it anew when the ticket has changed. */
export function TicketForm({ ticket, done }: Props) {
  const { run } = useHost();
  const [values, setValues] = useState(() => ticketValues(ticket));
  const { busy, error, run: act } = useAction();
  const fault = faultOf(error, TICKET_FIELDS);
  const at = (name: keyof TicketValues) => ({
    name,
    value: values[name],
    onChange: (text: string) => setValues((was) => ({ ...was, [name]: text })),
    error: fault?.name === name ? fault.remedy : undefined,
  });
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
      <form className="mm-form" onSubmit={submit} noValidate>
        <div className="mm-pair">
          <SelectField
            label="Status"
            options={[
              { value: "open", label: "Open" },
              { value: "resolved", label: "Resolved" },
            ]}
            {...at("status")}
          />
          <SelectField
            label="Priority"
            options={PRIORITIES.map((value) => ({ value, label: value }))}
            {...at("priority")}
          />
        </div>
        <div className="mm-pair">
          <TextField label="Category (optional)" {...at("category")} />
          <TextField label="Looked after by (optional)" {...at("assignee")} />
        </div>
        <TextField label="Tags (optional)" hint="With commas in between" {...at("tags")} />
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
