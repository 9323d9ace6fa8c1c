import { useEffect, useState } from "react";
import { textOf } from "../../base/object";
import {
  Button,
  CopyBlock,
  Dialog,
  EventCover,
  Icon,
  Notice,
  TextField,
  eventTime,
  safeLink,
} from "../../parts";
import type { EventOffer } from "../../purchase/offers";
import { refusalInWords } from "../../purchase/words";
import { forgetTicket, useSession } from "../../session";
import { useProvenCall, type Answer } from "../buy/proven-call";
import { WalletRows } from "../buy/wallet-rows";
import { useWallets } from "../buy/wallets";
import { useNewGuest } from "./fields";

type Props = { offer: EventOffer; mcpUrl: string; code: string; onClose: () => void };

/** Who gets the ticket, which wallet has it, and what it means; then where the new ticket is. */
export function GiveSheet({ offer, mcpUrl, code, onClose }: Props) {
  const { event } = offer;
  const giving = useGiving(offer, mcpUrl, code);
  const { call, step } = giving;
  const isDone = call.state.at === "done";
  return (
    <Dialog
      title={isDone ? "The ticket is given away" : "Give this ticket to somebody"}
      onCancel={isDone ? () => location.replace("/tickets") : onClose}
      sheet={{
        lead: (
          <div className="sheet-cover">
            <EventCover id={event.id} path={event.coverPath} cut="square" />
          </div>
        ),
        under: (
          <p>
            {event.title} · {eventTime(event.startsAt, event.timeZone)}
          </p>
        ),
      }}
      actions={isDone ? undefined : <Actions giving={giving} />}
    >
      {call.state.at === "done" ? (
        <Given answer={call.state.answer} name={giving.guest.values.name} />
      ) : step === "sure" ? (
        <Sure giving={giving} />
      ) : (
        <Form giving={giving} />
      )}
    </Dialog>
  );
}

type Giving = ReturnType<typeof useGiving>;

function useGiving({ asks }: EventOffer, mcpUrl: string, code: string) {
  const wallets = useWallets();
  const guest = useNewGuest(asks);
  const call = useProvenCall(mcpUrl);
  const [step, setStep] = useState<"form" | "sure">("form");
  const isDone = call.state.at === "done";
  useEffect(() => {
    // Its former link opens nothing any more.
    if (isDone) forgetTicket(code);
  }, [isDone, code]);
  const give = async () => {
    const to = guest.read();
    if (to !== null) await wallets.whenReady(0n, () => call.send("transferTicket", { ticket: code, ...to }));
  };
  return {
    wallets,
    guest,
    call,
    step,
    isBusy: wallets.isConnecting || call.state.at === "asking",
    next: () => guest.read() !== null && setStep("sure"),
    back: () => {
      call.reset();
      setStep("form");
    },
    give: () => void give(),
  };
}

function Form({ giving: { guest, wallets } }: { giving: Giving }) {
  const { values, errors, set } = guest;
  return (
    <>
      <TextField
        label="Name of the new guest"
        autoComplete="off"
        maxLength={200}
        value={values.name}
        onChange={(value) => set("name", value)}
        error={errors.name}
        required
      />
      <TextField
        label="Their e-mail (optional)"
        hint="The new ticket goes there. Without it you send its link yourself."
        type="email"
        inputMode="email"
        autoComplete="off"
        maxLength={254}
        value={values.email}
        onChange={(value) => set("email", value)}
        error={errors.email}
      />
      <TextField
        label="Their wallet (optional)"
        hint="They then find the ticket under Tickets, and can give it on."
        autoComplete="off"
        placeholder="0x…"
        maxLength={42}
        value={values.toWallet}
        onChange={(value) => set("toWallet", value)}
        error={errors.toWallet}
      />
      <WalletRows wallets={wallets} price={0n} onlyChosen={false} disabled={false} label="Your wallet" />
      {wallets.error !== null && <Notice kind="error">{wallets.error}</Notice>}
    </>
  );
}

/** What it means, before it is done. */
function Sure({ giving: { guest, wallets, call } }: { giving: Giving }) {
  const name = guest.values.name.trim();
  return (
    <>
      <ul className="know-list">
        <li>Your own ticket opens nothing any more, at once. {name} gets a new one.</li>
        <li>You cannot take it back.</li>
        <li>If money goes back for this seat, it goes to the wallet that paid, not to {name}.</li>
      </ul>
      {wallets.error !== null && <Notice kind="error">{wallets.error}</Notice>}
      {call.state.at === "failed" && (
        <Notice kind={call.state.code === "declined" ? "info" : "error"}>
          {call.state.code === "declined"
            ? "You did not sign. The ticket is still yours."
            : refusalInWords(call.state.code, call.state.text, "no")}
        </Notice>
      )}
    </>
  );
}

function Actions({ giving: { step, wallets, guest, isBusy, next, back, give } }: { giving: Giving }) {
  const isOpen = useSession((state) => state.link === "open");
  if (step === "form") {
    return (
      <div className="pay">
        <Button kind="primary" size="large" wide disabled={wallets.chosen === null} onClick={next}>
          Give the ticket away
        </Button>
        <p className="pay-words">
          {wallets.chosen === null ? "Choose the wallet that has the ticket." : "You are asked once more."}
        </p>
      </div>
    );
  }
  return (
    <div className="pay">
      <Button kind="primary" size="large" wide busy={isBusy} disabled={!isBusy && !isOpen} onClick={give}>
        {isBusy ? "Confirm in your wallet, if it asks" : `Yes, give it to ${guest.values.name.trim()}`}
      </Button>
      <Button wide disabled={isBusy} onClick={back}>
        Keep the ticket
      </Button>
      <p className="pay-words">Your wallet signs a message. Nothing is paid.</p>
    </div>
  );
}

/** It is done: where the new guest finds the ticket. */
function Given({ answer, name }: { answer: Answer; name: string }) {
  const link = safeLink(textOf(answer, "newTicketUrl"));
  const how =
    link !== null
      ? `Send ${name} this link. Who has it, has the seat.`
      : answer["isMailed"] === true
        ? `${name} has it by mail.`
        : `${name} finds it under Tickets with the wallet that you named.`;
  return (
    <div className="outcome">
      <p className="paid-line" role="status">
        <Icon name="check" /> {name} has the ticket
      </p>
      <p>{how}</p>
      {link !== null && <CopyBlock text={link} what="Link of the new ticket" />}
      <a className="button button-plain button-wide" href="/tickets">
        Go to your tickets
      </a>
    </div>
  );
}
