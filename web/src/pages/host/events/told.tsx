// What guests of an event were told by mail in the last days.
import { useMemo } from "react";
import type { NewsKind, NewsLine } from "../../../api/types";
import { Badge, Card, Time } from "../../../parts";
import { Loaded } from "../shared/loaded";
import { Table } from "../shared/table";
import { useLoad } from "../shared/use-load";
import * as api from "./api";

/** `round` grows with each message, so that the list is read again. */
export function Told({ event, round }: { event: string; round: number }) {
  // eslint-disable-next-line react-hooks/exhaustive-deps -- another round is another request
  const load = useLoad(useMemo(() => () => api.told(event), [event, round]));
  return (
    <Loaded load={load} loading="Loading what guests were told…">
      {({ news }) =>
        news.length > 0 && (
          <Card title="What guests were told">
            <Table label="Mails to guests" headings={["What", "To", "When"]}>
              {news.map((line) => (
                <tr key={line.id}>
                  <th scope="row" className="host-untrusted">
                    {line.kind === "message" ? line.subject : WORDS[line.kind]}
                  </th>
                  <td>{toText(line)}</td>
                  <td>
                    <Time at={line.createdAt} />
                  </td>
                </tr>
              ))}
            </Table>
          </Card>
        )
      }
    </Loaded>
  );
}

const WORDS: Record<NewsKind, string> = {
  message: "Message",
  reminder: "Reminder",
  change: "Change of time, place or title",
  cancelled: "Cancelled",
};

function toText({ recipients, sent, waiting }: NewsLine) {
  const gone = recipients - sent - waiting;
  return (
    <>
      {sent} of {recipients} {recipients === 1 ? "address" : "addresses"}{" "}
      {waiting > 0 && <Badge tone="plain">{waiting} on their way</Badge>}
      {gone > 0 && <span className="quiet">{gone} had left or unsubscribed</span>}
    </>
  );
}
