// One secret of the host, and its actions.
import { useState } from "react";
import type { SecretStatus, SecretView } from "../../../api/types";
import { Badge, Button, Money, Time, visible } from "../../../parts";
import { useHost } from "../access/session";
import { Confirm } from "../shared/confirm";
import { Fact } from "../shared/fact";
import * as api from "./api";

type CardProps = {
  secret: SecretView;
  edit: () => void;
  log: () => void;
  withdrawn: (message: string) => void;
};

export function SecretCard({ secret, edit, log, withdrawn }: CardProps) {
  const [asks, setAsks] = useState(false);
  const { word, tone } = STATUS[secret.status];
  const titleId = `host-secret-${secret.id}`;
  return (
    <li className="card">
      <div className="card-head">
        <h3 id={titleId} className="host-untrusted">
          {visible(secret.name)}
        </h3>
        <Badge tone={tone}>{word}</Badge>
      </div>
      {secret.description !== "" && (
        <p className="host-untrusted host-lines">{visible(secret.description)}</p>
      )}
      <Facts secret={secret} />
      <div className="row" role="group" aria-labelledby={titleId}>
        {secret.status !== "revoked" && <Button onClick={edit}>Change</Button>}
        <Button onClick={log}>Who has read it</Button>
        {secret.status !== "revoked" && (
          <Button kind="danger" onClick={() => setAsks(true)}>
            Withdraw
          </Button>
        )}
      </div>
      {asks && <WithdrawDialog secret={secret} close={() => setAsks(false)} done={withdrawn} />}
    </li>
  );
}

const STATUS: Record<SecretStatus, { word: string; tone: "ok" | "warn" | "bad" }> = {
  active: { word: "For sale", tone: "ok" },
  expired: { word: "Expired", tone: "warn" },
  revoked: { word: "Withdrawn", tone: "bad" },
};

function Facts({ secret }: { secret: SecretView }) {
  return (
    <dl className="host-facts">
      <Fact name="Price">
        <Money dollars={secret.price} />
      </Fact>
      <Fact name="Sold">{secret.retrievalCount}</Fact>
      <Fact name="Version">{secret.version}</Fact>
      <Fact name="Expires">{secret.expiresAt === undefined ? "Never" : <Time at={secret.expiresAt} />}</Fact>
    </dl>
  );
}

type WithdrawProps = { secret: SecretView; close: () => void; done: (message: string) => void };

function WithdrawDialog({ secret, close, done }: WithdrawProps) {
  const { run } = useHost();
  const withdraw = async () => {
    const { message } = await run(() => api.withdrawSecret(secret.id));
    close();
    done(`“${secret.name}”: ${message}`);
  };
  return (
    <Confirm title="Withdraw this secret?" yes="Withdraw it" no="Keep it" action={withdraw} close={close}>
      <p className="host-untrusted">
        “{visible(secret.name)}” is withdrawn for good: nobody can buy it any more. This cannot be undone. Its
        value is destroyed as soon as no buyer waits for it.
      </p>
      <p>
        {secret.retrievalCount === 0
          ? "It was not sold yet. A payment that is under way still gets it."
          : `It was sold ${secret.retrievalCount} ${secret.retrievalCount === 1 ? "time" : "times"}, and the money stays in your wallet. Each buyer can read it for one day after the first reading, not longer.`}
      </p>
    </Confirm>
  );
}
