// The lists of the event form, each with fields of its own: what is typed, and what is sent. Pure.
import type { OwnEvent, Question } from "../../../api/types";
import { readMoney } from "../../../base/money-text";
import type { Errors, Read, Values } from "./fields";
import { draftsOf, readQuestions, type QuestionDraft } from "./question-list";
import { promoDraftsOf, readPromos, type PromoDraft, type SentPromo } from "./promo-list";
import { readTypes, typeDraftsOf, type SentType, type TypeDraft } from "./type-list";

/** What is typed. */
export type Lists = { questions: QuestionDraft[]; types: TypeDraft[]; promoCodes: PromoDraft[] };
/** What is sent. */
export type SentLists = { questions: Question[]; types: SentType[]; promoCodes: SentPromo[] };

export function listsOf(event: OwnEvent | null, isCopy: boolean): Lists {
  if (event === null) return { questions: [], types: [], promoCodes: [] };
  return {
    questions: draftsOf(event.questions),
    types: typeDraftsOf(event.types, event.timeZone, isCopy),
    // Whoever has a code has it for that event.
    promoCodes: isCopy ? [] : promoDraftsOf(event.promoCodes, event.timeZone),
  };
}

/** `timeZone`: that of the times in the lists. */
export function readLists({ questions, types, promoCodes }: Lists, timeZone: string): Read<SentLists> {
  const asked = readQuestions(questions);
  const sold = readTypes(types, timeZone);
  const codes = readPromos(promoCodes, timeZone);
  const errors: Errors = {};
  if ("fault" in asked) errors.questions = asked.fault;
  if ("fault" in sold) errors.types = sold.fault;
  if ("fault" in codes) errors.promoCodes = codes.fault;
  if ("fault" in asked || "fault" in sold || "fault" in codes) return { ok: false, errors };
  return { ok: true, value: { questions: asked.value, types: sold.value, promoCodes: codes.value } };
}

/** The lists that differ from those of `event`. */
export function changedLists(
  { questions, types, promoCodes }: SentLists,
  event: OwnEvent,
): Partial<SentLists> {
  const before = readTypes(typeDraftsOf(event.types, event.timeZone, false), event.timeZone);
  const codes = readPromos(promoDraftsOf(event.promoCodes, event.timeZone), event.timeZone);
  const isSameCodes = "value" in codes && isSame(promoCodes, codes.value);
  const isSameTypes = "value" in before && isSame(types, before.value);
  return {
    ...(isSame(questions, event.questions) ? {} : { questions }),
    ...(isSameTypes ? {} : { types }),
    ...(isSameCodes ? {} : { promoCodes }),
  };
}

/**
 * The values as they are sent. With ticket types the prices are theirs: what was typed for all seats counts no more, and
 * nothing is wrong about it.
 */
export function pricedBy({ types }: Lists, values: Values, event: OwnEvent | null): Values {
  const [first] = types;
  if (first === undefined) return values;
  return { ...values, price: event?.price ?? readMoney(first.price) ?? "0" };
}

/** The price of an event that loses its types: the one that is shown, which may be an early one, becomes that of all seats. */
export function onePrice({ types }: Lists, { price }: Values, event: OwnEvent): { price?: string } {
  return types.length === 0 && event.types.length > 0 ? { price: readMoney(price) ?? price } : {};
}

/** The errors of what could not be read. */
export function errorsOf(...reads: readonly Read<unknown>[]): Errors {
  return Object.assign({}, ...reads.map((read) => (read.ok ? {} : read.errors))) as Errors;
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
