import { Button, moneyText } from "../../parts";
import { callTool, useSession } from "../../session";

/** Buys a seat; whether to pay is asked afterwards, as the limits say. */
export function RsvpButton({
  eventId,
  price,
  title,
}: {
  eventId: string;
  price: string | undefined;
  title: string;
}) {
  const isOpen = useSession((state) => state.link === "open");
  const hasWallet = useSession((state) => state.wallet !== null);
  const isBusy = useSession((state) => state.running.some(({ tool }) => tool === "rsvpToEvent"));
  const words = price === undefined ? "RSVP" : `RSVP · ${moneyText(price)}`;
  return (
    <div className="row">
      <Button
        kind="primary"
        busy={isBusy}
        disabled={!isOpen || !hasWallet}
        label={`${words} for ${title}`}
        onClick={() => void callTool("rsvpToEvent", { eventId }, "chat")}
      >
        {words}
      </Button>
      {!hasWallet && <span className="small quiet">Choose a wallet first.</span>}
    </div>
  );
}
