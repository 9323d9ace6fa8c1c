// The questions of an event, as its host writes them.
import type { Question } from "../../../api/types";
import { Button, CheckField, TextArea, TextField } from "../../../parts";

/** What is typed: the choices are one text, one on a line. */
export type QuestionDraft = { key: number; text: string; choices: string; required: boolean };

const MOST = 10;

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

export function QuestionList({ drafts, change, error }: Props) {
  const set = (key: number, more: Partial<QuestionDraft>) =>
    change(drafts.map((draft) => (draft.key === key ? { ...draft, ...more } : draft)));
  const add = () => {
    const key = Math.max(-1, ...drafts.map((draft) => draft.key)) + 1;
    change([...drafts, { key, text: "", choices: "", required: false }]);
  };
  return (
    <fieldset className="host-list">
      <legend className="field-label">More questions (optional)</legend>
      {drafts.map((draft, index) => (
        <div key={draft.key} className="host-list-item" role="group" aria-label={`Question ${index + 1}`}>
          <TextField
            label={`Question ${index + 1}`}
            maxLength={200}
            placeholder="T-shirt size?"
            value={draft.text}
            onChange={(text) => set(draft.key, { text })}
          />
          <TextArea
            label="Choices (optional)"
            rows={2}
            hint="One on a line. Without any, guests write a short text."
            value={draft.choices}
            onChange={(choices) => set(draft.key, { choices })}
          />
          <div className="row">
            <CheckField
              label="Must be answered"
              checked={draft.required}
              onChange={(required) => set(draft.key, { required })}
            />
            <Button
              kind="ghost"
              size="small"
              label={`Remove question ${index + 1}`}
              onClick={() => change(drafts.filter(({ key }) => key !== draft.key))}
            >
              Remove
            </Button>
          </div>
        </div>
      ))}
      {error !== undefined && (
        <p className="field-error" role="alert" tabIndex={-1}>
          {error}
        </p>
      )}
      {drafts.length < MOST && (
        <Button kind="quiet" size="small" icon="plus" onClick={add}>
          Add a question
        </Button>
      )}
    </fieldset>
  );
}
