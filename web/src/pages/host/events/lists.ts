// The lists of the event form, each with fields of its own: what is typed, and what is sent. Pure.
import type { OwnEvent, Question } from "../../../api/types";
import type { Errors, Read } from "./fields";
import { draftsOf, readQuestions, type QuestionDraft } from "./question-list";
import { readTypes, typeDraftsOf, type SentType, type TypeDraft } from "./type-list";

/** What is typed. */
export type Lists = { questions: QuestionDraft[]; types: TypeDraft[] };
/** What is sent. */
export type SentLists = { questions: Question[]; types: SentType[] };

export function listsOf(event: OwnEvent | null, isCopy: boolean): Lists {
  if (event === null) return { questions: [], types: [] };
  return {
    questions: draftsOf(event.questions),
    types: typeDraftsOf(event.types, event.timeZone, isCopy),
  };
}

/** `timeZone`: that of the times in the lists. */
export function readLists({ questions, types }: Lists, timeZone: string): Read<SentLists> {
  const asked = readQuestions(questions);
  const sold = readTypes(types, timeZone);
  const errors: Errors = {};
  if ("fault" in asked) errors.questions = asked.fault;
  if ("fault" in sold) errors.types = sold.fault;
  if ("fault" in asked || "fault" in sold) return { ok: false, errors };
  return { ok: true, value: { questions: asked.value, types: sold.value } };
}

/** The lists that differ from those of `event`. */
export function changedLists({ questions, types }: SentLists, event: OwnEvent): Partial<SentLists> {
  const before = readTypes(typeDraftsOf(event.types, event.timeZone, false), event.timeZone);
  const isSameTypes = "value" in before && isSame(types, before.value);
  return {
    ...(isSame(questions, event.questions) ? {} : { questions }),
    ...(isSameTypes ? {} : { types }),
  };
}

/** The errors of what could not be read. */
export function errorsOf(...reads: readonly Read<unknown>[]): Errors {
  return Object.assign({}, ...reads.map((read) => (read.ok ? {} : read.errors))) as Errors;
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
