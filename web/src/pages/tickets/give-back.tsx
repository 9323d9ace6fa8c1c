// Giving seats back: what goes back is said first, then the wallet that bought them signs a message.
import { useState } from "react";
import { messageOf } from "../../api/http";
import { toAtomic } from "../../base/amounts";
import { Button, Dialog, Notice, eventTime, priceText, visible } from "../../parts";
import { giveBack, type Bought } from "./api";

type Props = { seat: Bought; wallets: readonly string[]; done: (message: string) => void };

/** The button that gives the seats of a purchase back; nothing for seats that cannot be. */
export function GiveBack({ seat, wallets, done }: Props) {
  const [asks, setAsks] = useState(false);
  if (seat.cancel === null) return null;
  return (
    <>
      <Button kind="ghost" label={`Cancel: ${visible(seat.title)}`} onClick={() => setAsks(true)}>
        Cancel…
      </Button>
      {asks && (
        <Question
          seat={seat}
          cancel={seat.cancel}
          wallets={wallets}
          done={done}
          close={() => setAsks(false)}
        />
      )}
    </>
  );
}

type QuestionProps = Props & { cancel: NonNullable<Bought["cancel"]>; close: () => void };

function Question({ seat, cancel, wallets, done, close }: QuestionProps) {
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const { title, seats, startsAt, timeZone } = seat;
  const what = seats > 1 ? `your ${seats} seats` : "your seat";
  const isPaidBack = (toAtomic(cancel.refund) ?? 0n) > 0n;
  const isFree = toAtomic(seat.paidUsd) === 0n;
  const back = priceText(cancel.refund);
  const confirm = async () => {
    setIsBusy(true);
    setError(null);
    try {
      const message = await giveBack(cancel, wallets);
      close();
      done(message);
    } catch (reason) {
      setError(messageOf(reason));
      setIsBusy(false);
    }
  };
  const when = startsAt === null ? null : eventTime(startsAt, timeZone ?? undefined);
  return (
    <Dialog
      title={`Cancel ${what}?`}
      onCancel={close}
      actions={
        <>
          <Button onClick={close}>{seats > 1 ? "Keep them" : "Keep it"}</Button>
          <Button kind="danger" busy={isBusy} onClick={() => void confirm()}>
            {isPaidBack ? `Cancel and get ${back} back` : isFree ? "Cancel it" : "Cancel without a refund"}
          </Button>
        </>
      }
    >
      <p className="untrusted">
        <strong>{visible(title)}</strong>
        {when !== null && <span className="second"> {when}</span>}
      </p>
      <p>
        {isPaidBack
          ? `${back} goes back to the wallet that paid. The host sends it, and you see here how far it is.`
          : isFree
            ? "It was free, so no money goes back."
            : "The host’s rules give no money back for this seat now."}{" "}
        {seats > 1 ? "The tickets are" : "The ticket is"} void at once, and somebody else can buy{" "}
        {seats > 1 ? "the seats" : "the seat"}. Your wallet signs a message; nothing is paid.
      </p>
      {error !== null && <Notice kind="error">{error}</Notice>}
    </Dialog>
  );
}
