// What the host asks beyond name and address.
import { useState } from "react";
import type { Answer, Question } from "../../api/types";
import { SelectField, TextField } from "../../parts";

export type Answers = {
  questions: readonly Question[];
  /** In the order of the questions; empty if nothing was answered. */
  values: readonly string[];
  errors: readonly (string | null)[];
  set: (index: number, value: string) => void;
  /** What goes to the host; null if something is missing, which is shown at its field. */
  read: () => { answers?: Answer[] } | null;
};

export function useAnswers(questions: readonly Question[]): Answers {
  const [typed, setTyped] = useState<readonly string[]>([]);
  const [isTried, setIsTried] = useState(false);
  const values = questions.map((_, index) => typed[index] ?? "");
  const errors = questions.map(({ required, choices }, index) => {
    if (!required || values[index]?.trim() !== "") return null;
    return choices.length > 0 ? "Choose an answer." : "The host asks for an answer.";
  });
  return {
    questions,
    values,
    errors: isTried ? errors : errors.map(() => null),
    set: (index, value) => setTyped(values.map((before, at) => (at === index ? value : before))),
    read: () => {
      setIsTried(true);
      if (errors.some((error) => error !== null)) return null;
      const answers = questions.flatMap(({ text }, index) => {
        const answer = (values[index] ?? "").trim();
        return answer === "" ? [] : [{ question: text, answer }];
      });
      return answers.length > 0 ? { answers } : {};
    },
  };
}

export function QuestionFields({ answers, disabled }: { answers: Answers; disabled: boolean }) {
  const { questions, values, errors, set } = answers;
  if (questions.length === 0) return null;
  return (
    <fieldset className="stack-tight">
      <legend className="visually-hidden">The host asks</legend>
      <div className="sheet-label" aria-hidden="true">
        <strong>The host asks</strong>
        <span className="second">Only the host sees this</span>
      </div>
      {questions.map(({ text, choices, required }, index) => {
        const field = {
          label: required ? text : `${text} (optional)`,
          value: values[index] ?? "",
          onChange: (value: string) => set(index, value),
          error: errors[index] ?? null,
          required,
          disabled,
        };
        if (choices.length === 0) return <TextField key={text} maxLength={500} {...field} />;
        const none = { value: "", label: required ? "Choose…" : "No answer" };
        const options = [none, ...choices.map((choice) => ({ value: choice, label: choice }))];
        return <SelectField key={text} options={options} {...field} />;
      })}
    </fieldset>
  );
}
