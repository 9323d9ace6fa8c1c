// What a question about a payment is about, in words.
import { useEffect, useState } from "react";
import { isObject, textOf } from "../base/object";
import { eventTime, visible } from "../parts";
import { useSession, type Question } from "../session";
import { readEvent, readHost, readSecret, scopeOf } from "./offers";
import { thingOf } from "./words";

export type Purpose = {
  title: string;
  /** "Sat 12 Dec, 18:30", "1 seat". */
  facts: readonly string[];
  /** Who is paid: a host of this site by name, any other by its address on the web. */
  to: string;
  /** Draws the cover of an event. */
  seed: string | null;
  /** A server of this deployment, whose terms are the host's. */
  isOurs: boolean;
  /** What another server says of itself. Untrusted. */
  says: readonly { what: string; text: string }[];
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
    if (eventId !== undefined) void learnEvent(scope, eventId, tool, learn);
    else if (secretId !== undefined) void learnSecret(scope, secretId, learn);
    return () => void (isGone = true);
  }, [scope, eventId, secretId, tool]);
  return { ...(scope === null ? foreign(question, described) : ours(question)), ...read };
}

async function learnEvent(
  scope: string,
  eventId: string,
  tool: string,
  learn: (more: Partial<Purpose>) => void,
): Promise<void> {
  try {
    const { event } = await readEvent(scope, eventId);
    const when = eventTime(event.startsAt, event.timeZone);
    const what = tool === "rsvpToEvent" ? "1 seat" : thingOf(tool);
    learn({ title: visible(event.title), facts: [when, what].filter((fact) => fact !== null) });
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
  const subject = argument(question, "subject");
  return {
    title: thingOf(question.tool),
    facts: subject === undefined ? [] : [`“${visible(subject).slice(0, 100)}”`],
    to: "the host",
    seed: argument(question, "eventId") ?? null,
    isOurs: true,
    says: [],
  };
}

function foreign({ mcpUrl, tool, requirements }: Question, described: string | undefined): Purpose {
  const host = URL.canParse(mcpUrl) ? new URL(mcpUrl).host : mcpUrl;
  const resource = isObject(requirements) ? requirements["resource"] : undefined;
  const says = [
    { what: "Name", text: tool },
    { what: "About it", text: described },
    {
      what: "About the payment",
      text: textOf(resource, "description") ?? textOf(requirements, "description"),
    },
  ];
  return {
    title: `A service of ${visible(host)}`,
    facts: [],
    to: visible(host),
    seed: null,
    isOurs: false,
    says: says.flatMap(({ what, text }) =>
      text === undefined || text === "" ? [] : [{ what, text: visible(text).slice(0, SAID_CHARS_MAX) }],
    ),
  };
}

function argument({ arguments: args }: Question, name: string): string | undefined {
  return textOf(args, name);
}
