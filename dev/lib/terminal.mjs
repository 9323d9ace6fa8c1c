// What people read in a terminal: aligned columns, times in words, money, and lines that they type.
import { clearLine, createInterface, cursorTo } from "node:readline";
import { formatUnits } from "viem";

const colour = (code, text) => (process.stdout.isTTY && !process.env.NO_COLOR ? `\x1b[${code}m${text}\x1b[0m` : text);
export const bold = (text) => colour(1, text);
export const dim = (text) => colour(2, text);
export const red = (text) => colour(31, text);

/** `0x1234…abcd` */
export const short = (hex) => `${hex.slice(0, 6)}…${hex.slice(-4)}`;

/** Atomic units of USDC in dollars, with two digits at least. */
export function dollars(atomic) {
  const [whole, part = ""] = formatUnits(BigInt(atomic), 6).split(".");
  return `$${whole}.${part.padEnd(2, "0")}`;
}

/** `Sun 13 Dec 2026, 18:30 GMT+1`, in the event's zone; in UTC if that is not known. */
export function when(moment, timeZone = "UTC") {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return String(moment);
  const options = { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" };
  let format;
  try {
    format = new Intl.DateTimeFormat("en-GB", { ...options, hour12: false, timeZone, timeZoneName: "short" });
  } catch {
    return when(moment);
  }
  const parts = Object.fromEntries(format.formatToParts(date).map(({ type, value }) => [type, value]));
  return `${parts.weekday} ${parts.day} ${parts.month} ${parts.year}, ${parts.hour}:${parts.minute} ${parts.timeZoneName}`;
}

/** Rows as lines with aligned columns. The last column is not padded. */
export function columns(rows, indent = "  ") {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, at) => Math.max(0, ...rows.map((row) => [...String(row[at] ?? "")].length)));
  const pad = (text, at, row) => (at === row.length - 1 ? text : text + " ".repeat(widths[at] - [...text].length));
  return rows.map((row) => `${indent}${row.map((cell, at) => pad(String(cell), at, row)).join("  ")}`.trimEnd());
}

/** Prints rows with aligned columns. */
export const table = (rows) => columns(rows).forEach((line) => console.log(line));

/**
 * Lines from standard input, typed or piped.
 * - `ask(prompt, {fresh})`: the next line, or undefined at the end of the input. `fresh`: on a terminal, what was
 *   typed before the question does not answer it.
 * - `print(text)`: a line of output, above a prompt that is being answered.
 * - `onInterrupt(listener)`: Ctrl-C.
 */
export function openLines() {
  const isTerminal = Boolean(process.stdin.isTTY && process.stdout.isTTY);
  const input = createInterface({ input: process.stdin, output: isTerminal ? process.stdout : undefined, terminal: isTerminal });
  const typed = [];
  let waiting;
  let isOver = false;
  const give = (line) => {
    const resolve = waiting;
    waiting = undefined;
    resolve(line);
  };
  input.on("line", (line) => (waiting ? give(line) : typed.push(line)));
  input.on("close", () => {
    isOver = true;
    if (waiting) give(undefined);
  });
  return {
    isTerminal,
    ask(prompt, { fresh = false } = {}) {
      if (fresh && isTerminal) typed.length = 0;
      if (typed.length > 0) {
        console.log(prompt + typed[0]);
        return Promise.resolve(typed.shift());
      }
      if (isOver) return Promise.resolve(undefined);
      const answer = new Promise((resolve) => (waiting = resolve));
      input.setPrompt(prompt);
      if (isTerminal) input.prompt();
      else process.stdout.write(prompt);
      // A piped answer is not echoed by any terminal.
      return isTerminal ? answer : answer.then((line) => (console.log(line ?? ""), line));
    },
    print(text) {
      if (!waiting || !isTerminal) return console.log(text);
      cursorTo(process.stdout, 0);
      clearLine(process.stdout, 0);
      console.log(text);
      input.prompt(true);
    },
    onInterrupt: (listener) => input.on("SIGINT", listener),
    close: () => input.close(),
  };
}
