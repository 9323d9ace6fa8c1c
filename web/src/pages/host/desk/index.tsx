// The section of the desk: what waits for a yes, tickets, the knowledge base, and the rules.
import { useMemo, useState } from "react";
import type { ProfileView } from "../../../api/types";
import { Button, Notice, Time } from "../../../parts";
import * as api from "../api";
import { ApprovalQueue } from "./approvals";
import { Articles } from "./articles";
import { DeskRules } from "./rules";
import { DeskTickets } from "./tickets";
import { useHost } from "../access/session";
import { Trouble } from "../shared/trouble";
import { useAction } from "../shared/use-action";
import { useLoad } from "../shared/use-load";

const PARTS = [
  { id: "approvals", name: "Approvals" },
  { id: "tickets", name: "Tickets" },
  { id: "articles", name: "Knowledge base" },
  { id: "rules", name: "Rules" },
] as const;
type Part = (typeof PARTS)[number]["id"];

/** The section. */
export function Desk({ profile, showSettings }: { profile: ProfileView; showSettings: () => void }) {
  const { run } = useHost();
  const [part, setPart] = useState<Part>("approvals");
  const [ticket, setTicket] = useState<string | null>(null);
  const ask = useMemo(() => () => run(api.desk), [run]);
  const rules = useLoad(ask);
  const { value, error, reload } = rules;
  const stoppedAt = value?.trippedAt ?? null;
  const openTicket = (id: string) => {
    setTicket(id);
    setPart("tickets");
  };
  return (
    <>
      {!profile.doors.includes("desk") && (
        <Notice kind="warn" actions={<Button onClick={showSettings}>Go to the settings</Button>}>
          Your desk is closed, so agents can neither open tickets nor work on them.
        </Notice>
      )}
      {stoppedAt !== null && <Stopped at={stoppedAt} done={reload} />}
      {error !== null && <Trouble error={error} retry={reload} />}
      <div className="row" role="group" aria-label="Parts of the desk">
        {PARTS.map(({ id, name }) => (
          <Button key={id} pressed={id === part} onClick={() => setPart(id)}>
            {name}
          </Button>
        ))}
      </div>
      {part === "approvals" && <ApprovalQueue openTicket={openTicket} decided={reload} />}
      {part === "tickets" && <DeskTickets shown={ticket} show={setTicket} />}
      {part === "articles" && <Articles />}
      {part === "rules" && <DeskRules rules={rules} />}
    </>
  );
}

/** Nothing leaves until a person has looked at what came back. */
function Stopped({ at, done }: { at: string; done: () => void }) {
  const { run } = useHost();
  const { busy, error, run: act } = useAction();
  const reset = () =>
    act(async () => {
      await run(api.resetDesk);
      done();
    });
  return (
    <>
      <Notice
        kind="error"
        actions={
          <Button kind="primary" busy={busy} onClick={() => void reset()}>
            Reset
          </Button>
        }
      >
        <strong>Sending is stopped</strong> since <Time at={at} />: too many mails came back, or were
        complained of. Look at the addresses of your tickets, then reset it. Until then replies wait as
        drafts.
      </Notice>
      {error !== null && <Trouble error={error} />}
    </>
  );
}
