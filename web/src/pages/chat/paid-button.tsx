import { useState } from "react";
import { Button, priceText } from "../../parts";
import { callTool, useSession } from "../../session";
import { openPart } from "./setup-open";

type Props = {
  tool: string;
  args: Record<string, unknown>;
  /** The server that offers the call. Nothing is shown while another server is connected. */
  mcpUrl: string | null;
  /** "Get a seat". */
  action: string;
  price: string | undefined;
  /** What is bought, for the accessible name. */
  title: string;
};

/** Whether the connected server is the one that offers this. */
export function useIsOffered(tool: string, mcpUrl: string | null): boolean {
  return useSession(
    (state) => state.server?.mcpUrl === mcpUrl && state.tools.some(({ name }) => name === tool),
  );
}

/** Calls a paid tool; without a wallet the wallets are offered first. The limits decide whether the user is asked before the payment. */
export function PaidButton({ tool, args, mcpUrl, action, price, title }: Props) {
  const isOpen = useSession((state) => state.link === "open");
  const hasWallet = useSession((state) => state.wallet !== null);
  const [callId, setCallId] = useState<string | null>(null);
  // Another one of the same kind is bought after this one.
  const isWaiting = useSession((state) => state.running.some((one) => one.tool === tool));
  const isBusy = useSession((state) => state.running.some(({ id }) => id === callId));
  const isOffered = useIsOffered(tool, mcpUrl);
  if (!isOffered) return null;
  const text = price === undefined ? action : `${action} · ${priceText(price)}`;
  return (
    <div className="row">
      <Button
        kind="tint"
        busy={isBusy}
        disabled={!isOpen || (isWaiting && !isBusy)}
        label={`${text} for ${title}`}
        onClick={() => (hasWallet ? setCallId(callTool(tool, args, "chat")) : openPart("wallet"))}
      >
        {text}
      </Button>
    </div>
  );
}
