// The lists of the event form, each with fields of its own: what is typed, and what is sent. Pure.
import type { OwnEvent, Question } from "../../../api/types";
import type { Errors, Read } from "./fields";
import { draftsOf, readQuestions, type QuestionDraft } from "./question-list";

/** What is typed. */
export type Lists = { questions: QuestionDraft[] };
/** What is sent. */
export type SentLists = { questions: Question[] };

export function listsOf(event: OwnEvent | null): Lists {
  return { questions: draftsOf(event?.questions ?? []) };
}

export function readLists({ questions }: Lists): Read<SentLists> {
  const asked = readQuestions(questions);
  if ("fault" in asked) return { ok: false, errors: { questions: asked.fault } };
  return { ok: true, value: { questions: asked.value } };
}

/** The lists that differ from those of `event`. */
export function changedLists({ questions }: SentLists, event: OwnEvent): Partial<SentLists> {
  return isSame(questions, event.questions) ? {} : { questions };
}

/** The errors of what could not be read. */
export function errorsOf(...reads: readonly Read<unknown>[]): Errors {
  return Object.assign({}, ...reads.map((read) => (read.ok ? {} : read.errors))) as Errors;
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
