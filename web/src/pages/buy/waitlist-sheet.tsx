import { useState } from "react";
import { textOf } from "../../base/object";
import { Button, Dialog, EventCover, Icon, Notice, TextField, eventTime, priceText } from "../../parts";
import type { EventOffer } from "../../purchase/offers";
import { refusalInWords } from "../../purchase/words";
import { useSession } from "../../session";
import { emailFault } from "./guest-fields";
import { useProvenCall, type Answer } from "./proven-call";
import { WalletRows } from "./wallet-rows";
import { useWallets } from "./wallets";

type Props = { offer: EventOffer; mcpUrl: string; onClose: () => void; onOffer: () => void };

/** The event is full: the guest joins its waitlist, sees its place there, and gets the seat that is held for it. */
export function WaitlistSheet({ offer: { event }, mcpUrl, onClose, onOffer }: Props) {
  const waiting = useWaiting(event.id, mcpUrl);
  const { state } = waiting.call;
  return (
    <Dialog
      title={event.title}
      onCancel={onClose}
      sheet={{
        lead: (
          <div className="sheet-cover">
            <EventCover id={event.id} path={event.coverPath} cut="square" />
          </div>
        ),
        under: <p>{eventTime(event.startsAt, event.timeZone)} · Full</p>,
      }}
      actions={
        state.at === "done" ? (
          <Next answer={state.answer} waiting={waiting} price={priceText(event.price)} onOffer={onOffer} />
        ) : (
          <Join waiting={waiting} />
        )
      }
    >
      {state.at === "done" ? <Place answer={state.answer} /> : <Form waiting={waiting} />}
    </Dialog>
  );
}

type Waiting = ReturnType<typeof useWaiting>;

function useWaiting(eventId: string, mcpUrl: string) {
  const wallets = useWallets();
  const call = useProvenCall(mcpUrl);
  const [email, setEmail] = useState("");
  const [isTried, setIsTried] = useState(false);
  const fault = emailFault("optional", email);
  const ask = (tool: string, more: Record<string, string> = {}) =>
    wallets.whenReady(0n, () => call.send(tool, { eventId, ...more }));
  return {
    wallets,
    call,
    email,
    setEmail,
    fault: isTried ? fault : null,
    isBusy: wallets.isConnecting || call.state.at === "asking",
    join: () => {
      setIsTried(true);
      if (fault === null) void ask("joinWaitlist", email.trim() === "" ? {} : { email: email.trim() });
    },
    look: () => void ask("getWaitlistPlace"),
    leave: () => void ask("leaveWaitlist"),
  };
}

function Form({ waiting: { wallets, call, email, setEmail, fault, isBusy } }: { waiting: Waiting }) {
  return (
    <>
      <Notice>
        This event is full. When a seat comes back, it is held for the first on the waitlist for up to two
        hours. Waiting costs nothing.
      </Notice>
      <TextField
        label="Your e-mail (optional)"
        hint="You are told when a seat is held for you."
        type="email"
        inputMode="email"
        autoComplete="email"
        maxLength={254}
        value={email}
        onChange={setEmail}
        error={fault}
        disabled={isBusy}
      />
      <WalletRows wallets={wallets} price={0n} onlyChosen={false} disabled={isBusy} label="Your wallet" />
      {wallets.error !== null && <Notice kind="error">{wallets.error}</Notice>}
      {call.state.at === "failed" && (
        <Notice kind={call.state.code === "declined" ? "info" : "error"}>
          {call.state.code === "declined"
            ? "You did not sign, so nothing has changed."
            : refusalInWords(call.state.code, call.state.text, "no")}
        </Notice>
      )}
    </>
  );
}

function Join({ waiting: { wallets, isBusy, join, look } }: { waiting: Waiting }) {
  const isOpen = useSession((state) => state.link === "open");
  const may = isOpen && wallets.chosen !== null;
  return (
    <div className="pay">
      <Button kind="primary" size="large" wide busy={isBusy} disabled={!isBusy && !may} onClick={join}>
        {isBusy ? "Confirm in your wallet, if it asks" : "Join the waitlist"}
      </Button>
      <Button wide disabled={isBusy || !may} onClick={look}>
        I am on the waitlist
      </Button>
      <p className="pay-words">
        {wallets.chosen === null ? "Choose a wallet." : "Your wallet signs a message. Nothing is paid."}
      </p>
    </div>
  );
}

function Place({ answer }: { answer: Answer }) {
  return (
    <div className="outcome">
      <p className="paid-line" role="status">
        <Icon name={answer["state"] === "offered" ? "check" : "clock"} /> {HEADINGS[stateOf(answer)]}
      </p>
      <p>{textOf(answer, "message") ?? ""}</p>
    </div>
  );
}

type Standing = "none" | "waiting" | "offered" | "expired";

const HEADINGS: Record<Standing, string> = {
  none: "Not on the waitlist",
  waiting: "On the waitlist",
  offered: "A seat is held for you",
  expired: "Your time has run out",
};

function stateOf(answer: Answer): Standing {
  const state = answer["state"];
  return state === "waiting" || state === "offered" || state === "expired" ? state : "none";
}

type NextProps = { answer: Answer; waiting: Waiting; price: string; onOffer: () => void };

/** What the guest does next about its place. */
function Next({ answer, waiting: { isBusy, join, look, leave }, price, onOffer }: NextProps) {
  const state = stateOf(answer);
  return (
    <div className="pay">
      {state === "offered" && (
        <Button kind="primary" size="large" wide onClick={onOffer}>
          Get the seat · {price}
        </Button>
      )}
      {state === "waiting" && (
        <Button kind="primary" size="large" wide busy={isBusy} onClick={look}>
          Look again
        </Button>
      )}
      {(state === "none" || state === "expired") && (
        <Button kind="primary" size="large" wide busy={isBusy} onClick={join}>
          Join the waitlist
        </Button>
      )}
      {(state === "offered" || state === "waiting") && (
        <Button wide disabled={isBusy} onClick={leave}>
          Leave the waitlist
        </Button>
      )}
    </div>
  );
}
