import { useEffect, useRef } from "react";
import type { CreatedCredential } from "../../../api/types";
import { Button, Card, CopyBlock, Notice, visible } from "../../../parts";

type Props = { created: CreatedCredential; mcpUrl: string; close: () => void };

/** The token of a new credential, which is shown only now. */
export function CreatedToken({ created, mcpUrl, close }: Props) {
  const { credential, token, mayCall, message } = created;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  const header = `Authorization: Bearer ${token}`;
  return (
    <div ref={box} tabIndex={-1}>
      <Card
        title={<span className="host-untrusted">Token of “{visible(credential.name)}”</span>}
        level={3}
        tone="accent"
      >
        <Notice kind="warn">{message}</Notice>
        <CopyBlock text={token} what="token" />
        <div className="host-snippet">
          <h4>For Claude Code</h4>
          <CopyBlock
            text={`claude mcp add --transport http my-server ${mcpUrl} --header "${header}"`}
            what="command for Claude Code"
          />
        </div>
        <div className="host-snippet">
          <h4>For other clients: the header</h4>
          <CopyBlock text={header} what="header" />
        </div>
        <details>
          <summary>
            {mayCall.length === 1
              ? "The tool that it may call"
              : `The ${mayCall.length} tools that it may call`}
          </summary>
          <p className="host-untrusted">
            <code>{mayCall.join(", ") || "none of the products that are on"}</code>
          </p>
        </details>
        <div className="row">
          <Button onClick={close}>I have copied it</Button>
        </div>
      </Card>
    </div>
  );
}
