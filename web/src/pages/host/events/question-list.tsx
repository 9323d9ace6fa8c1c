// The questions of an event, as its host writes them.
import type { Question } from "../../../api/types";
import { CheckField, TextArea, TextField } from "../../../parts";
import { DraftList } from "./draft-list";

/** What is typed: the choices are one text, one on a line. */
export type QuestionDraft = { key: number; text: string; choices: string; required: boolean };

export function draftsOf(questions: readonly Question[]): QuestionDraft[] {
  return questions.map(({ text, choices, required }, key) => ({
    key,
    text,
    choices: choices.join("\n"),
    required,
  }));
}

/** The questions as they are sent, or what is wrong with one. */
export function readQuestions(drafts: readonly QuestionDraft[]): { value: Question[] } | { fault: string } {
  const value = drafts.map(({ text, choices, required }) => ({
    text: text.trim(),
    choices: choices
      .split("\n")
      .map((choice) => choice.trim())
      .filter((choice) => choice !== ""),
    required,
  }));
  if (value.some(({ text }) => text === "")) return { fault: "Write the question, or remove it" };
  const single = value.find(({ choices }) => choices.length === 1);
  if (single !== undefined) return { fault: `Give “${single.text}” a second choice, or none` };
  return { value };
}

type Props = {
  drafts: readonly QuestionDraft[];
  change: (drafts: QuestionDraft[]) => void;
  error: string | undefined;
};

export function QuestionList(props: Props) {
  return (
    <DraftList
      {...props}
      legend="More questions (optional)"
      name="Question"
      empty={(key) => ({ key, text: "", choices: "", required: false })}
    >
      {(draft, set, remove, number) => (
        <>
          <TextField
            label={`Question ${number}`}
            maxLength={200}
            placeholder="T-shirt size?"
            value={draft.text}
            onChange={(text) => set({ text })}
          />
          <TextArea
            label="Choices (optional)"
            rows={2}
            hint="One on a line. Without any, guests write a short text."
            value={draft.choices}
            onChange={(choices) => set({ choices })}
          />
          <div className="row">
            <CheckField
              label="Must be answered"
              checked={draft.required}
              onChange={(required) => set({ required })}
            />
            {remove}
          </div>
        </>
      )}
    </DraftList>
  );
}
