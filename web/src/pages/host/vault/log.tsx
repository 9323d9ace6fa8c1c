// The readings of one secret.
import { useMemo } from "react";
import type { Retrieval, SecretView } from "../../../api/types";
import { Badge, Button, Card, Money, Time, visible } from "../../../parts";
import { Address, LocalHint, Transaction } from "../shared/explorer";
import { isLiveList, useLiveList } from "../shared/live";
import { Paged, Refresh } from "../shared/loaded";
import { Table } from "../shared/table";
import { usePagedList } from "../shared/use-paged-list";
import * as api from "./api";

export function SecretLog({ of, close }: { of: SecretView; close: () => void }) {
  const list = usePagedList(useMemo(() => api.retrievals(of.id), [of.id]));
  useLiveList(list);
  return (
    <Card title={<span className="host-untrusted">Who has read “{visible(of.name)}”</span>} level={3}>
      <div className="row">
        {!isLiveList(list) && <Refresh of={list} label="Refresh the log" />}
        <Button onClick={close}>Close the log</Button>
      </div>
      <Paged
        list={list}
        loading="Loading the log…"
        empty={{ title: "No readings yet", text: "Each reading is listed here, paid for or repeated." }}
      >
        {(retrievals) => (
          <>
            <Table label="Readings, newest first" hasCaption headings={HEADINGS}>
              {retrievals.map((retrieval, place) => (
                <Line key={retrievals.length - place} retrieval={retrieval} />
              ))}
            </Table>
            <LocalHint />
          </>
        )}
      </Paged>
    </Card>
  );
}

const HEADINGS = ["When", "Wallet", "How", "Version", "Paid", "Transaction"];

function Line({ retrieval }: { retrieval: Retrieval }) {
  const { wallet, how, version, paid, txHash, network, at, handedOverAt } = retrieval;
  const isUnread = how === "paid" && handedOverAt === null;
  const { word, tone } = isUnread ? UNREAD : (HOW[how] ?? { word: how, tone: "plain" as const });
  return (
    <tr>
      <th scope="row">
        <Time at={at} />
      </th>
      <td>
        <Address value={wallet} what="wallet" network={network} />
      </td>
      <td>
        <Badge tone={tone}>{word}</Badge>
      </td>
      <td>{version}</td>
      <td>
        <Money dollars={paid} />
      </td>
      <td>
        <Transaction hash={txHash} network={network} />
      </td>
    </tr>
  );
}

const UNREAD = { word: "Bought, not read yet", tone: "warn" as const };

/** The values of `Retrieval.how`. */
const HOW: Record<string, { word: string; tone: "ok" | "plain" }> = {
  paid: { word: "Bought", tone: "ok" },
  payment: { word: "Again, with the same payment", tone: "plain" },
  signature: { word: "Again, signed in", tone: "plain" },
};
