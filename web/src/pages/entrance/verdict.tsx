// The result of a check-in, full screen: a colour, a sign, a word, a name and the reason.
import { useEffect, useRef } from "react";
import type { EntranceProblem } from "../../api/types";
import { Button, Icon, clock, moneyText } from "../../parts";
import type { Refusal, Verdict } from "./desk";

/** How long a green result stays, milliseconds. A red one stays until a tap. */
const GREEN_MILLIS = 2_000;

type Props = {
  verdict: Verdict;
  next: () => void;
  undo: (id: string, ticket: string | undefined) => void;
  showGuests: () => void;
};

export function VerdictScreen({ verdict, next, undo, showGuests }: Props) {
  if (verdict.kind === "refused") {
    const { word, reason } = REFUSALS[verdict.why](verdict);
    return (
      <Screen
        isIn={false}
        word={word}
        name={verdict.guest}
        reason={reason}
        hint="Stays until you tap."
        next={next}
        other={
          <Button size="large" onClick={showGuests}>
            Guest list
          </Button>
        }
      />
    );
  }
  return <Welcome verdict={verdict} next={next} undo={undo} />;
}

type WelcomeProps = Pick<Props, "next" | "undo"> & { verdict: Extract<Verdict, { kind: "in" }> };

function Welcome({ verdict, next, undo }: WelcomeProps) {
  useEffect(() => {
    const timer = setTimeout(next, GREEN_MILLIS);
    return () => clearTimeout(timer);
  }, [next, verdict]);
  const paid = Number(verdict.paid) > 0 ? `1 seat · paid ${moneyText(verdict.paid)}` : "1 seat";
  return (
    <Screen
      isIn
      word="Come in"
      name={verdict.guest}
      reason={paid}
      hint="Next scan in 2 seconds. A tap is faster."
      next={next}
      other={
        <Button size="large" onClick={() => undo(verdict.id, verdict.ticket)}>
          Undo
        </Button>
      }
    />
  );
}

/** A device that had no connection learns that somebody was in already. */
export function LetInTwice({ problem, next }: { problem: EntranceProblem; next: () => void }) {
  const places = problem.letIn.map(({ at, device }) => `${dayAndClock(at)}${device && ` on ${device}`}`);
  const isTwice = problem.kind === "twice";
  return (
    <Screen
      isIn={false}
      word={isTwice ? "Let in twice" : "Was not valid"}
      name={problem.guest ?? undefined}
      reason={
        isTwice
          ? `One ticket, used ${places.join(", then ")}. You had no connection then.`
          : `This ticket was not valid any more. Let in ${places.join(", ")}.`
      }
      hint="Stays until you tap."
      next={next}
    />
  );
}

type ScreenProps = {
  isIn: boolean;
  word: string;
  name: string | undefined;
  reason: string;
  hint: string;
  next: () => void;
  other?: React.ReactNode;
};

function Screen({ isIn, word, name, reason, hint, next, other }: ScreenProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  return (
    <>
      <div className="entrance-verdict" role="alert" tabIndex={-1} ref={box}>
        <span className="entrance-sign">
          <Icon name={isIn ? "check" : "cross"} />
        </span>
        <p className="entrance-word">{word}</p>
        {name !== undefined && name !== "" && <p className="entrance-name host-untrusted">{name}</p>}
        <p className="entrance-reason">{reason}</p>
      </div>
      <div className="entrance-foot">
        <p>{hint}</p>
        <div className="entrance-ways">
          {other}
          <Button size="large" kind="primary" onClick={next}>
            Scan next
          </Button>
        </div>
      </div>
    </>
  );
}

type Refused = Extract<Verdict, { kind: "refused" }>;

const REFUSALS: Record<Refusal, (refused: Refused) => { word: string; reason: string }> = {
  alreadyIn: ({ at, device }) => ({
    word: "Already in",
    reason: `This ticket was used ${at === undefined ? "before" : dayAndClock(at)}${device ? ` on ${device}` : ""}`,
  }),
  notValid: () => ({ word: "Not valid", reason: "This is not a ticket of this event" }),
  eventCancelled: () => ({ word: "Cancelled", reason: "This event was cancelled" }),
  notOnList: () => ({
    word: "Not on the list",
    reason:
      "There is no connection, and this phone does not know the ticket. It may be new: try again with a connection.",
  }),
  needsConnection: () => ({
    word: "No connection",
    reason: "A short code needs a connection. Scan the ticket, or find the guest in the list.",
  }),
};

/** "today at 18:04", or with the day. */
function dayAndClock(at: string): string {
  const date = new Date(at);
  if (date.toDateString() === new Date().toDateString()) return `today at ${clock(at)}`;
  return `on ${date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} at ${clock(at)}`;
}
