// Sign-in with a code of six digits by e-mail.
import { useEffect, useState, type FormEvent } from "react";
import type { SessionAnswer } from "../../../api/types";
import { Button, TextField } from "../../../parts";

import { useFormFocus } from "../shared/form";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction } from "../shared/use-action";
import * as api from "./api";

type Props = { isLocal: boolean; done: (user: SessionAnswer) => Promise<void> };

/** The form for the address, then the form for the code. */
export function EmailSignIn({ isLocal, done }: Props) {
  const [email, setEmail] = useState("");
  const [isSent, setIsSent] = useState(false);
  return isSent ? (
    <CodeForm email={email.trim()} isLocal={isLocal} done={done} back={() => setIsSent(false)} />
  ) : (
    <AddressForm email={email} change={setEmail} sent={() => setIsSent(true)} />
  );
}

type AddressProps = { email: string; change: (text: string) => void; sent: () => void };

function AddressForm({ email, change, sent }: AddressProps) {
  const { busy, error, run } = useAction();
  const [fault, setFault] = useState("");
  const named = fieldFault(error, ["email"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const isAddress = /^[^\s@]+@[^\s@]+$/.test(email.trim());
    setFault(isAddress ? "" : "Write an e-mail address, such as you@example.org");
    if (!isAddress) return;
    void run(async () => {
      await api.sendCode(email.trim());
      sent();
    });
  };
  return (
    <form className="host-inline" onSubmit={submit} noValidate aria-label="Sign in by e-mail">
      <TextField
        label="E-mail address"
        name="email"
        type="email"
        inputMode="email"
        autoComplete="email"
        required
        value={email}
        onChange={change}
        error={fault || named?.remedy}
      />
      <Button type="submit" busy={busy}>
        Send me a code
      </Button>
      {error !== null && named === null && <Trouble error={error} />}
    </form>
  );
}

type CodeProps = Props & { email: string; back: () => void };

function CodeForm({ email, isLocal, done, back }: CodeProps) {
  const [code, setCode] = useState("");
  const [fault, setFault] = useState("");
  const checking = useAction();
  const again = useAction();
  const [pause, restart] = usePause();
  const form = useFormFocus();
  const named = fieldFault(checking.error, ["code"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const digits = code.replace(/\s/g, "");
    setFault(/^\d{6}$/.test(digits) ? "" : "Write the 6 digits of the mail");
    if (!/^\d{6}$/.test(digits)) return;
    void checking.run(async () => done(await api.checkCode(email, digits)));
  };
  const sendAgain = () =>
    again.run(async () => {
      await api.sendCode(email);
      setCode("");
      restart();
    });
  return (
    <form
      ref={form}
      className="host-form host-code"
      onSubmit={submit}
      noValidate
      aria-label="Code from the mail"
    >
      <p role="status" className="host-untrusted">
        If {email} can receive mail, a code is on its way. It is valid for 10 minutes and in this browser
        only, and a newer code replaces it.
        {isLocal && " On your own machine no mail is sent: npm start prints the code in its terminal."}
      </p>
      <TextField
        label="Code of 6 digits"
        name="code"
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={12}
        required
        value={code}
        onChange={setCode}
        error={fault || named?.remedy}
      />
      {checking.error !== null && named === null && <Trouble error={checking.error} />}
      {again.error !== null && <Trouble error={again.error} />}
      <div className="row">
        <Button kind="primary" type="submit" busy={checking.busy}>
          Sign in with the code
        </Button>
        <Button busy={again.busy} disabled={pause > 0} onClick={() => void sendAgain()}>
          {pause > 0 ? `Send again in ${pause} s` : "Send again"}
        </Button>
        <Button onClick={back}>Another address</Button>
      </div>
    </form>
  );
}

const PAUSE_SECONDS = 30;

/** Counts down the time in which a code may still be on its way. */
function usePause(): [number, () => void] {
  const [end, setEnd] = useState(() => Date.now() + PAUSE_SECONDS * 1000);
  const [left, setLeft] = useState(PAUSE_SECONDS);
  useEffect(() => {
    const timer = setInterval(() => {
      const seconds = Math.max(0, Math.ceil((end - Date.now()) / 1000));
      setLeft(seconds);
      if (seconds === 0) clearInterval(timer);
    }, 500);
    return () => clearInterval(timer);
  }, [end]);
  const restart = () => {
    setEnd(Date.now() + PAUSE_SECONDS * 1000);
    setLeft(PAUSE_SECONDS);
  };
  return [left, restart];
}
