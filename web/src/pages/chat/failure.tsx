import { Button, Notice, linkProps, safeLink, visible } from "../../parts";
import { refusalInWords } from "../../purchase/words";
import type { Entry } from "../../session";
import { openPart } from "./setup-open";

type Failed = Extract<Entry, { kind: "failure" }>;

/** A call without a result: what happened, whether it was charged, and one thing to do. */
export function Failure({ entry }: { entry: Failed }) {
  const { code, moneyMoved } = entry;
  const kind =
    code === "declined"
      ? "info"
      : code === "already_has_seat"
        ? "ok"
        : moneyMoved === "no"
          ? "error"
          : "warn";
  return (
    <Notice kind={kind} actions={<WhatNext entry={entry} />}>
      {visible(refusalInWords(code, entry.text, moneyMoved))}
    </Notice>
  );
}

function WhatNext({ entry: { code, text, moneyMoved } }: { entry: Failed }) {
  if (moneyMoved !== "no") {
    return (
      <a className="button button-plain button-small" {...linkProps("/tickets")}>
        Your tickets
      </a>
    );
  }
  switch (code) {
    case "insufficient_balance":
      return (
        <Button size="small" onClick={() => openPart("wallet")}>
          Add USDC
        </Button>
      );
    case "no_wallet":
    case "wallet_changed":
      return (
        <Button size="small" onClick={() => openPart("wallet")}>
          Choose a wallet
        </Button>
      );
    case "over_per_call":
    case "over_per_session":
    case "over_per_day":
    case "door_not_allowed":
    case "pay_to_not_allowed":
      return (
        <Button size="small" onClick={() => openPart("limits")}>
          Change the limits
        </Button>
      );
    case "already_has_seat":
      return <ShowTicket text={text} />;
    case "sign_in_again":
      return (
        <a className="button button-plain button-small" {...linkProps("/my-mcp")}>
          Sign in
        </a>
      );
    default:
      return null;
  }
}

function ShowTicket({ text }: { text: string }) {
  const ticket = safeLink(/https?:\/\/[^\s,;]+/.exec(text)?.[0]);
  return ticket === null ? (
    <a className="button button-plain button-small" {...linkProps("/tickets")}>
      Your tickets
    </a>
  ) : (
    <a className="button button-plain button-small" href={ticket} target="_blank" rel="noreferrer noopener">
      Show ticket
    </a>
  );
}
