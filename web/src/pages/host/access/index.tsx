// The section of credentials: tokens with which the host's own programs use the door.
import { useEffect, useMemo, useRef, useState } from "react";
import type { CreatedCredential, CredentialStatus, CredentialView, ProfileView } from "../../../api/types";
import { Badge, Button, Card, CopyBlock, Empty, Notice, Time, visible } from "../../../parts";
import * as api from "../api";
import { Confirm } from "../shared/confirm";
import { CredentialForm } from "./form";
import { TIERS } from "./fields";
import { Said, type Words } from "../shared/outcome";
import { useHost } from "./session";
import { Loading, Trouble } from "../shared/trouble";
import { useLoad } from "../shared/use-load";

/** The section. */
export function Credentials({ profile }: { profile: ProfileView }) {
  const { run } = useHost();
  const ask = useMemo(() => () => run(api.credentials), [run]);
  const { value, error, busy, reload } = useLoad(ask);
  const [isOpen, setIsOpen] = useState(false);
  const [created, setCreated] = useState<CreatedCredential | null>(null);
  const [words, setWords] = useState<Words | null>(null);
  const head = useRef<HTMLDivElement>(null);
  const close = () => {
    setIsOpen(false);
    setCreated(null);
    head.current?.focus();
  };
  const open = () => {
    setWords(null);
    setCreated(null);
    setIsOpen(true);
  };
  const made = (answer: CreatedCredential) => {
    setIsOpen(false);
    setCreated(answer);
    reload();
  };
  const revoked = (text: string) => {
    setWords({ kind: "ok", text });
    reload();
  };
  return (
    <>
      <p className="quiet">
        Your own agents need no wallet: each sends its token, and does at your door what you allow it, without
        paying.
      </p>
      <div className="row" ref={head} tabIndex={-1} role="group" aria-label="Credentials">
        <Button kind="primary" onClick={open}>
          New credential
        </Button>
        <Button onClick={reload} busy={busy && value !== null}>
          Refresh
        </Button>
      </div>
      <Said words={words} />
      {isOpen && <CredentialForm profile={profile} done={made} close={close} />}
      {created !== null && <Created created={created} mcpUrl={profile.mcpUrl} close={close} />}
      {error !== null && <Trouble error={error} retry={reload} />}
      {value === null && error === null && <Loading what="Fetching your credentials…" />}
      {value?.credentials.length === 0 && (
        <Empty title="No credentials yet">
          Make one for each program, so that you can revoke them apart.
        </Empty>
      )}
      <ul className="mm-list">
        {value?.credentials.map((credential) => (
          <CredentialCard
            key={credential.id}
            credential={credential}
            scope={profile.urlSafeId}
            revoked={revoked}
          />
        ))}
      </ul>
    </>
  );
}

type CreatedProps = { created: CreatedCredential; mcpUrl: string; close: () => void };

function Created({ created, mcpUrl, close }: CreatedProps) {
  const { credential, token, mayCall, message } = created;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  const header = `Authorization: Bearer ${token}`;
  return (
    <div ref={box} tabIndex={-1}>
      <Card
        title={<span className="mm-stranger">Token of “{visible(credential.name)}”</span>}
        level={3}
        tone="accent"
      >
        <Notice kind="warn">{message}</Notice>
        <CopyBlock text={token} what="token" />
        <div className="mm-snippet">
          <h4>For Claude Code</h4>
          <CopyBlock
            text={`claude mcp add --transport http my-door ${mcpUrl} --header "${header}"`}
            what="command for Claude Code"
          />
        </div>
        <div className="mm-snippet">
          <h4>For everything else: the header</h4>
          <CopyBlock text={header} what="header" />
        </div>
        <details>
          <summary>
            {mayCall.length === 1
              ? "The tool that it may call"
              : `The ${mayCall.length} tools that it may call`}
          </summary>
          <p className="mm-stranger">
            <code>{mayCall.join(", ") || "none of the open doors"}</code>
          </p>
        </details>
        <div className="row">
          <Button onClick={close}>I have copied it</Button>
        </div>
      </Card>
    </div>
  );
}

const STATUS: Record<CredentialStatus, { word: string; tone: "ok" | "warn" | "bad" }> = {
  active: { word: "Good", tone: "ok" },
  expired: { word: "Expired", tone: "warn" },
  revoked: { word: "Revoked", tone: "bad" },
};

type CardProps = { credential: CredentialView; scope: string; revoked: (words: string) => void };

function CredentialCard({ credential, scope, revoked }: CardProps) {
  const { run } = useHost();
  const [asks, setAsks] = useState(false);
  const { word, tone } = STATUS[credential.status];
  const titleId = `mm-credential-${credential.id}`;
  const revoke = async () => {
    const { message } = await run(() => api.revokeCredential(credential.id));
    setAsks(false);
    revoked(`“${credential.name}”: ${message}`);
  };
  return (
    <li className="card">
      <div className="card-head">
        <h3 id={titleId} className="mm-stranger">
          {visible(credential.name)}
        </h3>
        <Badge tone={tone}>{word}</Badge>
      </div>
      <Facts credential={credential} scope={scope} />
      {credential.status !== "revoked" && (
        <div className="row" role="group" aria-labelledby={titleId}>
          <Button kind="danger" onClick={() => setAsks(true)}>
            Revoke
          </Button>
        </div>
      )}
      {asks && (
        <Confirm
          title="Revoke this credential?"
          yes="Revoke it"
          no="Keep it"
          ask={revoke}
          close={() => setAsks(false)}
        >
          <p className="mm-stranger">
            “{visible(credential.name)}” is refused from the next request on. This cannot be undone.
          </p>
        </Confirm>
      )}
    </li>
  );
}

function Facts({ credential, scope }: { credential: CredentialView; scope: string }) {
  const { tier, tools, hint, createdAt, lastUsedAt, expiresAt } = credential;
  return (
    <dl className="mm-facts">
      <div>
        <dt>It may</dt>
        <dd>{TIERS[tier]}</dd>
      </div>
      <div>
        <dt>Tools</dt>
        <dd className="mm-stranger">{tools.length === 0 ? "All" : <code>{tools.join(", ")}</code>}</dd>
      </div>
      <div>
        <dt>Token</dt>
        <dd className="mm-stranger">
          <code>
            mcp_{scope.slice(0, 6)}…_{hint}…
          </code>
        </dd>
      </div>
      <div>
        <dt>Made</dt>
        <dd>
          <Time at={createdAt} />
        </dd>
      </div>
      <div>
        <dt>Last used</dt>
        <dd>{lastUsedAt === undefined ? "Never" : <Time at={lastUsedAt} />}</dd>
      </div>
      <div>
        <dt>Expires</dt>
        <dd>{expiresAt === undefined ? "Never" : <Time at={expiresAt} />}</dd>
      </div>
    </dl>
  );
}
