import { useState, type ReactNode } from "react";
import { messageOf } from "../../api/http";
import { useExplorer } from "../../api/networks";
import {
  Badge,
  Button,
  CopyButton,
  EventCover,
  Icon,
  Notice,
  eventTime,
  linkProps,
  priceText,
  safeLink,
  visible,
} from "../../parts";
import { eventPage } from "../../purchase/offers";
import { readAgain, type Bought } from "./api";
import { GiveBack } from "./give-back";
import { chipOf, grouped, untilWords } from "./states";

type Props = {
  items: readonly Bought[];
  /** The wallets of the user, which may be the buyers. */
  wallets: readonly string[];
  /** Something was given back; `message` says what becomes of the money. */
  changed?: (message: string) => void;
};

/** The next ticket large, then later ones, secrets, the helpdesk, and the past. */
export function BoughtSections({ items, wallets, changed }: Props) {
  const [now] = useState(() => Date.now());
  const { next, later, secrets, desk, past } = grouped(items, now);
  const actionsOf = (seat: Bought) =>
    changed === undefined ? null : <GiveBack seat={seat} wallets={wallets} done={changed} />;
  return (
    <>
      {next !== null && <Next seat={next} now={now} actions={actionsOf(next)} />}
      <Section title="Later" items={later}>
        {(seat) => <SeatRow seat={seat} actions={actionsOf(seat)} />}
      </Section>
      <Section title="Secrets you bought" items={secrets}>
        {(secret) => <SecretRow secret={secret} wallets={wallets} />}
      </Section>
      <Section title="Helpdesk and more" items={desk}>
        {(line) => <PlainRow line={line} />}
      </Section>
      <Section title="Past" items={past} aside={items.length > 0}>
        {(seat) => <SeatRow seat={seat} actions={actionsOf(seat)} />}
      </Section>
      {items.length > 0 && past.length === 0 && (
        <p>
          <a {...linkProps("/transactions")}>All payments</a>
        </p>
      )}
    </>
  );
}

type SectionProps = {
  title: string;
  items: readonly Bought[];
  aside?: boolean;
  children: (line: Bought) => ReactNode;
};

function Section({ title, items, aside = false, children }: SectionProps) {
  if (items.length === 0) return null;
  return (
    <section className="stack-tight" aria-label={title}>
      <div className="sheet-label">
        <h2>{title}</h2>
        {aside && <a {...linkProps("/transactions")}>All payments</a>}
      </div>
      <ul className="bought">
        {items.map((line) => (
          <li key={`${line.ticketUrl} ${line.transaction} ${line.boughtAt} ${line.title}`}>
            {children(line)}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Next({ seat, now, actions }: { seat: Bought; now: number; actions: ReactNode }) {
  const chip = chipOf(seat.state);
  const until = untilWords(seat.startsAt, now);
  const calendar =
    seat.host.scope === "" || seat.item === null
      ? null
      : `${eventPage(seat.host.scope, seat.item)}/calendar.ics`;
  return (
    <article className="next" aria-label={`Next: ${visible(seat.title)}`}>
      <div className="next-cover">
        <EventCover id={seat.item ?? seat.title} path={seat.coverPath} cut="wide" />
      </div>
      <div className="next-text">
        <span className="row">
          <Badge tone="ok">{until === "" ? "Next" : `Next · ${until}`}</Badge>
          {seat.state !== "valid" && <Badge tone={chip.tone}>{chip.word}</Badge>}
        </span>
        <h2>{visible(seat.title)}</h2>
        <p className="quiet">{whenAndWhere(seat)}</p>
        <div className="row">
          <TicketLink seat={seat} primary />
          {calendar !== null && (
            <a className="button button-quiet" href={calendar}>
              <Icon name="calendar" /> Calendar
            </a>
          )}
          <Receipt line={seat} />
          {actions}
        </div>
      </div>
    </article>
  );
}

function TicketLink({ seat, primary = false }: { seat: Bought; primary?: boolean }) {
  const link = safeLink(seat.ticketUrl);
  if (link === null) return null;
  return (
    <a
      className={primary ? "button button-primary" : "button button-quiet"}
      href={link}
      aria-label={`${primary ? "Show the code" : "Open"}: ${visible(seat.title)}`}
    >
      {primary && <Icon name="ticket" />}
      {primary ? "Show the code" : "Open"}
    </a>
  );
}

function SeatRow({ seat, actions }: { seat: Bought; actions: ReactNode }) {
  const chip = chipOf(seat.state);
  return (
    <div className="bought-row">
      <div className="bought-cover">
        <EventCover id={seat.item ?? seat.title} path={seat.coverPath} cut="square" />
      </div>
      <div className="wallet-text">
        {seat.startsAt !== null && (
          <span className="second">{eventTime(seat.startsAt, seat.timeZone ?? undefined) ?? ""}</span>
        )}
        <span className="bought-title">{visible(seat.title)}</span>
        {seat.place !== null && <span className="second">{visible(seat.place)}</span>}
        {seat.seats > 1 && <span className="second">{seat.seats} seats</span>}
        {seat.refund !== null && <MoneyBack refund={seat.refund} />}
      </div>
      <div className="bought-end">
        <Badge tone={chip.tone}>{chip.word}</Badge>
        <TicketLink seat={seat} />
        <Receipt line={seat} />
        {actions}
      </div>
    </div>
  );
}

/** What becomes of the money of a seat that was cancelled. */
function MoneyBack({ refund: { words, link } }: { refund: NonNullable<Bought["refund"]> }) {
  const safe = link === null ? null : safeLink(link);
  return (
    <span className="second">
      {words}
      {safe !== null && (
        <>
          {" "}
          <a href={safe} target="_blank" rel="noreferrer noopener">
            See the transfer
          </a>
        </>
      )}
    </span>
  );
}

function PlainRow({ line }: { line: Bought }) {
  const chip = chipOf(line.state);
  return (
    <div className="bought-row">
      <span className="icon-tile">
        <Icon name="info" />
      </span>
      <div className="wallet-text">
        <span className="bought-title">{visible(line.title)}</span>
        <span className="second">{facts(line)}</span>
      </div>
      <div className="bought-end">
        <Badge tone={chip.tone}>{chip.word}</Badge>
        <Receipt line={line} />
      </div>
    </div>
  );
}

function SecretRow({ secret, wallets }: { secret: Bought; wallets: readonly string[] }) {
  const [value, setValue] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const show = async () => {
    if (secret.again === null) return;
    setIsBusy(true);
    setError(null);
    try {
      setValue(await readAgain(secret.again, wallets));
    } catch (reason) {
      setError(messageOf(reason));
    } finally {
      setIsBusy(false);
    }
  };
  const title = visible(secret.title);
  const chip = chipOf(secret.state);
  return (
    <div className="stack-tight bought-secret">
      <div className="bought-row">
        <span className="icon-tile">
          <Icon name="lock" />
        </span>
        <div className="wallet-text">
          <span className="bought-title">{title}</span>
          <span className="second">{facts(secret)}</span>
        </div>
        <div className="bought-end">
          {secret.state !== "valid" && <Badge tone={chip.tone}>{chip.word}</Badge>}
          {secret.again !== null && value === null && (
            <Button kind="quiet" busy={isBusy} label={`Show ${title}`} onClick={() => void show()}>
              Show
            </Button>
          )}
          {value !== null && (
            <Button kind="quiet" label={`Hide ${title}`} onClick={() => setValue(null)}>
              Hide
            </Button>
          )}
          <Receipt line={secret} />
        </div>
      </div>
      {error !== null && <Notice kind="error">{error}</Notice>}
      {value !== null && (
        <div className="stack-tight">
          <pre className="json" tabIndex={0} role="group" aria-label={`Value of ${title}`}>
            {visible(value)}
          </pre>
          <span>
            <CopyButton text={value} label="Copy" what={`the value of ${title}`} />
          </span>
        </div>
      )}
    </div>
  );
}

/** The transaction: on one's own machine a page of this site, elsewhere the explorer of the network. */
function Receipt({ line }: { line: Bought }) {
  const explorer = useExplorer();
  if (line.transaction === null) return null;
  const link = safeLink(explorer.transaction(line.network, line.transaction));
  if (link === null) return null;
  return (
    <a
      className="button button-ghost"
      href={link}
      target="_blank"
      rel="noreferrer noopener"
      aria-label={`Receipt: ${visible(line.title)}`}
    >
      Receipt
    </a>
  );
}

function whenAndWhere({ startsAt, timeZone, place, seats }: Bought): string {
  const when = startsAt === null ? null : eventTime(startsAt, timeZone ?? undefined);
  const count = seats > 1 ? `${seats} seats` : null;
  return [when, place === null ? null : visible(place), count].filter((part) => part !== null).join(" · ");
}

/** "Ada's events · 28 Nov · $0.05". */
function facts({ host, boughtAt, paidUsd }: Bought): string {
  const at = new Date(boughtAt);
  const day = Number.isNaN(at.getTime())
    ? null
    : new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }).format(at);
  const paid = paidUsd === "" ? null : priceText(paidUsd);
  return [host.name === null ? null : visible(host.name), day, paid]
    .filter((part) => part !== null)
    .join(" · ");
}
