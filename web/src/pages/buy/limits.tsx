// The spending limits of the session, where one of them is in the way.
import { useState } from "react";
import { toAtomic, toDollars } from "../../base/amounts";
import { Button, Notice, moneyText } from "../../parts";
import type { SessionState } from "../../session";
import { PolicyForm } from "../chat/policy-form";

/** The limit that is in the way, in words; null if none is. */
export function limitInTheWay(known: SessionState["policy"], price: bigint): string | null {
  if (known === null) return null;
  const { policy, spentSession, spentDay } = known;
  if (price > (toAtomic(policy.perCall) ?? 0n)) {
    return `Your limit is ${moneyText(policy.perCall)} for one purchase.`;
  }
  if (price > left(policy.perSession, spentSession)) {
    return `Of your limit for this session ${inWords(left(policy.perSession, spentSession))} is left.`;
  }
  if (price > left(policy.perDay, spentDay)) {
    return `Of your limit for 24 hours ${inWords(left(policy.perDay, spentDay))} is left.`;
  }
  return null;
}

function left(most: string, spent: string): bigint {
  return (toAtomic(most) ?? 0n) - (toAtomic(spent) ?? 0n);
}

function inWords(sum: bigint): string {
  return sum > 0n ? moneyText(toDollars(sum)) : "nothing";
}

export function LimitNotice({ limit }: { limit: string }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Notice
        kind="warn"
        actions={
          <Button size="small" expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
            Change the limits
          </Button>
        }
      >
        {limit} Nothing was charged.
      </Notice>
      {isOpen && <PolicyForm onSaved={() => setIsOpen(false)} />}
    </>
  );
}
