// What is set in the folded groups of the event form, a line each. Pure.
import { moneyText, priceText } from "../../../parts";
import { readMoney } from "../../../base/money-text";
import { IF_MOVED, remindersWith, type Values } from "./fields";
import type { Lists } from "./lists";

/** Entries of a list that are named. */
const NAMED = 3;

export function typesSet({ types }: Lists): string {
  if (types.length === 0) return "One price for every seat";
  return listed(
    types.map(({ name, price }) => {
      const dollars = readMoney(price);
      return [name.trim() || "No name yet", dollars === null ? "" : priceText(dollars)].join(" ").trim();
    }),
  );
}

export function codesSet({ promoCodes }: Lists): string {
  if (promoCodes.length === 0) return "None";
  return listed(
    promoCodes.map(({ code, off }) => {
      const dollars = readMoney(off);
      const less = off.trim() === "" ? "" : `${dollars === null ? off.trim() : moneyText(dollars)} off`;
      return [code.trim().toUpperCase() || "No code yet", less].join(" ").trim();
    }),
  );
}

export function askedSet({ askName, askEmail }: Values, { questions }: Lists): string {
  const asked = [
    ["name", askName],
    ["e-mail", askEmail],
  ].flatMap(([what, ask]) => (ask === "notAsked" ? [] : [ask === "required" ? `${what} (required)` : what]));
  if (questions.length > 0)
    asked.push(questions.length === 1 ? "1 question" : `${questions.length} questions`);
  const text = asked.join(", ");
  return text === "" ? "Nothing" : text.charAt(0).toUpperCase() + text.slice(1);
}

export function refundSet({ refundPercent, refundUntilHours, refundIfMoved }: Values): string {
  const [percent, hours] = [refundPercent.trim(), refundUntilHours.trim()];
  const until = hours === "0" ? "until it starts" : `until ${hours} hours before`;
  const back = percent === "0" ? "Nothing goes back" : `${percent}% back ${until}`;
  const isAll = refundIfMoved === IF_MOVED[0]?.value && percent !== "100";
  return isAll ? `${back}; everything if you move it` : back;
}

export function toldSet({ guestsOnly, remindHours }: Values): string {
  const label = remindersWith(remindHours).find(({ value }) => value === remindHours)?.label ?? "";
  const reminded =
    remindHours === "0" ? "No reminder" : `Reminded ${label.charAt(0).toLowerCase()}${label.slice(1)}`;
  return guestsOnly.trim() === "" ? reminded : `${guestsOnly.trim()}; ${reminded.toLowerCase()}`;
}

function listed(entries: readonly string[]): string {
  const rest = entries.length - NAMED;
  return entries.slice(0, NAMED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
