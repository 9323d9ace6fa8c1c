// The section of secrets: what is sealed and for sale, without its values.
import { useMemo, useRef, useState } from "react";
import type { ProfileView, SecretStatus, SecretView } from "../../../api/types";
import { Badge, Button, Empty, Money, Notice, Time, visible } from "../../../parts";
import * as api from "../api";
import { Confirm } from "../shared/confirm";
import { Said, type Words } from "../shared/outcome";
import { SecretForm } from "./form";
import { SecretLog } from "./log";
import { useHost } from "../access/session";
import { Loading, Trouble } from "../shared/trouble";
import { useLoad } from "../shared/use-load";

type Open = { what: "new" } | { what: "edit" | "log"; of: SecretView } | null;
type Props = { profile: ProfileView; showSettings: () => void };

/** The section. */
export function Secrets({ profile, showSettings }: Props) {
  const { run } = useHost();
  const ask = useMemo(() => () => run(api.secrets), [run]);
  const { value, error, busy, reload } = useLoad(ask);
  const [open, setOpen] = useState<Open>(null);
  const [words, setWords] = useState<Words | null>(null);
  const head = useRef<HTMLDivElement>(null);
  const show = (next: Open) => {
    setWords(null);
    setOpen(next);
  };
  const close = () => {
    setOpen(null);
    head.current?.focus();
  };
  const done = (text: string) => {
    setOpen(null);
    setWords({ kind: "ok", text });
    reload();
  };
  return (
    <>
      {!profile.doors.includes("vault") && (
        <Notice kind="warn" actions={<Button onClick={showSettings}>Go to the settings</Button>}>
          Your vault is closed, so nobody can buy your secrets.
        </Notice>
      )}
      <p className="quiet">
        Agents see name, description and price, and pay to read the value: an API key, a link, a recipe.
      </p>
      <div className="row" ref={head} tabIndex={-1} role="group" aria-label="Secrets">
        <Button kind="primary" onClick={() => show({ what: "new" })}>
          New secret
        </Button>
        <Button onClick={reload} busy={busy && value !== null}>
          Refresh
        </Button>
      </div>
      <Said words={words} />
      {open?.what === "new" && <SecretForm of={null} done={done} close={close} />}
      {open?.what === "edit" && <SecretForm key={open.of.id} of={open.of} done={done} close={close} />}
      {open?.what === "log" && <SecretLog key={open.of.id} of={open.of} close={close} />}
      {error !== null && <Trouble error={error} retry={reload} />}
      {value === null && error === null && <Loading what="Fetching your secrets…" />}
      {value?.secrets.length === 0 && (
        <Empty title="No secrets yet">Store the first one: it is sealed, and for sale at once.</Empty>
      )}
      <ul className="mm-list">
        {value?.secrets.toReversed().map((secret) => (
          <SecretCard
            key={secret.id}
            secret={secret}
            edit={() => show({ what: "edit", of: secret })}
            log={() => {
              show({ what: "log", of: secret });
              // What is counted beside it is as new as the log.
              reload();
            }}
            withdrawn={done}
          />
        ))}
      </ul>
    </>
  );
}

type CardProps = {
  secret: SecretView;
  edit: () => void;
  log: () => void;
  withdrawn: (message: string) => void;
};

function SecretCard({ secret, edit, log, withdrawn }: CardProps) {
  const [asks, setAsks] = useState(false);
  const { word, tone } = STATUS[secret.status];
  const titleId = `mm-secret-${secret.id}`;
  return (
    <li className="card">
      <div className="card-head">
        <h3 id={titleId} className="mm-stranger">
          {visible(secret.name)}
        </h3>
        <Badge tone={tone}>{word}</Badge>
      </div>
      {secret.description !== "" && <p className="mm-stranger mm-lines">{visible(secret.description)}</p>}
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
      {asks && <Withdraw secret={secret} close={() => setAsks(false)} done={withdrawn} />}
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
    <dl className="mm-facts">
      <div>
        <dt>Price</dt>
        <dd>
          <Money dollars={secret.price} />
        </dd>
      </div>
      <div>
        <dt>Sold</dt>
        <dd>{secret.retrievalCount}</dd>
      </div>
      <div>
        <dt>Version</dt>
        <dd>{secret.version}</dd>
      </div>
      <div>
        <dt>Expires</dt>
        <dd>{secret.expiresAt === undefined ? "Never" : <Time at={secret.expiresAt} />}</dd>
      </div>
    </dl>
  );
}

type WithdrawProps = { secret: SecretView; close: () => void; done: (message: string) => void };

function Withdraw({ secret, close, done }: WithdrawProps) {
  const { run } = useHost();
  const ask = async () => {
    const { message } = await run(() => api.withdrawSecret(secret.id));
    close();
    done(`“${secret.name}”: ${message}`);
  };
  return (
    <Confirm title="Withdraw this secret?" yes="Withdraw it" no="Keep it" ask={ask} close={close}>
      <p className="mm-stranger">
        “{visible(secret.name)}” is withdrawn for good: nobody can buy it any more. This cannot be undone. Its
        value is destroyed as soon as no buyer waits for it.
      </p>
      <p>
        {secret.retrievalCount === 0
          ? "Nobody has bought it so far. A payment that is under way still gets it."
          : `It was sold ${secret.retrievalCount} ${secret.retrievalCount === 1 ? "time" : "times"}, and the money stays in your wallet. A buyer can read it until a day after the first reading, and not later.`}
      </p>
    </Confirm>
  );
}
