// Who is signed in. The session itself is a cookie that the page cannot read; it only learns what the server says.
import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  type Dispatch,
  type SetStateAction,
} from "react";
import { ApiError } from "../../../api/http";
import type { ProfileView, SessionAnswer } from "../../../api/types";
import { signedIn as agentOf, signedOut as agentOfNobody } from "../../../session";
import * as api from "../api";

export type Session =
  | { at: "asking" }
  | { at: "failed"; error: unknown }
  | { at: "out" }
  /** Signed in, without a door. Whose session it is is known only right after the sign-in. */
  | { at: "no-door"; who: SessionAnswer | null }
  /** A host. `isOver` when the session has ended since: what is open stays open until the host signs in again. */
  | { at: "host"; profile: ProfileView; isOver: boolean };

export type SessionActions = {
  session: Session;
  /** Asks the server again. */
  refresh: () => Promise<void>;
  signedIn: (who: SessionAnswer) => Promise<void>;
  signOut: () => Promise<void>;
  changed: (profile: ProfileView) => void;
  run: Run;
};

/** Runs a request of the host, and notices when the session has ended. A new one after each sign-in, so that what failed is asked for again. */
export type Run = <T>(ask: () => Promise<T>) => Promise<T>;

export const SessionContext = createContext<SessionActions | null>(null);

/** The session, below a provider of it. */
export function useHost(): SessionActions {
  const actions = useContext(SessionContext);
  if (!actions) throw new Error("useHost is called outside of SessionContext");
  return actions;
}

/** The session, for the top of the page. */
export function useSession(): SessionActions {
  const [session, setSession] = useState<Session>({ at: "asking" });
  const [run, setRun] = useState<Run>(() => runner(setSession));
  const who = useRef<SessionAnswer | null>(null);
  const refresh = useCallback(async () => {
    const found = await find(who.current);
    setSession((was) => next(was, found));
    if (found.at === "failed") throw found.error;
  }, []);
  useEffect(() => {
    let isHere = true;
    void find(null).then((found) => isHere && setSession(found));
    return () => void (isHere = false);
  }, []);
  // In the meantime somebody else may have signed in, or out, in another tab.
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === "visible") refresh().catch(() => undefined);
    };
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [refresh]);
  const signedIn = useCallback(
    async (answer: SessionAnswer) => {
      who.current = answer;
      agentOf(answer.userId);
      await refresh();
      setRun(() => runner(setSession));
    },
    [refresh],
  );
  const signOut = useCallback(async () => {
    await api.signOut();
    agentOfNobody();
    who.current = null;
    setSession({ at: "out" });
  }, []);
  const changed = useCallback(
    (profile: ProfileView) => setSession({ at: "host", profile, isOver: false }),
    [],
  );
  return useMemo(
    () => ({ session, refresh, signedIn, signOut, changed, run }),
    [session, refresh, signedIn, signOut, changed, run],
  );
}

export function hasStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof ApiError && error.code === code;
}

function runner(setSession: Dispatch<SetStateAction<Session>>): Run {
  return async (ask) => {
    try {
      return await ask();
    } catch (error) {
      if (hasStatus(error, 401)) setSession(over);
      throw error;
    }
  };
}

/** Neither a server that cannot be reached nor the end of a session takes anything away from who is at work. */
function next(was: Session, found: Session): Session {
  if (was.at !== "host") return found;
  if (found.at === "failed") return was;
  return found.at === "out" ? over(was) : found;
}

function over(session: Session): Session {
  return session.at === "host" ? { ...session, isOver: true } : { at: "out" };
}

async function find(who: SessionAnswer | null): Promise<Session> {
  try {
    return { at: "host", profile: await api.profile(), isOver: false };
  } catch (error) {
    if (hasStatus(error, 401)) return { at: "out" };
    if (hasStatus(error, 404)) return { at: "no-door", who };
    return { at: "failed", error };
  }
}
