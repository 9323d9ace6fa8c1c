// Stuck payments: no endpoint can say any more whether they were paid, so the host decides.
import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import { hasCode } from "../../../api/http";
import { networkName, useExplorer } from "../../../api/networks";
import { useSettings } from "../../../api/settings";
import type { OwnPayment } from "../../../api/types";
import {
  Badge,
  Button,
  Money,
  TextField,
  Time,
  moneyText,
  safeLink,
  sentence,
  visible,
} from "../../../parts";
import { useHost } from "../access/session";
import { Confirm } from "../shared/confirm";
import { Address } from "../shared/explorer";
import { Fact } from "../shared/fact";
import type { Message } from "../shared/outcome";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction, type Action } from "../shared/use-action";
import * as api from "./api";
import { outcomeOf, readTransaction, saleOf, type SaleText } from "./stuck-texts";

type Props = {
  payments: readonly OwnPayment[];
  titles: ReadonlyMap<string, string>;
  /** The heading gets the focus, then `arrived` is called. */
  isLedHere: boolean;
  arrived: () => void;
  done: (message: Message) => void;
};

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
    <section className="host-section" aria-labelledby={id}>
      <h3 id={id} ref={heading} tabIndex={-1} className="host-led">
        Waiting for your decision
      </h3>
      <p>
        No endpoint of the chain can say any more whether these were paid. Look at your wallet or at a block
        explorer, then decide. The chain is asked once more first, and its answer counts.
      </p>
      <ul className="host-list">
        {payments.map((payment) => (
          <StuckCard
            key={payment.id}
            payment={payment}
            sale={saleOf(payment, titles.get(payment.eventId ?? ""))}
            done={done}
          />
        ))}
      </ul>
    </section>
  );
}

type CardProps = { payment: OwnPayment; sale: SaleText; done: (message: Message) => void };

function StuckCard({ payment, sale, done }: CardProps) {
  const titleId = useId();
  return (
    <li className="card">
      <div className="card-head">
        <h4 id={titleId} className="host-untrusted">
          {moneyText(payment.amount)} for {sale.name}
        </h4>
        <Badge tone="warn">Waits for you</Badge>
      </div>
      <Facts payment={payment} />
      <Decision payment={payment} sale={sale} titleId={titleId} done={done} />
    </li>
  );
}

function Facts({ payment }: { payment: OwnPayment }) {
  const { settings } = useSettings();
  const isRemoved = settings?.networks.every(({ network }) => network !== payment.network) ?? false;
  return (
    <dl className="host-facts">
      <Fact name="Amount">
        <Money dollars={payment.amount} />
      </Fact>
      <Fact name="Tool">{payment.tool}</Fact>
      <Fact name="Payer">
        <Address value={payment.payer} what="payer" network={payment.network} />
      </Fact>
      <Fact name="Network">
        {networkName(settings, payment.network)}
        {isRemoved && <span className="quiet small"> not configured any more</span>}
      </Fact>
      <Fact name="Since">
        <Time at={payment.createdAt} />
      </Fact>
      <Fact name="Why it waits" isWide isUntrusted>
        {payment.reason === null ? "Its outcome is not known." : sentence(visible(payment.reason))}
      </Fact>
    </dl>
  );
}

function Decision({ payment, sale, titleId, done }: CardProps & { titleId: string }) {
  const { run } = useHost();
  const [asks, setAsks] = useState(false);
  const paid = useAction();
  // The dialog closes before the outcome gets the focus.
  const finish = (message: Message) => {
    setAsks(false);
    done(message);
  };
  const decide = async (transaction: string | null) => {
    try {
      const line = await run(() => api.decidePayment(payment.id, transaction));
      finish(outcomeOf(line, sale, transaction));
    } catch (error) {
      // Another tab or the chain has decided first: what is shown here is old.
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
      <div className="host-pair" role="group" aria-labelledby={titleId}>
        <PaidForm sale={sale} action={paid} decide={decide} />
        <div className="stack-tight">
          <p className="field-label">If it was not paid</p>
          <p className="small">Then {sale.whenNotPaid}, and nothing is booked.</p>
          <div>
            <Button kind="danger" disabled={paid.busy} onClick={() => setAsks(true)}>
              It was not paid…
            </Button>
          </div>
        </div>
      </div>
      {asks && (
        <NotPaid payment={payment} sale={sale} decide={() => decide(null)} close={() => setAsks(false)} />
      )}
    </>
  );
}

type PaidProps = {
  sale: SaleText;
  action: Action;
  decide: (transaction: string) => Promise<void>;
};

function PaidForm({ sale, action, decide }: PaidProps) {
  const [typed, setTyped] = useState("");
  const form = useRef<HTMLFormElement>(null);
  const { busy, error, run } = action;
  const fault = fieldFault(error, ["transaction"]);
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
      <p className="small">Then {sale.whenPaid}, and the amount is booked.</p>
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

type NotPaidProps = { payment: OwnPayment; sale: SaleText; decide: () => Promise<void>; close: () => void };

function NotPaid({ payment, sale, decide, close }: NotPaidProps) {
  const amount = moneyText(payment.amount);
  return (
    <Confirm title="Was it really not paid?" yes="It was not paid" no="Go back" action={decide} close={close}>
      <p className="host-untrusted">
        If you confirm, {sale.whenNotPaid}, and the {amount} for {sale.name} counts as never paid. This cannot
        be undone.
      </p>
      <p>
        The money may have moved all the same: if {amount} of this payer did reach your wallet, the payer has
        paid for nothing, and it is yours to pay back.
      </p>
    </Confirm>
  );
}

function isOld(error: unknown): boolean {
  return hasCode(error, "payment_decided") || hasCode(error, "no_such_payment");
}
