// What to do next: at most three things, each with its button.
import { useEffect, useState, type ReactNode } from "react";
import type { DraftView, OwnEvent } from "../../../api/types";
import { Button, Card, CopyButton, Icon, eventTime, moneyText, type IconName } from "../../../parts";
import { useHost } from "../access/session";
import { refunds } from "../payments/api";
import { nextSteps, type Owed, type Step } from "./next-steps";

type Props = {
  events: readonly OwnEvent[];
  scope: string;
  /** Drafts at the desk that wait. */
  drafts: readonly DraftView[];
  /** Whether an event is what comes first. */
  sellsSeats: boolean;
  showDesk: () => void;
  showPayments: () => void;
  edit: (event: OwnEvent) => void;
  create: () => void;
};

const ICONS: Readonly<Record<Step["kind"], IconName>> = {
  today: "camera",
  refunds: "wallet",
  drafts: "inbox",
  nearlyFull: "calendar",
  share: "link",
  first: "calendar",
};

export function WhatNext({ events, scope, drafts, sellsSeats, ...actions }: Props) {
  const [now] = useState(Date.now);
  const all = nextSteps(events, drafts, useOwed(), now);
  const steps = sellsSeats ? all : all.filter(({ kind }) => kind !== "first");
  if (steps.length === 0) return null;
  return (
    <Card title="What to do next" level={3} aside={<span className="quiet small">{steps.length} open</span>}>
      <ul className="host-next">
        {steps.map((step) => (
          <li key={"event" in step ? `${step.kind} ${step.event.id}` : step.kind}>
            <span className="host-tile">
              <Icon name={ICONS[step.kind]} />
            </span>
            <NextStep step={step} scope={scope} {...actions} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** What is owed to guests. Without it the other steps are shown. */
function useOwed(): Owed {
  const { run } = useHost();
  const [owed, setOwed] = useState<Owed>({ dollars: "0", count: 0 });
  useEffect(() => {
    run(() => refunds()).then(
      (page) => setOwed({ dollars: page.owed, count: page.owedCount }),
      () => undefined,
    );
  }, [run]);
  return owed;
}

type StepProps = { step: Step; scope: string } & Pick<Props, "showDesk" | "showPayments" | "edit" | "create">;

function NextStep({ step, scope, showDesk, showPayments, edit, create }: StepProps) {
  switch (step.kind) {
    case "today":
      return (
        <Line
          title={`${step.event.title} is near`}
          text={`${timeOf(step.event)} · ${step.event.rsvpCount} sold`}
        >
          {/* A load: only that page may use the camera. */}
          <a className="button button-primary" href={`/check-in?event=${step.event.id}`}>
            Check guests in
          </a>
        </Line>
      );
    case "refunds":
      return (
        <Line
          title={
            step.owed.count === 1 ? "1 guest gets money back" : `${step.owed.count} guests get money back`
          }
          text={`You owe ${moneyText(step.owed.dollars)}. Your wallet signs, and it is sent.`}
        >
          <Button kind="primary" onClick={showPayments}>
            Pay it back
          </Button>
        </Line>
      );
    case "drafts":
      return (
        <Line
          title={step.count === 1 ? "1 draft waits for your OK" : `${step.count} drafts wait for your OK`}
          text={`The oldest: ${step.oldest.subject}`}
        >
          <Button kind="primary" onClick={showDesk}>
            {step.count === 1 ? "Read it" : "Read them"}
          </Button>
        </Line>
      );
    case "nearlyFull":
      return (
        <Line title={`${step.event.title} is ${fullness(step.event)}`} text={seatsOf(step.event)}>
          <Button onClick={() => edit(step.event)} label={`Add seats to ${step.event.title}`}>
            Add seats
          </Button>
        </Line>
      );
    case "share":
      return (
        <Line
          title={`${step.event.title} is in ${step.days === 1 ? "a day" : `${step.days} days`}`}
          text={`${seatsOf(step.event)}. Share the link: it opens with the seat ready to buy.`}
        >
          <CopyButton
            text={`${location.origin}/e/${scope}/${step.event.id}`}
            label="Copy link"
            what={`to share ${step.event.title}`}
          />
        </Line>
      );
    case "first":
      return (
        <Line title="No event is on sale" text="Make one, then share its link.">
          <Button onClick={create}>Make an event</Button>
        </Line>
      );
  }
}

function Line({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  return (
    <>
      <div className="host-untrusted">
        <strong>{title}</strong>
        <p className="quiet">{text}</p>
      </div>
      {children}
    </>
  );
}

function fullness({ seatsLeft }: OwnEvent): string {
  return seatsLeft === 0 ? "full" : "nearly full";
}

function seatsOf({ rsvpCount, seatsLeft, capacity }: OwnEvent): string {
  return seatsLeft === null ? `${rsvpCount} sold` : `${rsvpCount} of ${capacity} sold`;
}

function timeOf({ startsAt, timeZone }: OwnEvent): string {
  return eventTime(startsAt, timeZone) ?? startsAt;
}
