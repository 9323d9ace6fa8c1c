// The section of secrets: what is for sale, without the values.
import { useRef, useState } from "react";
import type { ProfileView, SecretView } from "../../../api/types";
import { Button, Empty } from "../../../parts";
import { useLive } from "../shared/live";
import { LoadState } from "../shared/loaded";
import { Outcome, type Message } from "../shared/outcome";
import { ProductOff } from "../shared/product-off";
import { useLoad } from "../shared/use-load";
import * as api from "./api";
import { SecretCard } from "./card";
import { SecretForm } from "./form";
import { SecretLog } from "./log";

type Open = { what: "new" } | { what: "edit" | "log"; of: SecretView } | null;
type Props = { profile: ProfileView; showSettings: () => void };

export function Secrets({ profile, showSettings }: Props) {
  const load = useLoad(api.secrets);
  useLive(load);
  const [open, setOpen] = useState<Open>(null);
  const [message, setMessage] = useState<Message | null>(null);
  const head = useRef<HTMLDivElement>(null);
  const show = (next: Open) => {
    setMessage(null);
    setOpen(next);
  };
  const close = () => {
    setOpen(null);
    head.current?.focus();
  };
  const done = (text: string) => {
    setOpen(null);
    setMessage({ kind: "ok", text });
    load.reload();
  };
  const showLog = (of: SecretView) => {
    show({ what: "log", of });
    // So that the number of sales beside the log is as new as the log.
    load.reload();
  };
  const secrets = load.value?.secrets.toReversed() ?? [];
  return (
    <>
      <ProductOff profile={profile} product="vault" showSettings={showSettings}>
        Your vault is switched off, so nobody can buy your secrets.
      </ProductOff>
      <p className="quiet">
        Agents see name, description and price, and pay to read the value: an API key, a link, a recipe.
      </p>
      <div className="row" ref={head} tabIndex={-1} role="group" aria-label="Secrets">
        <Button kind="primary" onClick={() => show({ what: "new" })}>
          New secret
        </Button>
      </div>
      <Outcome message={message} />
      {open?.what === "new" && <SecretForm of={null} done={done} close={close} />}
      {open?.what === "edit" && <SecretForm key={open.of.id} of={open.of} done={done} close={close} />}
      {open?.what === "log" && <SecretLog key={open.of.id} of={open.of} close={close} />}
      <LoadState of={load} loading="Loading your secrets…" />
      {load.isLoaded && secrets.length === 0 && (
        <Empty title="No secrets yet">Store the first one: it is sealed, and for sale at once.</Empty>
      )}
      <ul className="host-list">
        {secrets.map((secret) => (
          <SecretCard
            key={secret.id}
            secret={secret}
            edit={() => show({ what: "edit", of: secret })}
            log={() => showLog(secret)}
            withdrawn={done}
          />
        ))}
      </ul>
    </>
  );
}
