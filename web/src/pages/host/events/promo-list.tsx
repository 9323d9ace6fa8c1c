// The promo codes of an event, as its host writes them.
import type { PromoView } from "../../../api/types";
import { toAtomic } from "../../../base/amounts";
import { readMoney } from "../../../base/money-text";
import { TextField } from "../../../parts";
import { MomentField } from "../shared/moment-field";
import { toMoment, toWall } from "../shared/zones";
import { DraftList } from "./draft-list";

/** What is typed. `off` is percent with a sign, or dollars; `until` a wall-clock time of the event's zone. */
export type PromoDraft = {
  key: number;
  code: string;
  off: string;
  uses: string;
  until: string;
  /** The code as it is; null for a new one. */
  known: PromoView | null;
};

/** A code as it is sent. */
export type SentPromo = {
  code: string;
  off: string;
  uses: number;
  expiresAt?: string;
};

/** As many as the server takes. */
const MOST = 50;

export function promoDraftsOf(promos: readonly PromoView[], timeZone: string): PromoDraft[] {
  return promos.map((known, key) => ({
    key,
    code: known.code,
    off: known.off,
    uses: known.uses === 0 ? "" : String(known.uses),
    until: wallOf(known, timeZone),
    known,
  }));
}

/** The codes as they are sent, or what is wrong with one. */
export function readPromos(
  drafts: readonly PromoDraft[],
  timeZone: string,
): { value: SentPromo[] } | { fault: string } {
  const value: SentPromo[] = [];
  for (const { code: typed, off, uses, until, known } of drafts) {
    const code = typed.trim().toUpperCase();
    if (!/^[A-Z0-9_-]{4,30}$/.test(code))
      return { fault: "A code has 4 to 30 letters (A to Z), digits and hyphens" };
    if (value.some((other) => other.code === code)) return { fault: `“${code}” is there twice` };
    const less = readOff(off);
    if (less === null) return { fault: `“${code}” needs what it takes off, such as 20% or 5` };
    if (!/^\d{0,7}$/.test(uses.trim())) return { fault: `“${code}”: seats must be a whole number` };
    const sent: SentPromo = { code, off: less, uses: Number(uses.trim()) };
    if (until !== "") {
      const end = toMoment(until, timeZone);
      if (end.kind !== "once" && end.kind !== "twice")
        return { fault: `“${code}” ends at a time that is not there` };
      // What was not changed stays as it is, to the second.
      sent.expiresAt =
        known !== null && until === wallOf(known, timeZone) ? (known.expiresAt ?? end.utc) : end.utc;
    }
    value.push(sent);
  }
  return { value };
}

function wallOf({ expiresAt }: PromoView, timeZone: string): string {
  return expiresAt === undefined ? "" : toWall(expiresAt, timeZone);
}

/** Percent or dollars, as the server reads them; null for anything else. */
function readOff(off: string): string | null {
  const percent = /^(\d{1,3})\s*%$/.exec(off.trim())?.[1];
  if (percent !== undefined)
    return Number(percent) >= 1 && Number(percent) <= 100 ? `${Number(percent)}%` : null;
  const amount = readMoney(off);
  return amount !== null && (toAtomic(amount) ?? 0n) > 0n ? amount : null;
}

type Props = {
  drafts: readonly PromoDraft[];
  change: (drafts: PromoDraft[]) => void;
  error: string | undefined;
  /** That of the times. */
  timeZone: string;
};

const EMPTY = { code: "", off: "", uses: "", until: "", known: null };

export function PromoList(props: Props) {
  return (
    <DraftList
      {...props}
      legend="Promo codes"
      hideLegend
      hint="Guests who have a code pay less. Nobody but you sees the codes."
      name="Code"
      most={MOST}
      empty={(key) => ({ key, ...EMPTY })}
    >
      {(draft, set, remove) => (
        <>
          <div className="host-pair">
            <TextField
              label="Promo code"
              maxLength={30}
              placeholder="FRIENDS-2027"
              hint="One that is hard to guess"
              value={draft.code}
              onChange={(code) => set({ code })}
            />
            <TextField
              label="What it takes off"
              hint="20%, or dollars of each seat: 5"
              value={draft.off}
              onChange={(off) => set({ off })}
            />
          </div>
          <div className="host-pair">
            <TextField
              label="For how many seats (optional)"
              inputMode="numeric"
              hint={draft.known === null ? "Empty: any number" : `${draft.known.used} used so far`}
              value={draft.uses}
              onChange={(uses) => set({ uses })}
            />
            <MomentField
              label="Code ends (optional)"
              timeZone={props.timeZone}
              value={draft.until}
              onChange={(until) => set({ until })}
            />
          </div>
          <div className="row">{remove}</div>
        </>
      )}
    </DraftList>
  );
}
