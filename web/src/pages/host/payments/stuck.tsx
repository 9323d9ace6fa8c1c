// Payments of which nobody but the host can say any more whether they were paid: what each one is, why it waits,
// and the two answers.
import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import { networkName, useSettings } from "../../../api/settings";
import type { OwnPayment } from "../../../api/types";
import {
  Badge,
  Button,
  Hash,
  Money,
  TextField,
  Time,
  moneyText,
  safeLink,
  sentence,
  visible,
} from "../../../parts";
import * as api from "../api";
import { Confirm } from "../shared/confirm";
import { useExplorer } from "../../../api/explorer";
import type { Words } from "../shared/outcome";
import { hasCode, useHost } from "../access/session";
import { outcomeInWords, readTransaction, soldInWords, type Sold } from "./stuck-words";
import { Trouble } from "../shared/trouble";
import { faultOf, useAction } from "../shared/use-action";

type Props = {
  payments: readonly OwnPayment[];
  titles: ReadonlyMap<string, string>;
  /** Whether the host was led here, and that they have arrived: the focus is there. */
  isLedHere: boolean;
  arrived: () => void;
  done: (words: Words) => void;
};

/** The list of them. */
export function Stuck({ payments, titles, isLedHere, arrived, done }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  useEffect(() => {
    if (!isLedHere) return;
    heading.current?.focus({ preventScroll: true });
    heading.current?.scrollIntoView({ block: "start" });
    arrived();
  }, [isLedHere, arrived]);
  return (
    <section className="mm-section" aria-labelledby={id}>
      <h3 id={id} ref={heading} tabIndex={-1} className="mm-led">
        Waiting for your word
      </h3>
      <p>
        No endpoint of the chain can say any more whether these were paid. Look at your wallet or at a block
        explorer, then say what you found. The chain is asked once more first, and what it says counts.
      </p>
      <ul className="mm-list">
        {payments.map((payment) => (
          <StuckCard
            key={payment.id}
            payment={payment}
            sold={soldInWords(payment, titles.get(payment.eventId ?? ""))}
            done={done}
          />
        ))}
      </ul>
    </section>
  );
}

type CardProps = { payment: OwnPayment; sold: Sold; done: (words: Words) => void };

function StuckCard({ payment, sold, done }: CardProps) {
  const titleId = useId();
  return (
    <li className="card">
      <div className="card-head">
        <h4 id={titleId} className="mm-stranger">
          {moneyText(payment.amount)} for {sold.name}
        </h4>
        <Badge tone="warn">Waits for you</Badge>
      </div>
      <Facts payment={payment} />
      <Decision payment={payment} sold={sold} titleId={titleId} done={done} />
    </li>
  );
}

function Facts({ payment }: { payment: OwnPayment }) {
  const { settings } = useSettings();
  const explorer = useExplorer();
  const isRemoved = settings?.networks.every(({ network }) => network !== payment.network) ?? false;
  return (
    <dl className="mm-facts">
      <div>
        <dt>Amount</dt>
        <dd>
          <Money dollars={payment.amount} />
        </dd>
      </div>
      <div>
        <dt>Tool</dt>
        <dd>{payment.tool}</dd>
      </div>
      <div>
        <dt>Payer</dt>
        <dd>
          <Hash value={payment.payer} what="payer" href={explorer.address(payment.network, payment.payer)} />
        </dd>
      </div>
      <div>
        <dt>Network</dt>
        <dd>
          {networkName(settings, payment.network)}
          {isRemoved && <span className="quiet small"> removed here since</span>}
        </dd>
      </div>
      <div>
        <dt>Since</dt>
        <dd>
          <Time at={payment.createdAt} />
        </dd>
      </div>
      <div className="mm-wide">
        <dt>Why it waits</dt>
        <dd className="mm-stranger">
          {payment.reason === null ? "Its outcome is not known." : sentence(visible(payment.reason))}
        </dd>
      </div>
    </dl>
  );
}

function Decision({ payment, sold, titleId, done }: CardProps & { titleId: string }) {
  const { run } = useHost();
  const [asks, setAsks] = useState(false);
  const paid = useAction();
  // The question goes before what came of it gets the focus.
  const finish = (words: Words) => {
    setAsks(false);
    done(words);
  };
  const decide = async (transaction: string | null) => {
    try {
      const line = await run(() => api.decidePayment(payment.id, transaction));
      finish(outcomeInWords(line, sold, transaction));
    } catch (error) {
      // Somebody else was faster, or the chain was: what is shown here is old.
      if (!(error instanceof Error) || !isOld(error)) throw error;
      finish({ kind: "warn", text: sentence(error.message) });
    }
  };
  const explorer = safeLink(useExplorer().address(payment.network, payment.payer));
  return (
    <>
      {explorer !== null && (
        <p>
          <a href={explorer} target="_blank" rel="noreferrer noopener">
            Look at the payer’s wallet in the block explorer
          </a>
        </p>
      )}
      <div className="mm-pair" role="group" aria-labelledby={titleId}>
        <PaidForm sold={sold} action={paid} decide={decide} />
        <div className="stack-tight">
          <p className="field-label">If it was not paid</p>
          <p className="small">Then {sold.whenNotPaid}, and nothing is booked.</p>
          <div>
            <Button kind="danger" disabled={paid.busy} onClick={() => setAsks(true)}>
              It was not paid…
            </Button>
          </div>
        </div>
      </div>
      {asks && (
        <NotPaid payment={payment} sold={sold} ask={() => decide(null)} close={() => setAsks(false)} />
      )}
    </>
  );
}

type PaidProps = {
  sold: Sold;
  action: ReturnType<typeof useAction>;
  decide: (transaction: string) => Promise<void>;
};

function PaidForm({ sold, action, decide }: PaidProps) {
  const [typed, setTyped] = useState("");
  const form = useRef<HTMLFormElement>(null);
  const { busy, error, run } = action;
  const fault = faultOf(error, ["transaction"]);
  useEffect(() => {
    if (error !== null) form.current?.querySelector("input")?.focus();
  }, [error]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(() => decide(readTransaction(typed)));
  };
  return (
    <form ref={form} className="stack-tight" onSubmit={submit} noValidate>
      <p className="field-label">If it was paid</p>
      <p className="small">Then {sold.whenPaid}, and the amount is booked.</p>
      <TextField
        label="Transaction that has paid"
        name="transaction"
        value={typed}
        onChange={setTyped}
        placeholder="0x…"
        hint="Its hash, or its address in a block explorer"
        error={fault?.remedy}
        required
        maxLength={300}
      />
      <div>
        <Button kind="primary" type="submit" busy={busy}>
          It was paid
        </Button>
      </div>
      {error !== null && fault === null && <Trouble error={error} />}
    </form>
  );
}

type NotPaidProps = { payment: OwnPayment; sold: Sold; ask: () => Promise<void>; close: () => void };

function NotPaid({ payment, sold, ask, close }: NotPaidProps) {
  const amount = moneyText(payment.amount);
  return (
    <Confirm title="Was it really not paid?" yes="It was not paid" no="Go back" ask={ask} close={close}>
      <p className="mm-stranger">
        Once you say so, {sold.whenNotPaid}, and the {amount} for {sold.name} counts as never paid. This
        cannot be undone.
      </p>
      <p>
        The money may have moved all the same: if {amount} of this payer did reach your wallet, they have paid
        for nothing, and it is yours to pay back.
      </p>
    </Confirm>
  );
}

function isOld(error: unknown): boolean {
  return hasCode(error, "payment_decided") || hasCode(error, "no_such_payment");
}
