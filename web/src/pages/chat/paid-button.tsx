import { Button, moneyText } from "../../parts";
import { callTool, useSession } from "../../session";

type Props = {
  tool: string;
  args: Record<string, unknown>;
  /** What it does: "RSVP". */
  does: string;
  price: string | undefined;
  /** What it is done for, for those who do not see the card around it. */
  title: string;
};

/** Calls a tool that costs something; whether to pay is asked afterwards, as the limits say. */
export function PaidButton({ tool, args, does, price, title }: Props) {
  const isOpen = useSession((state) => state.link === "open");
  const hasWallet = useSession((state) => state.wallet !== null);
  const isBusy = useSession((state) => state.running.some((one) => one.tool === tool));
  const words = price === undefined ? does : `${does} · ${moneyText(price)}`;
  return (
    <div className="row">
      <Button
        kind="primary"
        busy={isBusy}
        disabled={!isOpen || !hasWallet}
        label={`${words} for ${title}`}
        onClick={() => void callTool(tool, args, "chat")}
      >
        {words}
      </Button>
      {!hasWallet && <span className="small quiet">Choose a wallet first.</span>}
    </div>
  );
}
