// How a purchase ends without a ticket in the hand: held already, on its way, or refused.
import { Button, Icon, Notice, linkProps, sentence } from "../../parts";

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
export function Pending({ cost }: { cost: string }) {
  return (
    <div className="outcome">
      <p className="pending" role="status">
        <Icon name="clock" />
        <span>
          <strong>Paid, on its way</strong>
          <br />
          Your {cost} was signed, and your seat is held. This page turns into the ticket by itself. You may
          also close it: you find the ticket under Tickets.
        </span>
      </p>
      <a className="button button-plain button-wide" {...linkProps("/tickets")}>
        Go to your tickets
      </a>
    </div>
  );
}

/** What each code of the Guest means for somebody who buys, where the Guest's own words say less. */
const WORDS: Record<string, string> = {
  declined: "You did not pay. Nothing was charged.",
  not_signed: "Your wallet did not sign. Nothing was charged.",
  no_offer: "The host takes a kind of payment that this site cannot make. Nothing was charged.",
  no_wallet: "No wallet is chosen. Nothing was charged.",
  wallet_changed: "Another wallet was chosen meanwhile. Nothing was charged.",
  already_under_way: "This purchase is under way already, maybe in another tab. Nothing more was charged.",
  insufficient_balance: "This wallet has too little money. Nothing was charged.",
  sign_in_again: "Sign in again to use this wallet. Nothing was charged.",
  over_per_call: "This is above your limit for one purchase. Nothing was charged.",
  over_per_session: "This is above your limit for this session. Nothing was charged.",
  over_per_day: "This is above your limit for 24 hours. Nothing was charged.",
  door_not_allowed: "Your limits do not allow paying this host. Nothing was charged.",
  pay_to_not_allowed: "Your limits do not allow paying this host. Nothing was charged.",
  price_raised: "The price has risen. Nothing was charged.",
  ran_out: "The payment was not taken in time. Nothing was charged.",
};

export function Refused({ code, text, again }: { code: string; text: string; again: () => void }) {
  return (
    <div className="outcome">
      <Notice kind={code === "declined" ? "info" : "error"}>
        {WORDS[code] ?? `${sentence(text).replace(/[.\s]*$/, ".")} Nothing was charged.`}
      </Notice>
      <Button kind="primary" size="large" wide onClick={again}>
        Try again
      </Button>
    </div>
  );
}
