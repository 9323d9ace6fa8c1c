// Where a host begins: what to do next, the figures of the last days, what is on sale, and what was bought just now.
import { useState, type ReactNode } from "react";
import type { DraftView, OwnEvent, ProfileView } from "../../../api/types";
import { readAtomic } from "../../../base/amounts";
import { Button, Card, CopyButton, EventCover, Money, eventTime, timeText } from "../../../parts";
import { hostPage } from "../../../purchase/offers";
import type { Purpose } from "../events/form";
import { WhatNext } from "../events/what-next";
import * as payments from "../payments/api";
import { changeText, percent } from "../payments/series";
import { useLive } from "../shared/live";
import { Trouble } from "../shared/trouble";
import { useLoad } from "../shared/use-load";
import type { PagedList } from "../shared/use-paged-list";
import { JustNow } from "./just-now";

/** Events that are shown at once. */
const SHOWN = 5;

type Props = {
  profile: ProfileView;
  list: PagedList<OwnEvent>;
  drafts: readonly DraftView[];
  open: (purpose: Purpose) => void;
  /** Null for a host that sells no seats. */
  showEvents: (() => void) | null;
  showDesk: () => void;
  showPayments: () => void;
};

export function Home({ profile, list, drafts, open, showEvents, showDesk, showPayments }: Props) {
  const onSale = list.items.filter(({ status }) => status === "scheduled");
  return (
    <>
      <div className="page-head">
        <Greeting />
        <div className="row">
          <CopyButton
            text={location.origin + hostPage(profile.urlSafeId)}
            label="Copy page link"
            what="to your public page"
          />
          {showEvents !== null && (
            <Button kind="primary" icon="plus" onClick={() => open({ kind: "new" })}>
              New event
            </Button>
          )}
        </div>
      </div>
      {list.error !== null && <Trouble error={list.error} retry={list.reload} />}
      {list.isLoaded && (
        <WhatNext
          events={list.items}
          sellsSeats={showEvents !== null}
          scope={profile.urlSafeId}
          drafts={drafts}
          showDesk={showDesk}
          showPayments={showPayments}
          edit={(of) => open({ kind: "edit", of })}
          create={() => open({ kind: "new" })}
        />
      )}
      <Figures onSale={onSale} isWhole={!list.hasMore} />
      <div className="host-halves">
        {onSale.length > 0 && showEvents !== null && <OnSale events={onSale} showEvents={showEvents} />}
        <JustNow events={list.items} showPayments={showPayments} />
      </div>
    </>
  );
}

function Greeting() {
  const [now] = useState(() => new Date());
  const hour = now.getHours();
  const time = hour < 5 || hour >= 18 ? "evening" : hour < 12 ? "morning" : "afternoon";
  return (
    <div>
      <h2 className="host-hello">Good {time}</h2>
      <p className="quiet">{timeText(now, "date")}</p>
    </div>
  );
}

/** Only what can be counted: the seats if all events are known. */
function Figures({ onSale, isWhole }: { onSale: readonly OwnEvent[]; isWhole: boolean }) {
  const load = useLoad(payments.revenue);
  useLive(load);
  const period = load.value?.periods.find(({ days }) => days === 30);
  if (period === undefined) return null;
  const { asked, paid, revenue, revenueAtomic } = period.now;
  const seats = onSale.reduce((sum, { rsvpCount }) => sum + rsvpCount, 0);
  const change = changeText(readAtomic(revenueAtomic), readAtomic(period.before.revenueAtomic), 30);
  return (
    <dl className="card host-figures">
      <Figure name="Kept, last 30 days" note={change}>
        <Money dollars={revenue} />
      </Figure>
      {isWhole && (
        <Figure
          name="Seats sold"
          note={onSale.length === 1 ? "1 event on sale" : `${onSale.length} events on sale`}
        >
          {seats}
        </Figure>
      )}
      <Figure name="Asked who then paid" note={asked === 0 ? "nobody has asked yet" : `${paid} of ${asked}`}>
        {asked === 0 ? "–" : percent(paid, asked)}
      </Figure>
    </dl>
  );
}

function Figure({ name, note, children }: { name: string; note: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <strong>{children}</strong>
        <span className="second">{note}</span>
      </dd>
    </div>
  );
}

function OnSale({ events, showEvents }: { events: readonly OwnEvent[]; showEvents: () => void }) {
  return (
    <Card
      title="On sale"
      level={3}
      aside={
        <button type="button" className="text-button" onClick={showEvents}>
          All events
        </button>
      }
    >
      <ul className="host-lines-list">
        {events.slice(0, SHOWN).map((event) => (
          <li key={event.id}>
            <span className="host-thumb">
              <EventCover id={event.id} path={event.coverPath} cut="square" />
            </span>
            <div className="host-untrusted">
              <strong>{event.title}</strong>
              <p className="quiet small">{eventTime(event.startsAt, event.timeZone)}</p>
            </div>
            <Sold event={event} />
            <strong className="host-sum">
              <Money dollars={event.revenue} />
            </strong>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Sold({ event: { rsvpCount, seatsLeft, capacity } }: { event: OwnEvent }) {
  return (
    <div className="host-sold">
      <span>{rsvpCount} sold</span>
      <span>{seatsLeft === null ? "no limit" : `${seatsLeft} left`}</span>
      {seatsLeft !== null && (
        <progress max={capacity} value={Math.min(rsvpCount, capacity)} aria-hidden="true" />
      )}
    </div>
  );
}
