import type { ReactNode } from "react";
import { toAtomic, toDollars } from "../../base/amounts";
import { Button, Icon, moneyText } from "../../parts";
import { signNow, useSession } from "../../session";
import type { Phase } from "./checkout";
import type { Wallets } from "./wallets";

type Props = {
  phase: Phase;
  /** "$0.05", and the same in the smallest unit. */
  cost: string;
  price: bigint;
  /** Nothing is paid: the wallet signs a message. */
  isFree?: boolean;
  wallets: Wallets;
  isShort: boolean;
  isConnecting: boolean;
  /** A limit is in the way. */
  isBlocked: boolean;
  /** What is bought; a seat unless it is said. */
  thing?: "seat" | "secret";
  onPay: () => void;
  onDecline: () => void;
  details: ReactNode;
};

/** The button of the sheet, from "Pay" to the ticket, and what is said below it. */
export function PayButton(props: Props) {
  const { phase, cost, isFree = false, wallets, isShort, isBlocked, onPay, details } = props;
  const isOpen = useSession((state) => state.link === "open");
  const step = stepOf(props);
  const isBusy = step !== null;
  const mayPay = isOpen && wallets.chosen !== null && !isBlocked;
  return (
    <div className="pay">
      {isShort ? (
        <Button kind="primary" size="large" wide disabled>
          Waiting for {cost}
        </Button>
      ) : (
        <Button kind="primary" size="large" wide busy={isBusy} disabled={!isBusy && !mayPay} onClick={onPay}>
          {step ?? (isFree ? "Get a ticket · Free" : `Pay ${cost}`)}
        </Button>
      )}
      <p className="visually-hidden" role="status">
        {step ?? ""}
      </p>
      {phase.at === "signing" ? (
        <Signing {...props} />
      ) : isShort ? (
        <Waits {...props} />
      ) : (
        <Assurance {...props} />
      )}
      {details}
    </div>
  );
}

function stepOf({ phase, cost, isFree = false, isConnecting, thing = "seat" }: Props): string | null {
  if (isConnecting) return "Connecting your wallet";
  if (phase.at === "asking" && isFree) return "Getting your ticket";
  if (phase.at === "asking") return `Getting your ${thing} ready`;
  if (phase.at === "signing") return "Confirm in your wallet";
  return phase.at === "paying" ? `Paying ${cost}` : null;
}

function Waits({ thing = "seat" }: Props) {
  const kept = thing === "seat" ? " Your name and e-mail stay filled in." : "";
  return <p className="pay-words">Looks again every few seconds.{kept}</p>;
}

function Assurance({ wallets, price, isFree = false, phase, thing = "seat" }: Props) {
  if (isFree) {
    const words =
      phase.at === "asking"
        ? "Confirm in your wallet, if it asks."
        : "Your wallet signs a message. Nothing is paid.";
    return <p className="pay-words">{wallets.chosen === null ? "Choose a wallet." : words}</p>;
  }
  return (
    <div className="pay-words">
      <span className="with-icon">
        <Icon name="shield" /> No {thing}, no charge
      </span>
      <Leaves wallets={wallets} price={price} />
    </div>
  );
}

function Leaves({ wallets, price }: { wallets: Wallets; price: bigint }) {
  if (wallets.chosen === null) return <span>Choose how to pay.</span>;
  const balance = wallets.balance === null ? null : toAtomic(wallets.balance);
  if (balance === null || balance < price) return null;
  return (
    <span>
      Leaves <strong className="money">{moneyText(toDollars(balance - price))}</strong> in your wallet
    </span>
  );
}

function Signing({ phase, onDecline }: Props) {
  const isOpen = useSession((state) => state.link === "open");
  if (phase.at !== "signing" || phase.request === null) return null;
  const { request } = phase;
  return (
    <div className="pay-words">
      <span>Without your signature nothing is paid.</span>
      <span className="row">
        <button
          type="button"
          className="text-button"
          disabled={!isOpen}
          onClick={() => void signNow(request)}
        >
          Ask again
        </button>
        <button type="button" className="text-button" disabled={!isOpen} onClick={onDecline}>
          Do not pay
        </button>
      </span>
    </div>
  );
}
