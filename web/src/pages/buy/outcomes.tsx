// How a purchase ends without a ticket in the hand: held already, on its way, or refused.
import { Button, Icon, Notice, linkProps } from "../../parts";
import { refusalInWords } from "../../purchase/words";

/** The wallet has a seat. Nothing is asked and nothing is charged. */
export function Held({ ticketUrl }: { ticketUrl: string | null }) {
  return (
    <div className="outcome">
      <Notice kind="ok">You already have a seat with this wallet. Nothing was charged.</Notice>
      {ticketUrl === null ? (
        <a className="button button-primary button-large button-wide" {...linkProps("/tickets")}>
          Find the ticket
        </a>
      ) : (
        <a className="button button-primary button-large button-wide" href={ticketUrl}>
          Show ticket
        </a>
      )}
    </div>
  );
}

/** It is signed. Whether it has arrived is found out without the guest. */
export function Pending({ cost, thing = "seat" }: { cost: string; thing?: "seat" | "secret" }) {
  const words = {
    seat: "and your seat is held. This page turns into the ticket by itself. You may also close it: you find the ticket under Tickets.",
    secret:
      "and the secret is kept for you. This page shows it by itself. You may also close it: you find it under Tickets.",
  };
  return (
    <div className="outcome">
      <p className="pending" role="status">
        <Icon name="clock" />
        <span>
          <strong>Paid, on its way</strong>
          <br />
          Your {cost} was signed, {words[thing]}
        </span>
      </p>
      <a className="button button-plain button-wide" {...linkProps("/tickets")}>
        Go to your tickets
      </a>
    </div>
  );
}

/** It came to nothing, and may be tried again. */
export function Refused({ code, text, again }: { code: string; text: string; again: () => void }) {
  return (
    <div className="outcome">
      <Notice kind={code === "declined" ? "info" : "error"}>{refusalInWords(code, text, "no")}</Notice>
      <Button kind="primary" size="large" wide onClick={again}>
        Try again
      </Button>
    </div>
  );
}
