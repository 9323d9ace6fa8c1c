// The money that goes back to guests: what is owed, paying it, and how far each refund is.
import { useCallback, useEffect, useId, useRef, useState, type FormEvent } from "react";
import type { OwnRefund } from "../../../api/types";
import { Badge, Button, Dialog, Hash, Money, TextField, Time, moneyText, visible } from "../../../parts";
import { useHost } from "../access/session";
import { Address, Transaction } from "../shared/explorer";
import { LoadState, More } from "../shared/loaded";
import { Outcome, type Message } from "../shared/outcome";
import { Table } from "../shared/table";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction } from "../shared/use-action";
import { usePagedList, type PagedList } from "../shared/use-paged-list";
import * as api from "./api";
import { payBack, reportPaid } from "./pay-back";
import { readTransaction } from "./stuck-texts";

/** How often the list is read while a refund is on its way, milliseconds, and how many times. */
const POLL_MILLIS = 4_000;
const POLLS_MAX = 60;

type Owed = {
  dollars: string;
  count: number;
  /** How many of these the host sends itself: their guests have paid on Solana. */
  byHand: number;
};

/** Nothing while no refund was ever owed. */
export function Refunds() {
  const { list, owed } = useRefunds();
  const [message, setMessage] = useState<Message | null>(null);
  const polls = usePolls(list);
  const id = useId();
  const done = (next: Message) => {
    setMessage(next);
    polls.begin();
    list.reload();
  };
  if (list.isLoaded && list.items.length === 0) return null;
  return (
    <section className="host-section" aria-labelledby={id}>
      <h3 id={id}>Money that goes back</h3>
      <Outcome message={message} />
      <LoadState of={list} loading="Loading what goes back…" />
      {owed !== null && owed.count > 0 && <PayBack owed={owed} items={list.items} done={done} />}
      {list.items.length > 0 && (
        <Table label="Refunds, newest first" hasCaption headings={HEADINGS}>
          {list.items.map((refund) => (
            <Line key={refund.refundId} refund={refund} done={done} />
          ))}
        </Table>
      )}
      <More of={list} />
    </section>
  );
}

function useRefunds(): { list: PagedList<OwnRefund>; owed: Owed | null } {
  const [owed, setOwed] = useState<Owed | null>(null);
  const read = useCallback(async (cursor?: string) => {
    const page = await api.refunds(cursor);
    setOwed({ dollars: page.owed, count: page.owedCount, byHand: page.byHandCount });
    return { items: page.refunds, nextCursor: page.nextCursor };
  }, []);
  return { list: usePagedList(read), owed };
}

/** Whether what becomes of it is to be waited for: it is on its way, or waits for the chain. */
function isOpen({ state, isUnderWay, canBePaid, canBeSent }: OwnRefund): boolean {
  return isUnderWay || (state === "owed" && !canBePaid && !canBeSent);
}

/** Reads the list again while something is on its way or waits for the chain, for some minutes at most. */
function usePolls({ items, hasMore, reload }: PagedList<OwnRefund>): { begin: () => void } {
  const [left, setLeft] = useState(POLLS_MAX);
  const isWaiting = left > 0 && !hasMore && items.some(isOpen);
  const latest = useRef(reload);
  useEffect(() => {
    latest.current = reload;
  });
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setInterval(() => {
      if (document.visibilityState !== "visible") return;
      setLeft((before) => before - 1);
      latest.current();
    }, POLL_MILLIS);
    return () => clearInterval(timer);
  }, [isWaiting]);
  return { begin: () => setLeft(POLLS_MAX) };
}

const guestsText = (count: number): string => (count === 1 ? "1 guest" : `${count} guests`);

type PayBackProps = { owed: Owed; items: readonly OwnRefund[]; done: (message: Message) => void };

function PayBack({ owed, items, done }: PayBackProps) {
  const { run } = useHost();
  const { busy, error, run: act } = useAction();
  const [progress, setProgress] = useState<string | null>(null);
  const canPay = owed.count > owed.byHand && (items.length === 0 || items.some(({ canBePaid }) => canBePaid));
  const pay = () =>
    act(async () => {
      try {
        const message = await payBack(run, (signed, of) =>
          setProgress(of === 1 ? "Sign in your wallet…" : `Sign in your wallet: ${signed + 1} of ${of}…`),
        );
        done(message);
      } finally {
        setProgress(null);
      }
    });
  const { dollars, count, byHand } = owed;
  return (
    <>
      <p>
        You owe {guestsText(count)} <strong className="money">{moneyText(dollars)}</strong>.{" "}
        {count > byHand &&
          (canPay
            ? "Your payout wallet signs a transfer to each; it costs no network fee. "
            : "What you signed is on its way, or the chain has yet to confirm the guest’s payment. ")}
        {byHand > 0 &&
          `${byHand === count ? "They" : guestsText(byHand)} paid on Solana: send that money yourself, as the list says.`}
      </p>
      {canPay && (
        <div className="row">
          <Button kind="primary" busy={busy} onClick={() => void pay()}>
            {count === 1 ? `Pay ${moneyText(dollars)} back` : `Pay ${guestsText(count - byHand)} back`}
          </Button>
          {progress !== null && <span role="status">{progress}</span>}
        </div>
      )}
      {error !== null && <Trouble error={error} />}
    </>
  );
}

const HEADINGS = ["Since", "State", "Amount", "Event", "Goes to", "Transaction"];

type StateText = { word: string; tone: "ok" | "plain" | "bad" | "warn" };

function stateOf({ state, isUnderWay }: OwnRefund): StateText {
  if (state === "paid") return { word: "Paid back", tone: "ok" };
  if (state === "none") return { word: "Nothing goes back", tone: "plain" };
  if (state === "void") return { word: "Never paid", tone: "plain" };
  return isUnderWay ? { word: "On its way", tone: "warn" } : { word: "Owed", tone: "bad" };
}

type LineProps = { refund: OwnRefund; done: (message: Message) => void };

function Line({ refund, done }: LineProps) {
  const [asks, setAsks] = useState(false);
  const { word, tone } = stateOf(refund);
  const { eventTitle, reason, network, canBePaid, canBeSent } = refund;
  return (
    <tr>
      <th scope="row">
        <Time at={refund.owedSince} />
      </th>
      <td>
        <Badge tone={tone}>{word}</Badge>
        {reason !== null && <div className="quiet small host-untrusted">{visible(reason)}</div>}
        {(canBePaid || canBeSent) && (
          <div>
            <Button kind="ghost" size="small" onClick={() => setAsks(true)}>
              {canBeSent ? "Send it yourself…" : "Paid another way…"}
            </Button>
          </div>
        )}
        {asks && <ReportDialog refund={refund} done={done} close={() => setAsks(false)} />}
      </td>
      <td>
        <Money dollars={refund.amount} />
      </td>
      <td className="host-untrusted">
        {eventTitle === null ? "An event" : visible(eventTitle)}
        <div className="quiet small">{refund.cause === "host" ? "Event cancelled" : "Guest cancelled"}</div>
      </td>
      <td>
        <Address value={refund.to} what="guest’s wallet" network={network} />
      </td>
      <td>
        <Transaction hash={refund.txHash} network={network} />
      </td>
    </tr>
  );
}

function ReportDialog({ refund, done, close }: LineProps & { close: () => void }) {
  const { run } = useHost();
  const { busy, error, run: act } = useAction();
  const [typed, setTyped] = useState("");
  const fault = fieldFault(error, ["transaction"]);
  const report = () =>
    void act(async () => {
      const message = await reportPaid(run, refund.refundId, readTransaction(typed));
      close();
      done(message);
    });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    report();
  };
  return (
    <Dialog
      title={
        refund.canBeSent
          ? `Send ${moneyText(refund.amount)} back yourself`
          : `Has ${moneyText(refund.amount)} gone back already?`
      }
      onCancel={close}
      actions={
        <>
          <Button onClick={close}>Go back</Button>
          <Button kind="primary" busy={busy} onClick={report}>
            Look for it
          </Button>
        </>
      }
    >
      <form className="stack-tight" onSubmit={submit} noValidate>
        {refund.canBeSent ? (
          <SendYourself amount={refund.amount} to={refund.to} />
        ) : (
          <p>
            If you sent exactly {moneyText(refund.amount)} in USDC from your payout wallet to this guest, name
            the transaction. It counts once the chain shows it.
          </p>
        )}
        <TextField
          label="Transaction that has paid it back"
          name="transaction"
          value={typed}
          onChange={setTyped}
          placeholder={refund.canBeSent ? "" : "0x…"}
          hint={`Its ${refund.canBeSent ? "signature" : "hash"}, or its address in a block explorer`}
          error={fault?.remedy}
          required
          maxLength={300}
        />
        {error !== null && fault === null && <Trouble error={error} />}
      </form>
    </Dialog>
  );
}

/** What to send to whom, where nothing is signed here. */
function SendYourself({ amount, to }: { amount: string; to: string }) {
  return (
    <>
      <p>
        This guest paid on Solana. Send exactly {moneyText(amount)} in USDC there, from the wallet that you
        are paid at and that pays its own network fee, to:
      </p>
      <Hash value={to} what="guest’s wallet" full />
      <p>Then name the transaction. It counts once the chain shows it, and for this one refund only.</p>
    </>
  );
}
