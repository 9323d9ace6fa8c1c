import type { ReactNode } from "react";
import { hasCode } from "../../../api/http";
import type { ProfileView, SessionAnswer } from "../../../api/types";
import { Trouble } from "../shared/trouble";
import { useHost } from "./session";
import { SignIn } from "./sign-in";

/** Whether the request was refused because the last sign-in is too long ago. */
export function needsSignIn(error: unknown): boolean {
  return hasCode(error, "sign_in_again");
}

type Props = {
  profile: ProfileView;
  /** Repeats the refused request. */
  repeat: () => Promise<void>;
  children: ReactNode;
};

/** A sign-in, after which the refused request is repeated. */
export function SignInAgain({ profile, repeat, children }: Props) {
  const { signedIn } = useHost();
  // Another user who signs in here gets their own sections instead.
  const done = (user: SessionAnswer) => (user.userId === profile.userId ? repeat() : signedIn(user));
  return (
    <div className="stack">
      <p role="alert">{children}</p>
      <SignIn done={done} />
    </div>
  );
}

/** Why a change of where the host is paid was refused; after too old a sign-in, a new one, and the change again. */
export function PayoutRefused({ error, profile, repeat }: { error: unknown } & Omit<Props, "children">) {
  if (error === null) return null;
  if (!needsSignIn(error)) return <Trouble error={error} />;
  return (
    <SignInAgain profile={profile} repeat={repeat}>
      To change the wallet, you need a sign-in of the last 10 minutes. Sign in again: the wallet is changed
      right after that.
    </SignInAgain>
  );
}
