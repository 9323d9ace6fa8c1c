// The payments that the server has received, with their states. Those that wait for the host come first.
import { useState } from "react";
import type { OwnEvent, OwnPayment } from "../../../api/types";
import { Badge, Money, Time } from "../../../parts";
import { useHost } from "../access/session";
import { Address, LocalHint, Transaction } from "../shared/explorer";
import { isLiveList, useLiveList } from "../shared/live";
import { Paged, Refresh } from "../shared/loaded";
import { Outcome, type Message } from "../shared/outcome";
import { Table } from "../shared/table";
import { usePagedList } from "../shared/use-paged-list";
import * as api from "./api";
import { Refunds } from "./refunds";
import { Stuck } from "./stuck";

type Props = {
  events: readonly OwnEvent[];
  /** The host follows the notice about stuck payments: their list gets the focus, then calls `arrived`. */
  isLedHere: boolean;
  arrived: () => void;
};

export function Payments({ events, isLedHere, arrived }: Props) {
  const { refresh } = useHost();
  const list = usePagedList(api.payments);
  useLiveList(list);
  const titles = new Map(events.map(({ id, title }) => [id, title]));
  const [message, setMessage] = useState<Message | null>(null);
  const decided = (next: Message) => {
    setMessage(next);
    list.reload();
    // The notice above the sections counts them. If the connection is lost, the list shows it.
    refresh().catch(() => undefined);
  };
  const stuck = list.items.filter((payment) => payment.stuck);
  const others = list.items.filter((payment) => !payment.stuck);
  return (
    <>
      <div className="row">
        {!isLiveList(list) && <Refresh of={list} />}
        <a href={api.PAYMENTS_CSV} download>
          Download as CSV
        </a>
      </div>
      <Outcome message={message} />
      <Refunds />
      <Paged
        list={list}
        loading="Loading the payments…"
        empty={{
          title: "No payments yet",
          text: "Each payment that an agent sends to your server is listed here.",
        }}
      >
        {() => (
          <>
            {stuck.length > 0 && (
              <Stuck
                payments={stuck}
                titles={titles}
                isLedHere={isLedHere}
                arrived={arrived}
                done={decided}
              />
            )}
            {others.length > 0 && <Statement payments={others} titles={titles} />}
            <LocalHint />
          </>
        )}
      </Paged>
    </>
  );
}

const HEADINGS = ["When", "State", "Amount", "For", "Payer", "Transaction"];

type StatementProps = { payments: readonly OwnPayment[]; titles: ReadonlyMap<string, string> };

function Statement({ payments, titles }: StatementProps) {
  return (
    <Table label="Payments, newest first" hasCaption headings={HEADINGS}>
      {payments.map((payment) => (
        <Line key={payment.id} payment={payment} title={titles.get(payment.eventId ?? "")} />
      ))}
    </Table>
  );
}

function Line({ payment, title }: { payment: OwnPayment; title: string | undefined }) {
  const { word, tone } = STATES[payment.state] ?? { word: payment.state, tone: "plain" };
  return (
    <tr>
      <th scope="row">
        <Time at={payment.createdAt} />
      </th>
      <td>
        <Badge tone={tone}>{word}</Badge>
        {payment.open && <span className="quiet small"> your server completes it</span>}
        {payment.reason && <div className="quiet small host-untrusted">{payment.reason}</div>}
      </td>
      <td>
        <Money dollars={payment.amount} />
      </td>
      <td>
        {payment.tool}
        {title && <div className="quiet small host-untrusted">{title}</div>}
      </td>
      <td>
        <Address value={payment.payer} what="payer" network={payment.network} />
      </td>
      <td>
        <Transaction hash={payment.txHash} network={payment.network} />
      </td>
    </tr>
  );
}

type StateText = { word: string; tone: "ok" | "plain" | "bad" | "warn" };

/** The states of a payment row (`ledger`). */
const STATES: Readonly<Record<string, StateText>> = {
  claimed: { word: "Arrived", tone: "plain" },
  verified: { word: "Signature is good", tone: "plain" },
  settling: { word: "Money is being moved", tone: "warn" },
  settled: { word: "Paid, being delivered", tone: "warn" },
  delivered: { word: "Paid and delivered", tone: "ok" },
  refused: { word: "Refused, no money moved", tone: "bad" },
  failed: { word: "Failed, no money for you", tone: "bad" },
  unknown: { word: "Outcome not known yet", tone: "warn" },
};
