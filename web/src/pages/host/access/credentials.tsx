// The section of credentials: tokens with which the host's own programs use the server.
import { useRef, useState } from "react";
import type { CreatedCredential, CredentialStatus, CredentialView, ProfileView } from "../../../api/types";
import { Badge, Button, Empty, Time, visible } from "../../../parts";
import { Confirm } from "../shared/confirm";
import { Fact } from "../shared/fact";
import { useLive } from "../shared/live";
import { LoadState } from "../shared/loaded";
import { Outcome, type Message } from "../shared/outcome";
import { useLoad } from "../shared/use-load";
import * as api from "./api";
import { CreatedToken } from "./created-token";
import { TIERS } from "./credential-fields";
import { CredentialForm } from "./credential-form";
import { useHost } from "./session";

export function Credentials({ profile }: { profile: ProfileView }) {
  const load = useLoad(api.credentials);
  useLive(load);
  const [isOpen, setIsOpen] = useState(false);
  const [created, setCreated] = useState<CreatedCredential | null>(null);
  const [message, setMessage] = useState<Message | null>(null);
  const head = useRef<HTMLDivElement>(null);
  const close = () => {
    setIsOpen(false);
    setCreated(null);
    head.current?.focus();
  };
  const open = () => {
    setMessage(null);
    setCreated(null);
    setIsOpen(true);
  };
  const done = (answer: CreatedCredential) => {
    setIsOpen(false);
    setCreated(answer);
    load.reload();
  };
  const revoked = (text: string) => {
    setMessage({ kind: "ok", text });
    load.reload();
  };
  const credentials = load.value?.credentials ?? [];
  return (
    <>
      <p className="quiet">
        Your own agents need no wallet: each sends its token, and uses your server without paying, as far as
        you allow it.
      </p>
      <div className="row" ref={head} tabIndex={-1} role="group" aria-label="Credentials">
        <Button kind="primary" onClick={open}>
          New credential
        </Button>
      </div>
      <Outcome message={message} />
      {isOpen && <CredentialForm profile={profile} done={done} close={close} />}
      {created !== null && <CreatedToken created={created} mcpUrl={profile.mcpUrl} close={close} />}
      <LoadState of={load} loading="Loading your credentials…" />
      {load.isLoaded && credentials.length === 0 && (
        <Empty title="No credentials yet">
          Create one for each program, so that you can revoke each by itself.
        </Empty>
      )}
      <ul className="host-list">
        {credentials.map((credential) => (
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

const STATUS: Record<CredentialStatus, { word: string; tone: "ok" | "warn" | "bad" }> = {
  active: { word: "Active", tone: "ok" },
  expired: { word: "Expired", tone: "warn" },
  revoked: { word: "Revoked", tone: "bad" },
};

type CardProps = { credential: CredentialView; scope: string; revoked: (message: string) => void };

function CredentialCard({ credential, scope, revoked }: CardProps) {
  const { run } = useHost();
  const [asks, setAsks] = useState(false);
  const { word, tone } = STATUS[credential.status];
  const titleId = `host-credential-${credential.id}`;
  const revoke = async () => {
    const { message } = await run(() => api.revokeCredential(credential.id));
    setAsks(false);
    revoked(`“${credential.name}”: ${message}`);
  };
  return (
    <li className="card">
      <div className="card-head">
        <h3 id={titleId} className="host-untrusted">
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
          action={revoke}
          close={() => setAsks(false)}
        >
          <p className="host-untrusted">
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
    <dl className="host-facts">
      <Fact name="Tier">{TIERS[tier]}</Fact>
      <Fact name="Tools" isUntrusted>
        {tools.length === 0 ? "All" : <code>{tools.join(", ")}</code>}
      </Fact>
      <Fact name="Token" isUntrusted>
        <code>
          mcp_{scope.slice(0, 6)}…_{hint}…
        </code>
      </Fact>
      <Fact name="Created">
        <Time at={createdAt} />
      </Fact>
      <Fact name="Last used">{lastUsedAt === undefined ? "Never" : <Time at={lastUsedAt} />}</Fact>
      <Fact name="Expires">{expiresAt === undefined ? "Never" : <Time at={expiresAt} />}</Fact>
    </dl>
  );
}
