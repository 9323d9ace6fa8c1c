// What was bought last, as it comes in.
import type { OwnEvent, OwnPayment } from "../../../api/types";
import { Card, Face, Money, clock, shortHash, timeText } from "../../../parts";
import * as api from "../payments/api";
import { useLive } from "../shared/live";
import { useLoad } from "../shared/use-load";

const SHOWN = 5;

type Props = { events: readonly OwnEvent[]; showPayments: () => void };

export function JustNow({ events, showPayments }: Props) {
  const load = useLoad(newest);
  useLive(load);
  const bought = (load.value?.items ?? []).filter(({ state }) => state === "delivered");
  if (bought.length === 0) return null;
  const titles = new Map(events.map(({ id, title }) => [id, title]));
  return (
    <Card
      title="Just now"
      level={3}
      aside={
        <button type="button" className="text-button" onClick={showPayments}>
          All payments
        </button>
      }
    >
      <ul className="host-lines-list">
        {bought.slice(0, SHOWN).map((payment) => (
          <li key={payment.id}>
            <Face seed={payment.payer} />
            <div className="host-untrusted">
              <code>{shortHash(payment.payer)}</code> · {whatOf(payment, titles)}
            </div>
            <strong className="host-sum">
              <Money dollars={payment.amount} />
            </strong>
            <time className="quiet small" dateTime={payment.createdAt}>
              {whenOf(payment.createdAt)}
            </time>
          </li>
        ))}
      </ul>
    </Card>
  );
}

const newest = () => api.payments();

function whatOf({ eventId, tool }: OwnPayment, titles: ReadonlyMap<string, string>): string {
  const title = titles.get(eventId ?? "");
  if (title !== undefined) return title;
  if (eventId !== null) return "a seat";
  return tool.includes("Secret") ? "a secret" : "work at the desk";
}

/** The time of today's, the day of others. */
function whenOf(at: string): string {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? clock(at) : timeText(date, "date");
}
