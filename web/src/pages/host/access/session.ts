// The signed-in host. The session is an HttpOnly cookie, so the page knows only what the API answers.
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
import { hasStatus } from "../../../api/http";
import type { ProfileView, SessionAnswer } from "../../../api/types";
import { signedIn as guestSignedIn, signedOut as guestSignedOut } from "../../../session";
import { forgetLists } from "../../entrance/kept";
import * as api from "./api";

export type HostSession =
  | { state: "loading" }
  | { state: "failed"; error: unknown }
  | { state: "signed-out" }
  /** Signed in, not registered as a host. `user` is known only right after the sign-in. */
  | { state: "unregistered"; user: SessionAnswer | null }
  /** `isOver`: the session has ended meanwhile. The sections stay open until the host signs in again. */
  | { state: "host"; profile: ProfileView; isOver: boolean };

/** Runs a request of the host, and notices when the session has ended. Changes with each sign-in, which repeats failed loads. */
export type Run = <T>(request: () => Promise<T>) => Promise<T>;

export type HostActions = {
  session: HostSession;
  /** Loads the profile again. Throws if that fails. */
  refresh: () => Promise<void>;
  signedIn: (user: SessionAnswer) => Promise<void>;
  signOut: () => Promise<void>;
  changed: (profile: ProfileView) => void;
  run: Run;
};

export const HostContext = createContext<HostActions | null>(null);

/** The session, below its provider. */
export function useHost(): HostActions {
  const actions = useContext(HostContext);
  if (!actions) throw new Error("useHost is called outside HostContext");
  return actions;
}

/** The session, for its provider. */
export function useHostSession(): HostActions {
  const [session, setSession] = useState<HostSession>({ state: "loading" });
  const [run, setRun] = useState<Run>(() => runner(setSession));
  const user = useRef<SessionAnswer | null>(null);
  const refresh = useCallback(async () => {
    const found = await load(user.current);
    setSession((before) => next(before, found));
    if (found.state === "failed") throw found.error;
  }, []);
  useEffect(() => {
    let isMounted = true;
    void load(null).then((found) => isMounted && setSession(found));
    return () => void (isMounted = false);
  }, []);
  // Another tab may have signed in or out while this one was hidden.
  useEffect(() => {
    const onVisible = () => {
      if (document.visibilityState === "visible") refresh().catch(() => undefined);
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => document.removeEventListener("visibilitychange", onVisible);
  }, [refresh]);
  const signedIn = useCallback(
    async (answer: SessionAnswer) => {
      user.current = answer;
      guestSignedIn(answer.userId);
      await refresh();
      setRun(() => runner(setSession));
    },
    [refresh],
  );
  const signOut = useCallback(async () => {
    await api.signOut();
    guestSignedOut();
    forgetLists();
    user.current = null;
    setSession({ state: "signed-out" });
  }, []);
  const changed = useCallback(
    (profile: ProfileView) => setSession({ state: "host", profile, isOver: false }),
    [],
  );
  return useMemo(
    () => ({ session, refresh, signedIn, signOut, changed, run }),
    [session, refresh, signedIn, signOut, changed, run],
  );
}

function runner(setSession: Dispatch<SetStateAction<HostSession>>): Run {
  return async (request) => {
    try {
      return await request();
    } catch (error) {
      if (hasStatus(error, 401)) setSession(over);
      throw error;
    }
  };
}

/** A lost connection or an ended session closes none of the sections that the host works in. */
function next(before: HostSession, found: HostSession): HostSession {
  if (before.state !== "host") return found;
  if (found.state === "failed") return before;
  return found.state === "signed-out" ? over(before) : found;
}

function over(session: HostSession): HostSession {
  return session.state === "host" ? { ...session, isOver: true } : { state: "signed-out" };
}

async function load(user: SessionAnswer | null): Promise<HostSession> {
  try {
    return { state: "host", profile: await api.profile(), isOver: false };
  } catch (error) {
    if (hasStatus(error, 401)) return { state: "signed-out" };
    if (hasStatus(error, 404)) return { state: "unregistered", user };
    return { state: "failed", error };
  }
}
