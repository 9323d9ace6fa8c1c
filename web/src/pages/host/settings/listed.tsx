// Whether the host is found in the marketplace of the deployment.
import { useState } from "react";
import type { ProfileView } from "../../../api/types";
import { Button, Card } from "../../../parts";
import { useHost } from "../access/session";
import { Outcome, type Message } from "../shared/outcome";
import { Trouble } from "../shared/trouble";
import { useAction } from "../shared/use-action";
import * as api from "./api";

export function ListedCard({ profile }: { profile: ProfileView }) {
  const { run, changed } = useHost();
  const { busy, error, run: act } = useAction();
  const [message, setMessage] = useState<Message | null>(null);
  const { listed } = profile;
  const change = () =>
    void act(async () => {
      changed(await run(() => api.changeListed(!listed)));
      const text = listed ? "Nobody finds you there any more." : "In some seconds everybody finds you there.";
      setMessage({ kind: "ok", text });
    });
  return (
    <Card title="Be found" level={3}>
      <p>
        {listed
          ? "You are listed: people find your events, and agents your events and tools, on this site and in the catalogs that are made from it."
          : "You are not listed: only who has a link finds you. If you list yourself, people and agents find your events and tools on this site, and registries may copy them."}
      </p>
      <div className="row">
        <Button kind={listed ? "plain" : "primary"} busy={busy} onClick={change}>
          {listed ? "Leave the list" : "List me"}
        </Button>
        <a href="/discover">See what others see</a>
      </div>
      <Outcome message={message} />
      {error !== null && <Trouble error={error} />}
    </Card>
  );
}
