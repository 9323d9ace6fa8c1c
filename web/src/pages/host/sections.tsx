// The sections of a host as tabs.
import { useCallback, useState } from "react";
import type { OwnEvent, ProfileView } from "../../api/types";
import { Button, Notice } from "../../parts";
import { Credentials } from "./access/credentials";
import { Desk } from "./desk";
import { Events } from "./events";
import * as events from "./events/api";
import { Guests } from "./events/guests";
import { Payments } from "./payments";
import { Revenue } from "./payments/revenue";
import { Settings } from "./settings";
import { Connect } from "./settings/connect";
import { useLiveList } from "./shared/live";
import { usePagedList } from "./shared/use-paged-list";
import { Tabs, useTab, type Tab } from "./tabs";
import { Secrets } from "./vault";

const IDS = [
  "events",
  "guests",
  "revenue",
  "payments",
  "secrets",
  "desk",
  "credentials",
  "settings",
  "connect",
] as const;

export function Sections({ profile }: { profile: ProfileView }) {
  const pages = usePagedList(events.events);
  // Other sections name events with what was sold, so it is read for them too.
  useLiveList(pages);
  const list = { ...pages, items: pages.items.toSorted(byInterest) };
  const [shown, show] = useTab(IDS);
  const [chosen, setChosen] = useState<string | null>(null);
  const showGuests = (event: OwnEvent) => {
    setChosen(event.id);
    show("guests");
  };
  const showSettings = () => show("settings");
  const [isLedToStuck, setIsLedToStuck] = useState(false);
  const arrived = useCallback(() => setIsLedToStuck(false), []);
  const showStuck = () => {
    setIsLedToStuck(true);
    show("payments");
  };
  const desk = {
    hasDesk: profile.products.includes("desk"),
    showDesk: () => show("desk"),
    showPayments: () => show("payments"),
  };
  const payments = { events: list.items, isLedHere: isLedToStuck, arrived };
  const tabs: Tab[] = [
    {
      id: "events",
      name: "Events",
      keeps: true,
      content: <Events scope={profile.urlSafeId} list={list} showGuests={showGuests} {...desk} />,
    },
    { id: "guests", name: "Guests", content: <Guests list={list} chosen={chosen} choose={setChosen} /> },
    { id: "revenue", name: "Revenue", content: <Revenue events={list.items} /> },
    { id: "payments", name: "Payments", content: <Payments {...payments} /> },
    // Does not keep its content: a typed secret must not stay while another section is shown.
    { id: "secrets", name: "Secrets", content: <Secrets profile={profile} showSettings={showSettings} /> },
    {
      id: "desk",
      name: "Desk",
      keeps: true,
      content: <Desk profile={profile} showSettings={showSettings} />,
    },
    { id: "credentials", name: "Credentials", keeps: true, content: <Credentials profile={profile} /> },
    { id: "settings", name: "Settings", keeps: true, content: <Settings profile={profile} /> },
    { id: "connect", name: "Connect", content: <Connect profile={profile} /> },
  ];
  return (
    <>
      {profile.stuckPayments > 0 && <StuckNotice count={profile.stuckPayments} show={showStuck} />}
      <Tabs tabs={tabs} shown={shown} show={show} />
    </>
  );
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
