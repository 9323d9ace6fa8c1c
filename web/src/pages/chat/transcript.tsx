// The conversation, newest entry last.
import { useEffect, useRef, type ReactNode } from "react";
import { Badge, Hash, Money, Notice, sentence } from "../../parts";
import { useSession, type Entry } from "../../session";
import { Answer } from "./answer";
import { Receipt } from "./receipt";
import { Progress } from "./progress";
import { Result } from "./result";
import { Bought } from "./secrets";

/** `children` are shown above the entries. */
export function Transcript({ children }: { children: ReactNode }) {
  const entries = useSession((state) => state.transcript);
  const box = useRef<HTMLDivElement>(null);
  const inside = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const last = entries.at(-1);
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
        {entries.map((entry) => (
          <EntryView key={entry.id} entry={entry} isLast={entry === last} />
        ))}
        <Progress />
      </div>
    </div>
  );
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
        <div className="line-entry">
          <Badge tone="ok">Connected</Badge> <strong>{entry.server}</strong>
          <span className="small quiet">
            {entry.tools} {entry.tools === 1 ? "tool" : "tools"} at{" "}
            <span className="mono">{entry.mcpUrl}</span>
          </span>
        </div>
      );
    case "wallet":
      return (
        <div className="line-entry">
          <Badge tone="info">Wallet</Badge> <Hash value={entry.wallet.guestAddress} what="wallet address" />
          {typeof entry.wallet.balance === "string" && (
            <span>
              holds <Money dollars={entry.wallet.balance} /> USDC
            </span>
          )}
        </div>
      );
    case "deployed":
      return (
        <div className="line-entry">
          <Badge tone="ok">On the chain</Badge> Your wallet{" "}
          <Hash value={entry.address} what="wallet address" /> was deployed.
        </div>
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

const MONEY: Record<string, string> = {
  no: "No money moved.",
  unknown: "It is not known yet whether money moved; the payment is checked until it is.",
  yes: "Money moved.",
};

function Failure({ entry }: { entry: Extract<Entry, { kind: "failure" }> }) {
  const kind = entry.code === "declined" ? "info" : entry.moneyMoved === "no" ? "error" : "warn";
  return (
    <Notice kind={kind}>
      <strong className="mono">{entry.tool}</strong>: {entry.text}
      <br />
      {MONEY[entry.moneyMoved] ?? MONEY["unknown"]}
    </Notice>
  );
}
