// What a question about a payment is about, in words.
import { useEffect, useState } from "react";
import { textOf } from "../base/object";
import { eventTime, visible } from "../parts";
import { useSession, type Question } from "../session";
import { deskPurpose, type Sent } from "./desk";
import { readEvent, readHost, readSecret, scopeOf } from "./offers";
import { seatsOf, seatsText } from "./seats";
import { thingOf } from "./words";

export type Purpose = {
  title: string;
  /** "Sat 12 Dec, 18:30", "1 seat". */
  facts: readonly string[];
  /** Who is paid: a host of this site by name, any other by its address on the web. */
  to: string;
  /** Draws the cover of an event. */
  seed: string | null;
  /** Where the picture of the event is, if the host has chosen one. */
  cover: string | undefined;
  /** A server of this deployment, whose terms are the host's. */
  isOurs: boolean;
  /** What another server says of itself. Untrusted. */
  says: readonly { what: string; text: string }[];
  /** What the buyer sends along. */
  sends: readonly Sent[];
  /** What comes of it, where that is not plain. */
  note: string | null;
};

const SAID_CHARS_MAX = 300;

/** The purpose of a question; what is not known yet is filled in when it was read. */
export function usePurpose(question: Question): Purpose {
  const { mcpUrl, tool } = question;
  const scope = scopeOf(mcpUrl);
  const described = useSession((state) =>
    state.server?.mcpUrl === mcpUrl ? state.tools.find(({ name }) => name === tool)?.description : undefined,
  );
  const [read, setRead] = useState<Partial<Purpose>>({});
  const eventId = argument(question, "eventId");
  const secretId = argument(question, "secretId");
  const seats = seatsText(seatsOf(question.arguments));
  useEffect(() => {
    if (scope === null) return;
    let isGone = false;
    const learn = (more: Partial<Purpose>) => {
      if (!isGone) setRead((before) => ({ ...before, ...more }));
    };
    // What cannot be read stays as general as it was.
    readHost(scope).then(
      ({ name }) => name !== null && learn({ to: visible(name) }),
      () => undefined,
    );
    if (eventId !== undefined)
      void learnEvent(scope, eventId, tool === "rsvpToEvent" ? seats : thingOf(tool), learn);
    else if (secretId !== undefined) void learnSecret(scope, secretId, learn);
    return () => void (isGone = true);
  }, [scope, eventId, secretId, tool, seats]);
  return { ...(scope === null ? foreign(question, described) : ours(question)), ...read };
}

async function learnEvent(
  scope: string,
  eventId: string,
  what: string,
  learn: (more: Partial<Purpose>) => void,
): Promise<void> {
  try {
    const { event } = await readEvent(scope, eventId);
    const when = eventTime(event.startsAt, event.timeZone);
    const facts = [when, what].filter((fact) => fact !== null);
    learn({ title: visible(event.title), facts, cover: event.coverPath ?? undefined });
  } catch {
    // The question is about "A seat" then.
  }
}

async function learnSecret(
  scope: string,
  id: string,
  learn: (more: Partial<Purpose>) => void,
): Promise<void> {
  try {
    const secret = await readSecret(scope, id);
    if (secret !== undefined) learn({ title: visible(secret.name), facts: ["1 secret"] });
  } catch {
    // The question is about "A secret" then.
  }
}

function ours(question: Question): Purpose {
  const desk = deskPurpose(question.tool, question.arguments, aboutPayment(question));
  return {
    title: thingOf(question.tool),
    facts: [],
    sends: [],
    note: null,
    to: "the host",
    seed: argument(question, "eventId") ?? null,
    cover: undefined,
    isOurs: true,
    says: [],
    ...desk,
  };
}

/** The words of the challenge. */
function aboutPayment({ resource, requirements }: Question): string | undefined {
  return textOf(resource, "description") ?? textOf(requirements, "description");
}

function foreign(question: Question, described: string | undefined): Purpose {
  const { mcpUrl, tool } = question;
  const host = URL.canParse(mcpUrl) ? new URL(mcpUrl).host : mcpUrl;
  const says = [
    { what: "Name", text: tool },
    { what: "About it", text: described },
    { what: "About the payment", text: aboutPayment(question) },
  ];
  return {
    title: `A service of ${visible(host)}`,
    facts: [],
    to: visible(host),
    seed: null,
    cover: undefined,
    sends: [],
    note: null,
    isOurs: false,
    says: says.flatMap(({ what, text }) =>
      text === undefined || text === "" ? [] : [{ what, text: visible(text).slice(0, SAID_CHARS_MAX) }],
    ),
  };
}

function argument({ arguments: args }: Question, name: string): string | undefined {
  return textOf(args, name);
}
