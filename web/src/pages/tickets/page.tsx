// Everything that was bought with the wallets of this user, and in this browser.
import { Suspense, lazy, useCallback, useEffect, useRef, useState } from "react";
import { messageOf } from "../../api/http";
import type { PaymentView, SessionAnswer } from "../../api/types";
import { isSameAddress } from "../../base/address";
import { Button, Empty, Notice, Spinner, linkProps, navigate, visible } from "../../parts";
import { scopeOf } from "../../purchase/offers";
import { hasArrived, knownTickets, say, signedIn, useSession, type KnownTicket } from "../../session";
import "../../style/host.css";
import "../../style/tickets.css";
import { AddTicket } from "./add-ticket";
import { readBought, type Bought, type BoughtPage } from "./api";
import { BoughtSections } from "./sections";

const SignIn = lazy(() => import("../host/access/sign-in").then(({ SignIn: View }) => ({ default: View })));

export default function TicketsPage() {
  const userId = useSession((state) => state.userId);
  const isKnown = useSession((state) => state.session !== null);
  // A ticket that has just come is shown.
  useSession((state) => state.transcript.length);
  return (
    <div className="page tickets">
      <div className="page-head">
        <div>
          <h1>Your tickets</h1>
          <p className="quiet">
            {userId === null
              ? "What you bought in this browser. Sign in to find everything that your wallet bought, on any device."
              : "Everything that you bought, on any device."}
          </p>
        </div>
        <div className="row">
          <a className="button button-plain" {...linkProps("/wallet")}>
            Wallet
          </a>
          <AddTicket />
        </div>
      </div>
      {!isKnown && <Spinner label="Looking for your tickets…" />}
      <OnTheirWay />
      {userId === null && <NotArrived />}
      {isKnown && (userId === null ? <InThisBrowser /> : <OfUser key={userId} />)}
    </div>
  );
}

/** Payments of this session whose result is still to come. It is brought by the Guest, and is shown here then. */
function OnTheirWay() {
  const count = useSession(
    (state) => state.payments.filter(({ state: now }) => now === "paying" || now === "unknown").length,
  );
  if (count === 0) return null;
  return (
    <Notice>
      {count === 1 ? "A payment is" : `${count} payments are`} on the way. What you bought appears here by
      itself.
    </Notice>
  );
}

/** Seats that this session has paid for, and whose tickets are not here: the tab was closed before the answer came. */
function NotArrived() {
  const payments = useSession((state) => state.payments);
  const isOpen = useSession((state) => state.link === "open");
  const known = knownTickets();
  const isHere = ({ title, payer, txHash }: PaymentView) =>
    (txHash !== undefined && hasArrived(txHash)) ||
    known.some((one) => isSameAddress(one.wallet, payer) && (title === undefined || one.title === title));
  const missing = payments.filter(
    (one) =>
      one.state === "paid" && one.tool === "rsvpToEvent" && scopeOf(one.mcpUrl) !== null && !isHere(one),
  );
  const [first] = missing;
  if (first === undefined) return null;
  const one = first.title === undefined ? "A seat" : `“${visible(first.title)}”`;
  return (
    <Notice
      actions={
        <Button kind="primary" onClick={askForTickets} disabled={!isOpen}>
          {missing.length === 1 ? "Get the ticket" : "Get the tickets"}
        </Button>
      }
    >
      {missing.length === 1 ? `${one} is paid.` : `${missing.length} seats are paid.`} The answer did not
      reach this browser. You have the {missing.length === 1 ? "ticket" : "tickets"}, and nothing is charged
      again.
    </Notice>
  );
}

function askForTickets(): void {
  if (say("my tickets")) navigate("/");
}

type Loading = { pages: readonly BoughtPage[]; error: string | null; busy: boolean };

/** The list of the signed-in user, with what this browser knows besides. */
function OfUser() {
  const [{ pages, error, busy }, setLoading] = useState<Loading>({ pages: [], error: null, busy: true });
  const load = useCallback((cursor: string | undefined) => {
    setLoading((before) => ({ ...before, error: null, busy: true }));
    readBought(cursor).then(
      (page) => setLoading((before) => ({ pages: [...before.pages, page], error: null, busy: false })),
      (reason: unknown) => setLoading((before) => ({ ...before, error: messageOf(reason), busy: false })),
    );
  }, []);
  const [said, setSaid] = useState<string | null>(null);
  const changed = (message: string) => {
    setSaid(message);
    setLoading({ pages: [], error: null, busy: true });
    load(undefined);
  };
  // oxlint-disable-next-line react/set-state-in-effect -- the first page is loaded when the list is shown
  useEffect(() => load(undefined), [load]);
  const last = pages.at(-1);
  const items = withKnown(pages.flatMap((page) => page.items));
  const wallets = pages.flatMap((page) => page.wallets);
  return (
    <>
      {error !== null && (
        <Notice kind="error" actions={<Button onClick={() => load(last?.cursor)}>Try again</Button>}>
          Your tickets could not be read. {error}
        </Notice>
      )}
      {pages.some(({ isPartial }) => isPartial) && (
        <Notice kind="warn" actions={<Button onClick={() => location.reload()}>Try again</Button>}>
          Some hosts have not answered. What you bought there is missing for now.
        </Notice>
      )}
      {said !== null && <Said text={said} />}
      {busy && pages.length === 0 && <Spinner label="Looking for your tickets…" />}
      {pages.length > 0 && items.length === 0 && <Nothing />}
      <BoughtSections items={items} wallets={wallets} changed={changed} />
      {last?.cursor !== undefined && (
        <Button busy={busy} onClick={() => load(last.cursor)}>
          Load more
        </Button>
      )}
      <Elsewhere />
    </>
  );
}

/** What became of an action. It takes the focus, because the button of the action is gone. */
function Said({ text }: { text: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), [text]);
  return (
    <div ref={box} tabIndex={-1} role="status">
      <Notice kind="ok">{text}</Notice>
    </div>
  );
}

/** Without a sign-in: the tickets that were bought here, and the way to the others. */
function InThisBrowser() {
  const items = withKnown([]);
  const payments = useSession((state) => state.payments);
  const isExpected = payments.some(
    ({ state, txHash }) =>
      ["paid", "paying", "unknown"].includes(state) && !(txHash !== undefined && hasArrived(txHash)),
  );
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      {items.length === 0 && !isOpen && !isExpected && (
        <Empty title="No tickets in this browser">
          <p>What you buy is kept here. Bought on another device? Sign in with the same wallet.</p>
          <div className="row">
            <Button kind="primary" onClick={() => setIsOpen(true)}>
              Find my tickets
            </Button>
            <a className="button button-plain" {...linkProps("/")}>
              Find an event
            </a>
          </div>
        </Empty>
      )}
      <BoughtSections items={items} wallets={[]} />
      {(items.length > 0 || isExpected) && !isOpen && (
        <Notice
          actions={
            <Button size="small" onClick={() => setIsOpen(true)}>
              Find my tickets
            </Button>
          }
        >
          Bought with another wallet, or by your agent? Sign in with that wallet. It signs a message, and
          nothing is paid.
        </Notice>
      )}
      {isOpen && (
        <section className="card" aria-label="Sign in">
          <h2>Find my tickets</h2>
          <p className="quiet">Your wallet signs a message. Nothing is paid.</p>
          <Suspense fallback={<Spinner label="One moment…" />}>
            <SignIn done={done} />
          </Suspense>
        </section>
      )}
    </>
  );
}

function done(user: SessionAnswer): Promise<void> {
  signedIn(user.userId);
  return Promise.resolve();
}

function Nothing() {
  return (
    <Empty title="No tickets yet">
      <p>What you buy is kept here.</p>
      <a className="button button-primary" {...linkProps("/")}>
        Find an event
      </a>
    </Empty>
  );
}

function Elsewhere() {
  return (
    <Notice
      actions={
        <a className="button button-plain button-small" {...linkProps("/my-mcp")}>
          Change the sign-in
        </a>
      }
    >
      Bought with another wallet, or by your agent? Sign in with that wallet, or paste the ticket’s link.
    </Notice>
  );
}

/** With the tickets that this browser remembers and the list does not have. */
function withKnown(items: readonly Bought[]): readonly Bought[] {
  const links = new Set(items.map(({ ticketUrl }) => ticketUrl));
  return [
    ...items,
    ...knownTickets()
      .filter(({ ticketUrl }) => !links.has(ticketUrl))
      .map(fromBrowser),
  ];
}

function fromBrowser(ticket: KnownTicket): Bought {
  const end = Date.parse(ticket.startsAt);
  return {
    kind: "seat",
    host: { scope: "", name: null },
    title: ticket.title,
    item: ticket.eventId,
    startsAt: ticket.startsAt === "" ? null : ticket.startsAt,
    endsAt: null,
    timeZone: ticket.timeZone,
    place: ticket.place === "" ? null : ticket.place,
    coverPath: null,
    state: end < Date.now() ? "over" : "valid",
    seats: 1,
    ticketUrl: ticket.ticketUrl,
    again: null,
    cancel: null,
    refund: null,
    paidUsd: "",
    network: "",
    transaction: null,
    boughtAt: "",
  };
}
