// The sections of a host, one of which is shown, and the navigation between them.
import { useCallback, useEffect, useState, type ReactNode } from "react";
import { productsOf } from "../../api/products";
import type { DraftView, OwnEvent, ProfileView } from "../../api/types";
import { Button, Notice } from "../../parts";
import { Credentials } from "./access/credentials";
import { Desk } from "./desk";
import { useDrafts } from "./desk/drafts";
import { IDS, entriesOf, nameOf, type Id } from "./entries";
import { Events } from "./events";
import * as events from "./events/api";
import type { Purpose } from "./events/form";
import { Guests } from "./events/guests";
import { Home } from "./home";
import { HostNav, Place } from "./nav";
import { Payments } from "./payments";
import { Revenue } from "./payments/revenue";
import { Settings } from "./settings";
import { Connect } from "./settings/connect";
import { useLiveList } from "./shared/live";
import { usePagedList } from "./shared/use-paged-list";
import { useSection } from "./use-section";
import { Secrets } from "./vault";

/** Sections whose content stays while another one is shown. Secrets do not: a typed secret must not stay. */
const KEPT: ReadonlySet<Id> = new Set(["events", "desk", "credentials", "settings"]);

type Props = { profile: ProfileView; side: HTMLElement | null; place: HTMLElement | null };

export function Sections({ profile, side, place }: Props) {
  const { shown, show, arrived } = useSection(IDS);
  const products = productsOf(profile);
  const drafts = useDrafts(products.includes("desk"), shown);
  const { list, contents, showStuck } = useContents(profile, drafts, show);
  const [visited, setVisited] = useState<ReadonlySet<string>>(new Set());
  if (!visited.has(shown)) setVisited(new Set([...visited, shown]));
  const onSale = list.items.filter(({ status }) => status === "scheduled").length;
  const hasEvents = list.items.length > 0;
  const entries = entriesOf({ products, hasEvents, onSale, drafts: drafts.length });
  useEffect(() => {
    document.title = `${nameOf(shown)} · Host · Events Concierge`;
  }, [shown]);
  return (
    <>
      {side !== null && <HostNav entries={entries} shown={shown} show={show} profile={profile} side={side} />}
      {place !== null && <Place profile={profile} name={nameOf(shown)} place={place} />}
      {profile.stuckPayments > 0 && <StuckNotice count={profile.stuckPayments} show={showStuck} />}
      {IDS.map((id) => (
        <section
          key={id}
          ref={id === shown ? arrived : undefined}
          className="host-section"
          aria-label={nameOf(id)}
          tabIndex={-1}
          hidden={id !== shown}
        >
          {id !== "home" && <h2 className="host-title">{nameOf(id)}</h2>}
          {(id === shown || (KEPT.has(id) && visited.has(id))) && contents[id]}
        </section>
      ))}
    </>
  );
}

/** What is in the sections, and the way to the payments that wait. */
function useContents(profile: ProfileView, drafts: readonly DraftView[], show: (id: Id) => void) {
  const pages = usePagedList(events.events);
  // Other sections name events with what was sold, so it is read for them too.
  useLiveList(pages);
  const list = { ...pages, items: pages.items.toSorted(byInterest) };
  const [purpose, setPurpose] = useState<Purpose | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const [isLedHere, setIsLedHere] = useState(false);
  const arrived = useCallback(() => setIsLedHere(false), []);
  const showGuests = (event: OwnEvent) => {
    setChosen(event.id);
    show("guests");
  };
  const showSettings = () => show("settings");
  const showStuck = () => {
    setIsLedHere(true);
    show("payments");
  };
  /** Opens the form. One that is open stays, with what is typed in it. */
  const open = (next: Purpose) => {
    setPurpose(purpose ?? next);
    show("events");
  };
  const sellsSeats = productsOf(profile).includes("events") || list.items.length > 0;
  const form = { purpose, setPurpose };
  const contents: Readonly<Record<Id, ReactNode>> = {
    home: (
      <Home
        profile={profile}
        list={list}
        drafts={drafts}
        open={open}
        showEvents={sellsSeats ? () => show("events") : null}
        showDesk={() => show("desk")}
        showPayments={() => show("payments")}
      />
    ),
    events: <Events scope={profile.urlSafeId} list={list} showGuests={showGuests} {...form} />,
    guests: <Guests list={list} chosen={chosen} choose={setChosen} />,
    revenue: <Revenue events={list.items} />,
    payments: <Payments events={list.items} isLedHere={isLedHere} arrived={arrived} />,
    secrets: <Secrets profile={profile} showSettings={showSettings} />,
    desk: <Desk profile={profile} showSettings={showSettings} />,
    connect: <Connect profile={profile} />,
    credentials: <Credentials profile={profile} />,
    settings: <Settings profile={profile} />,
  };
  return { list, contents, showStuck };
}

function StuckNotice({ count, show }: { count: number; show: () => void }) {
  const [wait, they] = count === 1 ? ["payment waits", "it was"] : ["payments wait", "they were"];
  return (
    <Notice kind="warn" actions={<Button onClick={show}>Decide</Button>}>
      {count} {wait} for your decision: the chain cannot say any more whether {they} paid.
    </Notice>
  );
}

/** Events on sale first, the next one at the top; then drafts; then the others, newest first. */
function byInterest(a: OwnEvent, b: OwnEvent): number {
  const ranks = { scheduled: 0, draft: 1, past: 2, cancelled: 2 } as const;
  const first = ranks[a.status] - ranks[b.status];
  if (first !== 0) return first;
  const later = Date.parse(a.startsAt) - Date.parse(b.startsAt);
  return ranks[a.status] < 2 ? later : -later;
}
