import type { ReactNode } from "react";
import { hasCode } from "../../../api/http";
import type { ProfileView, SessionAnswer } from "../../../api/types";
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
