// The section of the desk: approvals, tickets, knowledge base, prices and rules.
import { useState } from "react";
import type { ProfileView } from "../../../api/types";
import { Button, Notice, Time } from "../../../parts";
import { useHost } from "../access/session";
import { ProductOff } from "../shared/product-off";
import { Trouble } from "../shared/trouble";
import { useAction } from "../shared/use-action";
import { useLoad } from "../shared/use-load";
import * as api from "./api";
import { ApprovalQueue } from "./approvals";
import { Articles } from "./articles";
import { Prices } from "./prices";
import { DeskRules } from "./rules";
import { Tickets } from "./tickets";

const PARTS = [
  { id: "approvals", name: "Approvals" },
  { id: "tickets", name: "Tickets" },
  { id: "articles", name: "Knowledge base" },
  { id: "prices", name: "Prices" },
  { id: "rules", name: "Rules" },
] as const;
type Part = (typeof PARTS)[number]["id"];

export function Desk({ profile, showSettings }: { profile: ProfileView; showSettings: () => void }) {
  const [part, setPart] = useState<Part>("approvals");
  const [ticket, setTicket] = useState<string | null>(null);
  const rules = useLoad(api.desk);
  const stoppedAt = rules.value?.trippedAt ?? null;
  const openTicket = (id: string) => {
    setTicket(id);
    setPart("tickets");
  };
  return (
    <>
      <ProductOff profile={profile} product="desk" showSettings={showSettings}>
        Your desk is switched off, so agents can neither open tickets nor work on them.
      </ProductOff>
      {stoppedAt !== null && <SendingStopped at={stoppedAt} done={rules.reload} />}
      {rules.error !== null && <Trouble error={rules.error} retry={rules.reload} />}
      <div className="row" role="group" aria-label="Parts of the desk">
        {PARTS.map(({ id, name }) => (
          <Button key={id} pressed={id === part} onClick={() => setPart(id)}>
            {name}
          </Button>
        ))}
      </div>
      {part === "approvals" && (
        <ApprovalQueue openTicket={openTicket} showRules={() => setPart("rules")} decided={rules.reload} />
      )}
      {part === "tickets" && <Tickets shown={ticket} show={setTicket} />}
      {part === "articles" && <Articles />}
      {part === "prices" && <Prices />}
      {part === "rules" && <DeskRules rules={rules} />}
    </>
  );
}

/** No mail is sent until the host resets the desk. */
function SendingStopped({ at, done }: { at: string; done: () => void }) {
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
        <strong>Sending is stopped</strong> since <Time at={at} />: too many mails were refused, bounced or
        were reported as spam. Check the addresses of your tickets, then reset it. Until then replies wait as
        drafts.
      </Notice>
      {error !== null && <Trouble error={error} />}
    </>
  );
}
