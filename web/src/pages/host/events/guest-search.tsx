// How many guests are in, and the search in their list.
import { useState } from "react";
import type { EntranceSummary, RsvpLine } from "../../../api/types";
import { TextField } from "../../../parts";

/** Lines that are drawn at once. */
export const LINES = 100;

export type Which = "all" | "toCome" | "in";

export type Search = {
  words: string;
  which: Which;
  /** How many of the found guests are drawn. */
  lines: number;
};

export const EVERYBODY: Search = { words: "", which: "all", lines: LINES };

/** The guests that are searched for: by words of name, e-mail address, wallet or the end of the code. */
export function found(rsvps: readonly RsvpLine[], { words, which }: Search): RsvpLine[] {
  const wanted = plainOf(words).split(/\s+/);
  return rsvps.filter(
    (rsvp) =>
      (which === "all" || (which === "in") === (rsvp.checkedInAt !== null)) &&
      wanted.every((word) => textOf(rsvp).includes(word)),
  );
}

const WHICH: readonly { which: Which; name: string }[] = [
  { which: "all", name: "All" },
  { which: "toCome", name: "To come" },
  { which: "in", name: "In" },
];

type Props = { summary: EntranceSummary | null; search: Search; change: (search: Search) => void };

export function GuestSearch({ summary, search, change }: Props) {
  // The text of the field; the list follows at once, it is in memory.
  const [words, setWords] = useState(search.words);
  const type = (text: string) => {
    setWords(text);
    change({ ...search, words: text, lines: LINES });
  };
  return (
    <div className="host-inline">
      <TextField
        label="Name, e-mail, wallet or code"
        type="search"
        value={words}
        onChange={type}
        name="guests"
      />
      <div className="row" role="group" aria-label="Which guests">
        {WHICH.map(({ which, name }) => (
          <button
            key={which}
            type="button"
            className="button"
            aria-pressed={which === search.which}
            onClick={() => change({ ...search, which, lines: LINES })}
          >
            {name} {summary && countOf(which, summary)}
          </button>
        ))}
      </div>
    </div>
  );
}

/** "24 of 37 are in", with a bar. */
export function WhoIsIn({ summary }: { summary: EntranceSummary }) {
  const { sold, inside } = summary;
  return (
    <div className="host-progress">
      <p role="status">
        <strong>{inside}</strong> of {sold} are in
      </p>
      <p className="quiet">{sold - inside} still to come</p>
      <progress max={Math.max(sold, 1)} value={inside} aria-label="Guests that are in" />
    </div>
  );
}

function countOf(which: Which, { sold, inside }: EntranceSummary): number {
  if (which === "all") return sold;
  return which === "in" ? inside : sold - inside;
}

function textOf({ name, email, wallet, code, ticketType, promoCode, answers }: RsvpLine): string {
  // Only the end of the code, as people say it.
  const ends = [code.slice(-8), `${code.slice(-8, -4)} ${code.slice(-4)}`];
  return plainOf(
    [name, email, wallet, ticketType, promoCode, ...ends, ...answers.map(({ answer }) => answer)].join(" "),
  );
}

/** Without accents and in small letters: "Kovac" finds "Kovač". */
function plainOf(text: string): string {
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase().trim();
}
