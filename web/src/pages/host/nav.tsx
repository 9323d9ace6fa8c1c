// The navigation of a host: a side bar on wide screens; on a phone a bar of at most five at the bottom, whose last opens the rest.
import { useId, useState, type MouseEvent } from "react";
import { createPortal } from "react-dom";
import type { ProfileView } from "../../api/types";
import type { Id } from "./entries";
import { Dialog, Face, Icon, linkProps, useIsPhone, type IconName } from "../../parts";
import { hostPage } from "../../purchase/offers";
import { Account } from "./access/account";

export type Entry = {
  id: Id;
  name: string;
  icon: IconName;
  /** The heading that it stands under; without one it is among the first. */
  group?: "More to sell" | "Set up";
  /** Where it stands in the bar of a phone, and under which name; the others are in the sheet. */
  onPhone?: { name: string; icon: IconName };
  /** What waits there: the count, and what it counts. */
  waits?: { count: number; words: string; isUrgent?: boolean };
};

type Props = {
  entries: readonly Entry[];
  shown: Id;
  show: (id: Id) => void;
  profile: ProfileView;
  /** Where the navigation stands. */
  side: HTMLElement;
};

const LABEL = "Sections of the host";

export function HostNav({ side, ...props }: Props) {
  const isPhone = useIsPhone();
  // The sheet belongs to the section that it was opened in: another one closes it, also by the back button. It outlives a
  // turn of the phone.
  const [openIn, setOpenIn] = useState<Id | null>(null);
  if (openIn !== null && openIn !== props.shown) setOpenIn(null);
  const setIsOpen = (isOpen: boolean) => setOpenIn(isOpen ? props.shown : null);
  const bar = <Bar {...props} isOpen={openIn === props.shown} setIsOpen={setIsOpen} />;
  return createPortal(isPhone ? bar : <SideBar {...props} />, side);
}

type NavProps = Omit<Props, "side">;

function SideBar({ profile, ...props }: NavProps) {
  return (
    <div className="host-side">
      <nav aria-label={LABEL}>
        <p className="host-side-name">
          <Face seed={profile.userId} scope={profile.urlSafeId} />
          <strong className="host-untrusted">{nameOf(profile)}</strong>
        </p>
        <Groups {...props} />
      </nav>
      <aside className="host-side-end" aria-label="Who is signed in">
        <PublicPage profile={profile} />
        <Account />
      </aside>
    </div>
  );
}

type GroupsProps = Omit<NavProps, "profile">;

/** The entries under their headings. */
function Groups({ entries, ...props }: GroupsProps) {
  const id = useId();
  return [undefined, "More to sell", "Set up"].map((group) => {
    const those = entries.filter((entry) => entry.group === group);
    if (those.length === 0) return null;
    const label = group === undefined ? undefined : `${id}-${group.replaceAll(" ", "-")}`;
    return (
      <div key={group ?? "first"}>
        {label !== undefined && (
          <p id={label} className="host-side-label">
            {group}
          </p>
        )}
        <ul className="host-side-list" aria-labelledby={label}>
          {those.map((entry) => (
            <li key={entry.id}>
              <SectionLink entry={entry} {...props} />
            </li>
          ))}
        </ul>
      </div>
    );
  });
}

type LinkProps = { entry: Entry; shown: Id; show: (id: Id) => void };

function SectionLink({ entry, shown, show }: LinkProps) {
  const { id, name, icon, waits } = entry;
  const said = useId();
  const hasCount = waits !== undefined && waits.count > 0;
  return (
    <a
      href={`#${id}`}
      aria-current={id === shown ? "page" : undefined}
      aria-describedby={hasCount ? said : undefined}
      onClick={(event) => isPlain(event) && show(id)}
    >
      <Icon name={icon} />
      {name}
      {hasCount && (
        <span aria-hidden="true" className={waits.isUrgent ? "host-count host-count-urgent" : "host-count"}>
          {waits.count}
        </span>
      )}
      {hasCount && (
        <span id={said} hidden>
          {waits.count} {waits.words}
        </span>
      )}
    </a>
  );
}

/** A click that opens another tab is left to the browser. */
function isPlain(event: MouseEvent): boolean {
  const isChanged = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0;
  if (!isChanged) event.preventDefault();
  return !isChanged;
}

type BarProps = NavProps & { isOpen: boolean; setIsOpen: (isOpen: boolean) => void };

function Bar({ entries, shown, show, profile, isOpen, setIsOpen }: BarProps) {
  const inBar = entries.flatMap((entry) =>
    entry.onPhone === undefined ? [] : [{ ...entry, ...entry.onPhone }],
  );
  const rest = entries.filter((entry) => entry.onPhone === undefined);
  const close = () => setIsOpen(false);
  const go = (id: Id) => {
    close();
    show(id);
  };
  return (
    <nav className="host-bar" aria-label={LABEL}>
      <ul className="nav">
        {inBar.map((entry) => (
          <li key={entry.id}>
            <SectionLink entry={entry} shown={shown} show={show} />
          </li>
        ))}
        <li>
          <button
            type="button"
            aria-haspopup="dialog"
            aria-expanded={isOpen}
            aria-current={rest.some(({ id }) => id === shown) ? "true" : undefined}
            onClick={() => setIsOpen(true)}
          >
            <Icon name="more" />
            More
          </button>
        </li>
      </ul>
      {isOpen && (
        <Dialog title="More" onCancel={close} sheet={{ lead: null, under: null }}>
          <div className="host-more">
            <Groups entries={rest} shown={shown} show={go} />
            <ul className="host-side-list host-more-end" aria-label="Elsewhere">
              <li>
                <PublicPage profile={profile} />
              </li>
              <li>
                <a {...linkProps("/tickets")}>
                  <Icon name="ticket" />
                  Tickets
                </a>
              </li>
              <li>
                <a {...linkProps("/")}>
                  <Icon name="chat" />
                  Chat
                </a>
              </li>
            </ul>
            <Account />
          </div>
        </Dialog>
      )}
    </nav>
  );
}

function PublicPage({ profile }: { profile: ProfileView }) {
  return (
    <a className="host-side-link" href={hostPage(profile.urlSafeId)}>
      <Icon name="page" />
      Public page
    </a>
  );
}

function nameOf({ displayName }: ProfileView): string {
  return displayName === "" ? "Your server" : displayName;
}

/** On a phone the bar at the top says whose page this is, and where in it one is. */
export function Place({ profile, name, place }: { profile: ProfileView; name: string; place: HTMLElement }) {
  return createPortal(
    <span className="host-place" aria-hidden="true">
      <Face seed={profile.userId} scope={profile.urlSafeId} />
      {name}
    </span>,
    place,
  );
}
