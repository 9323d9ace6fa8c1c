// The conversation, newest entry last.
import { useEffect, useMemo, useRef, type ReactNode } from "react";
import { contentOf, isObject, textOf } from "../../base/object";
import { Icon, Money, Notice, sentence } from "../../parts";
import { useSession, type Entry } from "../../session";
import { Answer } from "./answer";
import { Failure } from "./failure";
import { HostName } from "./host-name";
import { Receipt } from "./receipt";
import { Progress } from "./progress";
import { Result } from "./result";
import { Bought } from "./secrets";
import { walletName } from "./wallet-name";

/** `children` are shown above the entries. */
export function Transcript({ children }: { children: ReactNode }) {
  const entries = useSession((state) => state.transcript);
  const box = useRef<HTMLDivElement>(null);
  const inside = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const last = entries.at(-1);
  const told = useTold();
  const isPaying = useSession((state) => state.running.some(({ what }) => what === "payment"));
  useEffect(() => {
    // The own message and a payment under way are always scrolled into view.
    if (last?.kind !== "you" && !isPaying) return;
    follows.current = true;
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [last, isPaying]);
  useEffect(() => {
    const [outer, inner] = [box.current, inside.current];
    if (outer === null || inner === null) return;
    const toEnd = () => {
      if (follows.current && inner.childElementCount > 1) outer.scrollTop = outer.scrollHeight;
    };
    const observer = new ResizeObserver(toEnd);
    observer.observe(inner);
    return () => observer.disconnect();
  }, []);
  const lastTop = useRef(0);
  const onScroll = () => {
    const element = box.current;
    if (element === null) return;
    // New entries change the distance to the end too, so only scrolling up stops following them.
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 120;
    if (isAtEnd) follows.current = true;
    else if (element.scrollTop < lastTop.current - 2) follows.current = false;
    lastTop.current = element.scrollTop;
  };
  return (
    <div
      className="transcript"
      ref={box}
      onScroll={onScroll}
      tabIndex={0}
      role="region"
      aria-label="Conversation"
    >
      {children}
      <div className="entries" ref={inside} role="log" aria-live="polite" aria-label="Messages">
        {entries.map((entry) =>
          told.has(entry) ? null : <EntryView key={entry.id} entry={entry} isLast={entry === last} />,
        )}
        <Progress />
      </div>
    </div>
  );
}

/** How many entries away from a receipt its ticket or secret is. */
const NEAR = 2;

/** The receipts beside a ticket or a secret that says the price and links the same transaction. */
function useTold(): ReadonlySet<Entry> {
  const entries = useSession((state) => state.transcript);
  const payments = useSession((state) => state.payments);
  return useMemo(() => {
    const paid = new Set(payments.filter(({ explorerUrl }) => explorerUrl).map(({ txHash }) => txHash));
    const isTold = (entry: Entry, place: number) => {
      if (entry.kind !== "receipt" || !entry.receipt.confirmed) return false;
      const { txHash } = entry.receipt;
      const near = entries.slice(Math.max(0, place - NEAR), place + NEAR + 1);
      return paid.has(txHash) && near.some((one) => transactionOf(one) === txHash);
    };
    return new Set(entries.filter(isTold));
  }, [entries, payments]);
}

function transactionOf(entry: Entry): string | undefined {
  if (entry.kind === "secret") return entry.secret.transactionHash ?? undefined;
  if (entry.kind !== "result") return undefined;
  const content = contentOf(entry.result);
  return isObject(content) && isObject(content["rsvp"]) ? textOf(content, "transactionHash") : undefined;
}

function EntryView({ entry, isLast }: { entry: Entry; isLast: boolean }) {
  switch (entry.kind) {
    case "you":
      return (
        <div className="bubble bubble-you">
          <span className="visually-hidden">You: </span>
          {entry.text}
        </div>
      );
    case "agent":
      return <Answer entry={entry} isLast={isLast} />;
    case "notice":
      return <Notice kind={entry.tone}>{sentence(entry.text)}</Notice>;
    case "connected":
      return (
        <p className="line-entry">
          <Icon name="check" /> Connected to <HostName mcpUrl={entry.mcpUrl} server={entry.server} />
        </p>
      );
    case "wallet":
      return (
        <p className="line-entry">
          <Icon name="wallet" /> {walletName(entry.wallet.kind)}
          {typeof entry.wallet.balance === "string" && (
            <>
              , <Money dollars={entry.wallet.balance} />
            </>
          )}
        </p>
      );
    case "deployed":
      return (
        <p className="line-entry">
          <Icon name="check" /> Your wallet is on the chain now.
        </p>
      );
    case "receipt":
      return <Receipt receipt={entry.receipt} />;
    case "failure":
      return <Failure entry={entry} />;
    case "secret":
      return <Bought entry={entry} />;
    case "result":
      return <Result tool={entry.tool} result={entry.result} mcpUrl={entry.mcpUrl} />;
  }
}
