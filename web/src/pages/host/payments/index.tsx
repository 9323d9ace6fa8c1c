// The door's statement: every payment that it has seen, and how far each one is. What waits for the host comes first.
import { useMemo, useState } from "react";
import type { OwnEvent, OwnPayment } from "../../../api/types";
import { Badge, Button, Empty, Hash, Money, Time } from "../../../parts";
import * as api from "../api";
import { LocalHint, useExplorer } from "../../../api/explorer";
import { Said, type Words } from "../shared/outcome";
import { useHost } from "../access/session";
import { Stuck } from "./stuck";
import { Loading, Trouble } from "../shared/trouble";
import { usePages } from "../shared/use-load";

type Props = {
  events: readonly OwnEvent[];
  /** Whether the host was led to what waits for them, and that they have arrived there. */
  isLedHere: boolean;
  arrived: () => void;
};

/** The section. */
export function Payments({ events, isLedHere, arrived }: Props) {
  const { run, refresh } = useHost();
  const ask = useMemo(
    () => async (cursor?: string) => {
      const { payments, nextCursor } = await run(() => api.payments(cursor));
      return { items: payments, nextCursor };
    },
    [run],
  );
  const list = usePages(ask);
  const titles = new Map(events.map(({ id, title }) => [id, title]));
  const [words, setWords] = useState<Words | null>(null);
  const decided = (next: Words) => {
    setWords(next);
    list.reload();
    // The notice above the sections counts them. That the server is away is shown by the list.
    refresh().catch(() => undefined);
  };
  const stuck = list.items.filter((payment) => payment.stuck);
  const others = list.items.filter((payment) => !payment.stuck);
  return (
    <>
      <div className="row">
        <Button onClick={list.reload} busy={list.busy && list.isLoaded}>
          Refresh
        </Button>
        <a href={api.PAYMENTS_CSV} download>
          Download as CSV
        </a>
      </div>
      <Said words={words} />
      {list.error !== null && <Trouble error={list.error} retry={list.reload} />}
      {!list.isLoaded && list.error === null && <Loading what="Fetching the payments…" />}
      {list.isLoaded && list.items.length === 0 && (
        <Empty title="No payments yet">Each payment that an agent sends to your door is listed here.</Empty>
      )}
      {stuck.length > 0 && (
        <Stuck payments={stuck} titles={titles} isLedHere={isLedHere} arrived={arrived} done={decided} />
      )}
      {others.length > 0 && <Statement payments={others} titles={titles} />}
      {list.items.length > 0 && <LocalHint />}
      {list.hasMore && (
        <Button onClick={list.more} busy={list.busy}>
          Load more
        </Button>
      )}
    </>
  );
}

type StatementProps = { payments: readonly OwnPayment[]; titles: ReadonlyMap<string, string> };

function Statement({ payments, titles }: StatementProps) {
  return (
    <div className="mm-scroll" role="region" aria-label="Payments, newest first" tabIndex={0}>
      <table className="mm-table">
        <caption className="visually-hidden">Payments, newest first</caption>
        <thead>
          <tr>
            {["When", "State", "Amount", "For", "Payer", "Transaction"].map((heading) => (
              <th key={heading} scope="col">
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {payments.map((payment) => (
            <Line key={payment.id} payment={payment} title={titles.get(payment.eventId ?? "")} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({ payment, title }: { payment: OwnPayment; title: string | undefined }) {
  const explorer = useExplorer();
  const { word, tone } = stateInWords(payment.state);
  return (
    <tr>
      <th scope="row">
        <Time at={payment.createdAt} />
      </th>
      <td>
        <Badge tone={tone}>{word}</Badge>
        {payment.open && <span className="quiet small"> looked after by the door</span>}
        {payment.reason && <div className="quiet small mm-stranger">{payment.reason}</div>}
      </td>
      <td>
        <Money dollars={payment.amount} />
      </td>
      <td>
        {payment.tool}
        {title && <div className="quiet small mm-stranger">{title}</div>}
      </td>
      <td>
        <Hash value={payment.payer} what="payer" href={explorer.address(payment.network, payment.payer)} />
      </td>
      <td>
        {payment.txHash ? (
          <Hash
            value={payment.txHash}
            what="transaction hash"
            href={explorer.transaction(payment.network, payment.txHash)}
          />
        ) : (
          <span className="quiet small">none</span>
        )}
      </td>
    </tr>
  );
}

type StateWords = { word: string; tone: "ok" | "plain" | "bad" | "warn" };

/** The states of `src/ledger/payments.rs`. */
function stateInWords(state: string): StateWords {
  const known: Record<string, StateWords> = {
    claimed: { word: "Arrived", tone: "plain" },
    verified: { word: "Signature is good", tone: "plain" },
    settling: { word: "Money is being moved", tone: "warn" },
    settled: { word: "Paid, being handed over", tone: "warn" },
    delivered: { word: "Paid and delivered", tone: "ok" },
    refused: { word: "Refused, no money moved", tone: "bad" },
    failed: { word: "Failed, no money for you", tone: "bad" },
    unknown: { word: "Outcome not known yet", tone: "warn" },
  };
  return known[state] ?? { word: state, tone: "plain" };
}
