import { useEffect, useState, type ReactNode } from "react";
import { toAtomic, toDollars } from "../../base/amounts";
import { isSameAddress } from "../../base/address";
import { Dialog, Icon, Notice, EventCover, eventTime, priceText } from "../../parts";
import { scopeOf, type EventOffer, type Host } from "../../purchase/offers";
import { seatsOf, seatsText } from "../../purchase/seats";
import { knownTickets } from "../../session";
import { isBegun, useCheckout, type Phase } from "./checkout";
import { Details } from "./details";
import { GuestFields, useGuest } from "./guest-fields";
import { FormNotices, PayWith, isInForm, useMeans } from "./means";
import { PayButton } from "./pay-button";
import { PromoCode, usePromo, withCode } from "./promo-code";
import { QuestionFields, useAnswers } from "./question-fields";
import { Held, Pending, Refused } from "./outcomes";
import { TypeFields, asOf, useTicketType } from "./ticket-types";
import { CompanionFields, SeatStepper, useSeats } from "./seats";
import { Shortage } from "./shortage";
import { WaitlistSheet } from "./waitlist-sheet";
import { useWallets, type Wallets } from "./wallets";

type Props = { offer: EventOffer; host: Host; mcpUrl: string; onClose: () => void };

/** The sheet of an event: the checkout, or the waitlist while it is full and no seat is held for the guest. */
export function CheckoutSheet(props: Props) {
  const { offer, mcpUrl } = props;
  const [hasOffer, setHasOffer] = useState(() => isBegun(mcpUrl, offer.event.id));
  const isFull = offer.event.status === "scheduled" && offer.event.seatsLeft === 0;
  return isFull && !hasOffer ? (
    <WaitlistSheet {...props} onOffer={() => setHasOffer(true)} />
  ) : (
    <BuySheet {...props} hasOffer={hasOffer} />
  );
}

/** What, how much and to whom, who is coming, which wallet; then the way to the ticket. */
function BuySheet({ offer, host, mcpUrl, onClose, hasOffer }: Props & { hasOffer: boolean }) {
  const { event } = offer;
  const purchase = usePurchase(offer, mcpUrl);
  const { phase, cost, checkout, wallets } = purchase;
  const closed = offClosed(event.status, hasOffer ? 1 : event.seatsLeft);
  const isForm = closed === null && isInForm(phase);
  const close = () => {
    checkout.leave();
    onClose();
  };
  return (
    <Dialog
      title={event.title}
      onCancel={close}
      sheet={{
        lead: (
          <div className="sheet-cover">
            <EventCover id={event.id} path={event.coverPath} cut="square" />
          </div>
        ),
        under: <Facts offer={offer} host={host} seats={purchase.seats} cost={cost} />,
      }}
      actions={
        isForm ? (
          <PayButton
            {...purchase}
            isBlocked={purchase.limit !== null}
            onDecline={checkout.leave}
            details={
              purchase.isFree ? null : (
                <Details price={purchase.price} host={host} wallets={wallets} question={checkout.question} />
              )
            }
          />
        ) : undefined
      }
    >
      {closed !== null && <Notice kind="warn">{closed}</Notice>}
      {isForm && <Form purchase={purchase} />}
      <After phase={phase} seats={purchase.seats} cost={cost} again={checkout.again} />
    </Dialog>
  );
}

function Form({ purchase }: { purchase: Purchase }) {
  const { phase, wallets, guest, cost, missing } = purchase;
  return (
    <>
      <FormNotices phase={phase} />
      <TypeFields
        choice={purchase.choice}
        timeZone={purchase.event.timeZone}
        disabled={phase.at !== "form"}
      />
      {/* With too little money in the wallet, another ticket or fewer seats are a way out. */}
      {(missing === null || purchase.party.count > 1) && (
        <SeatStepper seats={purchase.party} disabled={phase.at !== "form"} />
      )}
      {missing === null && (
        <>
          <GuestFields guest={guest} disabled={phase.at !== "form"} />
          <QuestionFields answers={purchase.answers} disabled={phase.at !== "form"} />
          <CompanionFields seats={purchase.party} asks={guest.asks.name} disabled={phase.at !== "form"} />
        </>
      )}
      {purchase.hasPrice && <PromoCode promo={purchase.promo} disabled={phase.at !== "form"} />}
      <PayWith means={purchase} phase={phase} />
      {missing === null ? (
        <Total
          seats={purchase.seats}
          cost={cost}
          kind={purchase.choice.chosen?.name ?? null}
          isFree={purchase.isFree}
          isChanged={purchase.isChanged}
          policy={purchase.policy}
        />
      ) : (
        <Shortage wallets={wallets} missing={missing} />
      )}
    </>
  );
}

type Purchase = ReturnType<typeof usePurchase>;

function usePurchase(offer: EventOffer, mcpUrl: string) {
  const wallets = useWallets();
  const checkout = useCheckout(mcpUrl, offer.event.id);
  const choice = useTicketType(offer.event, checkout.details);
  const kind = choice.chosen?.name ?? null;
  const promo = usePromo(offer, scopeOf(mcpUrl) ?? "", kind, wallets.chosen?.address ?? null);
  const full = asOf(offer.event, choice);
  const event = withCode(full, promo);
  const guest = useGuest(offer.asks);
  const answers = useAnswers(event.questions);
  const party = useSeats(event);
  const phase = useTicketOf(event.id, wallets, checkout.phase);
  const seats =
    phase.at === "changed"
      ? seatsOf(phase.question.arguments)
      : checkout.details === null
        ? party.count
        : seatsOf(checkout.details);
  const listed = (toAtomic(event.price) ?? 0n) * BigInt(seats);
  const showMissing = useMissing();
  const price = phase.at === "changed" ? (toAtomic(phase.question.amountUsd) ?? 0n) : listed;
  const means = useMeans(wallets, phase, price);
  const pay = async () => {
    if (phase.at === "changed") return checkout.accept(phase.question);
    const details = guest.read();
    const given = answers.read();
    if (details === null || given === null) return showMissing();
    const more = { ...given, ...choice.read(), ...promo.read(), ...party.read(details["name"]) };
    await means.whenReady(() => checkout.pay(price, { ...details, ...more }));
  };
  useEffect(() => {
    if (phase.at !== "done" || phase.ticketUrl === null) return;
    checkout.again();
    location.assign(phase.ticketUrl);
    // oxlint-disable-next-line react/exhaustive-deps -- once for the ticket
  }, [phase.at]);
  return {
    ...means,
    event,
    choice,
    promo,
    /** Without a code; with one a seat may be free. */
    hasPrice: full.priceAtomic !== "0",
    phase,
    checkout,
    guest,
    answers,
    party,
    seats,
    cost: priceText(toDollars(price)),
    isFree: price === 0n,
    policy: event.refundPolicy,
    /** The server asks for another price than was shown. */
    isChanged: price !== listed,
    onPay: () => void pay(),
  };
}

/** Leads to the first field that is refused, once the page shows which it is. */
function useMissing(): () => void {
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (tries > 0) document.querySelector<HTMLElement>("dialog[open] [aria-invalid]")?.focus();
  }, [tries]);
  return () => setTries((before) => before + 1);
}

type FactsProps = { offer: EventOffer; host: Host; seats: number; cost: string };

function Facts({ offer: { event }, host, seats, cost }: FactsProps) {
  const when = eventTime(event.startsAt, event.timeZone);
  return (
    <>
      {when !== null && <p>{when}</p>}
      {event.location !== undefined && <p>{event.location}</p>}
      <p>
        {seatsText(seats)} · {cost}
        {cost !== "Free" && ` to ${host.name ?? "the host"}`}
      </p>
    </>
  );
}

type TotalProps = {
  seats: number;
  cost: string;
  /** The ticket type. */
  kind: string | null;
  isFree: boolean;
  isChanged: boolean;
  policy: string;
};

function Total({ seats, cost, kind, isFree, isChanged, policy }: TotalProps) {
  return (
    <div className="stack-tight">
      {isChanged && <Notice kind="warn">The price is {cost} now. Nothing was charged.</Notice>}
      <dl className="total">
        <dt>{kind === null ? seatsText(seats) : `${kind}, ${seatsText(seats)}`}</dt>
        <dd>{cost}</dd>
        {!isFree && (
          <>
            <dt>Network fee</dt>
            <dd>$0.00</dd>
          </>
        )}
        <dt className="total-sum">Total</dt>
        <dd className="total-sum">{cost}</dd>
      </dl>
      {!isFree && <p className="second">{policy}</p>}
    </div>
  );
}

type AfterProps = { phase: Phase; seats: number; cost: string; again: () => void };

/** What is shown instead of the form when the purchase has ended, or waits. */
function After({ phase, seats, cost, again }: AfterProps): ReactNode {
  switch (phase.at) {
    case "form":
    case "asking":
    case "changed":
    case "signing":
    case "paying":
      return null;
    case "pending":
      return <Pending cost={cost} />;
    case "held":
      return <Held ticketUrl={phase.ticketUrl} />;
    case "done":
      return (
        <p className="paid-line" role="status">
          <Icon name="check" /> You have {seats === 1 ? "a seat" : seatsText(seats)}
        </p>
      );
    case "failed":
      return <Refused code={phase.code} text={phase.text} again={again} />;
  }
}

/** The phase; a wallet that has bought a seat in this browser holds it, so it is not asked again. */
function useTicketOf(eventId: string, wallets: Wallets, phase: Phase): Phase {
  const address = wallets.chosen?.address ?? null;
  if (address === null || (phase.at !== "form" && phase.at !== "pending")) return phase;
  const isIt = (ticket: { eventId: string; wallet: string }) =>
    ticket.eventId === eventId && isSameAddress(ticket.wallet, address);
  const ticket = knownTickets().find(isIt);
  return ticket === undefined ? phase : { at: "held", ticketUrl: ticket.ticketUrl };
}

function offClosed(status: string, seatsLeft: number | null): string | null {
  if (status === "cancelled") return "This event was cancelled. No seats are sold.";
  if (status === "past") return "This event is over. No seats are sold.";
  return seatsLeft === 0 ? "This event is full. Nothing was charged." : null;
}
