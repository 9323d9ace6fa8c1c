// The entrance of one event: camera, results, and the ways beside the camera.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useObservable } from "../../base/observable";
import { messageOf } from "../../api/http";
import type { EntranceProblem } from "../../api/types";
import { Button, Icon, Spinner, clock } from "../../parts";
import { Camera, type Torch } from "./camera";
import type { Desk, Shown, State, Verdict } from "./desk";
import { isSilent, keepSeenProblem, seenProblems, setSilent } from "./kept";
import { GuestSheet, ProblemSheet, TypeSheet } from "./sheets";
import { allowSound, signal } from "./signals";
import { LetInTwice, VerdictScreen } from "./verdict";

/** Between two questions to the server, milliseconds; without a connection it is asked less often. */
const POLL_MILLIS = 5_000;
const POLL_OFFLINE_MILLIS = 15_000;
/** The whole list is read again: seats may have been given back. */
const RELOAD_MILLIS = 300_000;

type Sheet = "none" | "type" | "guests" | "problems";

export function Entrance({ desk }: { desk: Desk }) {
  const state = useObservable(desk.state);
  usePolling(desk, state);
  useWakeLock();
  const [sheet, setSheet] = useState<Sheet>("none");
  const { verdict, isBusy, check, undo, next } = useChecks(desk);
  const [torch, setTorch] = useState<Torch | null>(null);
  const { told, dismiss } = useTold(desk);
  const onCode = useCallback((text: string) => void check({ text }), [check]);
  const showGuests = () => {
    next();
    setSheet("guests");
  };
  const isScanning = verdict === null && !isBusy && sheet === "none" && told === undefined;
  const tone = told ? "refused" : (verdict?.kind ?? "none");
  return (
    <main className={`entrance entrance-${tone}`} onPointerDown={allowSound}>
      <Camera isReading={isScanning && state.summary !== null} onCode={onCode} onTorch={setTorch} />
      <Head state={state} torch={torch} showProblems={() => setSheet("problems")} />
      <Trouble state={state} retry={() => void desk.load()} />
      {told ? (
        <LetInTwice problem={told} next={dismiss} />
      ) : (
        verdict && <VerdictScreen verdict={verdict} next={next} undo={undo} showGuests={showGuests} />
      )}
      {verdict === null && !told && (
        <div className="entrance-foot">
          {isBusy ? <Spinner label="Looking up the ticket…" /> : <p>Point at the code on the ticket</p>}
          <div className="entrance-ways">
            <Button size="large" icon="keyboard" onClick={() => setSheet("type")}>
              Type a code
            </Button>
            <Button size="large" icon="guests" onClick={() => setSheet("guests")}>
              Guest list
            </Button>
          </div>
        </div>
      )}
      <Sheets desk={desk} sheet={sheet} close={() => setSheet("none")} check={check} />
    </main>
  );
}

type SheetsProps = { desk: Desk; sheet: Sheet; close: () => void; check: (shown: Shown) => Promise<void> };

function Sheets({ desk, sheet, close, check }: SheetsProps) {
  const checkAndClose = (shown: Shown) => {
    close();
    void check(shown);
  };
  switch (sheet) {
    case "none":
      return null;
    case "type":
      return <TypeSheet close={close} check={checkAndClose} />;
    case "guests":
      return <GuestSheet desk={desk} close={close} check={checkAndClose} />;
    case "problems":
      return <ProblemSheet problems={desk.state.value.summary?.problems ?? []} close={close} />;
  }
}

/** What went wrong here and was not looked at yet. */
function useTold(desk: Desk) {
  const [seen, setSeen] = useState(seenProblems);
  const told = desk.ownProblems().find((problem) => !seen.includes(idOf(problem)));
  const dismiss = () => {
    if (told === undefined) return;
    keepSeenProblem(idOf(told));
    setSeen([...seen, idOf(told)]);
  };
  return { told, dismiss };
}

/** One check at a time, and its result. */
function useChecks(desk: Desk) {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const isRunning = useRef(false);
  const shownNow = useRef<Shown | null>(null);
  const check = useCallback(
    async (shown: Shown) => {
      if (isRunning.current) return;
      isRunning.current = true;
      shownNow.current = shown;
      setIsBusy(true);
      try {
        const found = await desk.check(shown);
        signal(found.kind === "in");
        setVerdict(found);
      } finally {
        isRunning.current = false;
        setIsBusy(false);
      }
    },
    [desk],
  );
  const next = useCallback(() => setVerdict(null), []);
  const undo = (id: string, ticket: string | undefined) => {
    setVerdict(null);
    void desk.undo(id, ticket);
  };
  return { verdict, isBusy, check, undo, next };
}

function usePolling(desk: Desk, { link }: State) {
  const pause = link === "online" ? POLL_MILLIS : POLL_OFFLINE_MILLIS;
  useEffect(() => {
    void desk.load().then(() => desk.sync());
    const reload = setInterval(() => void desk.load(), RELOAD_MILLIS);
    const onOnline = () => void desk.sync();
    addEventListener("online", onOnline);
    return () => {
      clearInterval(reload);
      removeEventListener("online", onOnline);
    };
  }, [desk]);
  useEffect(() => {
    const poll = () => document.visibilityState === "visible" && void desk.sync();
    const timer = setInterval(poll, pause);
    document.addEventListener("visibilitychange", poll);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", poll);
    };
  }, [desk, pause]);
}

/** The screen stays on. */
function useWakeLock() {
  useEffect(() => {
    const ask = () => {
      if (document.visibilityState === "visible")
        void navigator.wakeLock?.request("screen").catch(() => undefined);
    };
    ask();
    document.addEventListener("visibilitychange", ask);
    return () => document.removeEventListener("visibilitychange", ask);
  }, []);
}

type HeadProps = { state: State; torch: Torch | null; showProblems: () => void };

function Head({ state: { tickets, summary, waiting }, torch, showProblems }: HeadProps) {
  const [silent, setSilentNow] = useState(isSilent);
  const toggleSound = () => {
    setSilent(!silent);
    setSilentNow(!silent);
    allowSound();
  };
  const problems = summary?.problems.length ?? 0;
  // Counted here: what waits to be sent counts, too.
  const inside = tickets.filter(({ checkedInAt }) => checkedInAt !== null).length;
  return (
    <header className="entrance-head">
      <a className="entrance-icon" href="/my-mcp#guests" aria-label="Close check-in">
        <Icon name="cross" />
      </a>
      <div className="entrance-title">
        <h1 className="host-untrusted">{summary?.title ?? "Check in"}</h1>
        {summary && (
          <p role="status">
            {inside} of {tickets.length} are in{waiting > 0 && ` · ${waiting} not sent yet`}
          </p>
        )}
        {problems > 0 && (
          <button type="button" className="entrance-problems" onClick={showProblems}>
            {problems === 1 ? "1 ticket to look at" : `${problems} tickets to look at`}
          </button>
        )}
      </div>
      <div className="entrance-icons">
        <button
          type="button"
          className="entrance-icon"
          aria-pressed={!silent}
          aria-label="Sound and vibration"
          onClick={toggleSound}
        >
          <Icon name={silent ? "silent" : "sound"} />
        </button>
        {torch && (
          <button
            type="button"
            className="entrance-icon"
            aria-pressed={torch.isOn}
            aria-label="Light"
            onClick={torch.toggle}
          >
            <Icon name="torch" />
          </button>
        )}
      </div>
    </header>
  );
}

function Trouble({ state, retry }: { state: State; retry: () => void }) {
  const { summary, link, error, keeps } = state;
  const asOf = useMemo(() => (summary ? clock(summary.at) : ""), [summary]);
  if (error !== null && summary === null) {
    return (
      <div className="entrance-note" role="alert">
        <p>{link === "signedOut" ? "Sign in as the host first." : messageOf(error)}</p>
        {link === "signedOut" ? <a href="/my-mcp">Sign in</a> : <Button onClick={retry}>Try again</Button>}
      </div>
    );
  }
  if (summary === null) return <Spinner label="Loading the guest list…" />;
  if (link === "online" && keeps) return null;
  return (
    <div className="entrance-note" role="status">
      {link === "offline" && <p>No connection. Check-in goes on with the list of {asOf}.</p>}
      {link === "signedOut" && (
        <p>
          Your session has ended. Check-in goes on with the list of {asOf}. <a href="/my-mcp">Sign in</a> to
          send it.
        </p>
      )}
      {!keeps && <p>This browser stores nothing: keep this page open until you have a connection.</p>}
    </div>
  );
}

function idOf({ letIn }: EntranceProblem): string {
  return letIn.map(({ id }) => id.slice(-8)).join(" ");
}
