import { useState, type FormEvent } from "react";
import { Button, Dialog, TextField } from "../../parts";

/** Opens a ticket by its link, from a mail or another device. */
export function AddTicket() {
  const [isOpen, setIsOpen] = useState(false);
  const [link, setLink] = useState("");
  const [error, setError] = useState<string | null>(null);
  const close = () => setIsOpen(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const path = ticketPath(link);
    if (path === null) setError("This is not the link of a ticket. It ends in /t/ and a code.");
    else location.assign(path);
  };
  return (
    <>
      <Button kind="quiet" icon="plus" onClick={() => setIsOpen(true)}>
        Add a ticket
      </Button>
      {isOpen && (
        <Dialog title="Add a ticket" onCancel={close}>
          <form className="stack" onSubmit={submit} noValidate>
            <TextField
              label="Link of the ticket"
              type="url"
              inputMode="url"
              value={link}
              onChange={setLink}
              error={error}
              hint="It is in the mail about the ticket, or your agent has it."
              required
            />
            <div className="row">
              <Button kind="primary" type="submit">
                Show the ticket
              </Button>
              <Button kind="ghost" onClick={close}>
                Close
              </Button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}

/** The path of a ticket of this site; only that is gone to. */
function ticketPath(text: string): string | null {
  const typed = text.trim();
  if (!URL.canParse(typed)) return null;
  const { origin, pathname } = new URL(typed);
  return origin === location.origin && /^\/t\/[\w-]{1,200}$/.test(pathname) ? pathname : null;
}
