// The question before money leaves, the sign-in that it needs, and what became of it.
import { Suspense, lazy, useEffect, useRef, useState } from "react";
import { networkName } from "../../api/networks";
import { useSettings } from "../../api/settings";
import type { CustodyView, SessionAnswer, WithdrawalView } from "../../api/types";
import { toHex } from "../../base/hex";
import { Button, Notice, Spinner, moneyText, safeLink, sentence } from "../../parts";
import { currentSession, signedIn, useSession, withdraw, type Sending } from "../../session";

const SignIn = lazy(() => import("../host/access/sign-in").then(({ SignIn: View }) => ({ default: View })));

type Props = {
  sending: Sending;
  custody: CustodyView;
  onBack: () => void;
  onClose: () => void;
  /** The chain has shown it. */
  onSent?: () => void;
};

/** One question, one request: the same request is carried out once, however often it is sent. */
export function Confirm({ sending, custody, onBack, onClose, onSent }: Props) {
  const [request, setRequest] = useState(newRequest);
  const [attempt, setAttempt] = useState<"none" | "sent" | "lost">("none");
  const isOpen = useSession((state) => state.link === "open");
  const withdrawal = useSession((state) => state.withdrawals.find((one) => one.requestId === request));
  const refused = useSession(({ withdrawalRefused: last }) => (last?.requestId === request ? last : null));
  const told = useRef(false);
  useEffect(() => {
    if (withdrawal?.state !== "sent" || told.current) return;
    told.current = true;
    onSent?.();
  }, [withdrawal?.state, onSent]);
  const send = () => setAttempt(withdraw(sending, request) ? "sent" : "lost");
  const again = () => {
    setRequest(newRequest());
    setAttempt("none");
  };
  if (withdrawal !== undefined) {
    return <Outcome withdrawal={withdrawal} onClose={onClose} onAgain={again} />;
  }
  if (refused?.code === "fresh_sign_in_needed") return <SignInFirst onDone={again} onBack={onBack} />;
  return (
    <div className="stack" role="group" aria-label="Confirm">
      <Question sending={sending} />
      {custody.proof === "sign_in" && (
        <p className="small quiet">
          This needs a sign-in of the last five minutes. You are asked for it if it is older.
        </p>
      )}
      {refused !== null && <Notice kind="error">{sentence(refused.message)}</Notice>}
      {attempt === "lost" && (
        <Notice kind="error">The connection was lost. No money moved; try again.</Notice>
      )}
      <div className="row">
        <Button
          kind="primary"
          busy={attempt === "sent" && refused === null && isOpen}
          disabled={!isOpen}
          onClick={refused === null ? send : again}
        >
          {refused === null ? `Send ${moneyText(sending.amount)}` : "Ask again"}
        </Button>
        <Button kind="ghost" onClick={onBack}>
          Back
        </Button>
      </div>
    </div>
  );
}

function Question({ sending }: { sending: Sending }) {
  const { settings } = useSettings();
  return (
    <>
      <p className="wallet-question">
        Send <strong>{moneyText(sending.amount)}</strong> on {networkName(settings, sending.network)} to
      </p>
      <p className="mono wallet-to">{sending.to}</p>
      <p>Compare the address with the wallet that gets the money. What was sent cannot be taken back.</p>
    </>
  );
}

/** A newer sign-in of the same user; then the question is asked again. */
function SignInFirst({ onDone, onBack }: { onDone: () => void; onBack: () => void }) {
  const [other, setOther] = useState(false);
  const done = (user: SessionAnswer): Promise<void> => {
    if (user.userId !== currentSession().userId) {
      setOther(true);
      return Promise.resolve();
    }
    signedIn(user.userId);
    onDone();
    return Promise.resolve();
  };
  return (
    <div className="stack">
      <Notice kind="warn">Sign in again before money leaves this wallet. No money moved.</Notice>
      {other && <Notice kind="error">That is somebody else. Sign in as before. No money moved.</Notice>}
      <Suspense fallback={<Spinner label="One moment…" />}>
        <SignIn done={done} />
      </Suspense>
      <div className="row">
        <Button kind="ghost" onClick={onBack}>
          Back
        </Button>
      </div>
    </div>
  );
}

type OutcomeProps = { withdrawal: WithdrawalView; onClose: () => void; onAgain: () => void };

function Outcome({ withdrawal, onClose, onAgain }: OutcomeProps) {
  const link = safeLink(withdrawal.explorerUrl);
  const amount = moneyText(withdrawal.amountUsd);
  return (
    <div className="stack">
      <div role="status">
        {withdrawal.state === "sent" && (
          <Notice
            kind="ok"
            actions={
              link !== null && (
                <a
                  className="button button-plain button-small"
                  href={link}
                  target="_blank"
                  rel="noreferrer noopener"
                >
                  Receipt
                </a>
              )
            }
          >
            {amount} was sent. The chain shows it.
          </Notice>
        )}
        {withdrawal.state === "failed" && <Notice kind="error">{withdrawal.message}</Notice>}
        {(withdrawal.state === "signing" || withdrawal.state === "sending") && (
          <Notice>
            {amount} is on its way.{" "}
            {withdrawal.message || "Whether it has moved is found out within minutes."} You may close this
            page.
          </Notice>
        )}
      </div>
      <div className="row">
        {withdrawal.state === "failed" && <Button onClick={onAgain}>Try again</Button>}
        <Button kind="ghost" onClick={onClose}>
          Close
        </Button>
      </div>
    </div>
  );
}

function newRequest(): string {
  return `page-${toHex(crypto.getRandomValues(new Uint8Array(16)))}`;
}
