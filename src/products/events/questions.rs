//! What a host asks its guests beyond name and address. A question is a short text or a choice, and its text identifies it:
//! an answer is kept with the text that it was given to, so it can be read after the host has changed its questions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::fields::{InvalidField, bad, line};
use crate::ports::SqlError;

/// Questions of one event.
pub const QUESTIONS_MAX: usize = 10;
/// Choices of one question.
const CHOICES_MAX: usize = 20;
/// The longest question, characters.
const QUESTION_CHARS_MAX: usize = 200;
/// The longest choice, characters.
const CHOICE_CHARS_MAX: usize = 100;
/// The longest answer, characters.
const ANSWER_CHARS_MAX: usize = 500;

/// A question to the guests of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Question {
    /// The question, at most 200 characters, for example "T-shirt size?".
    pub text: String,
    /// The answers to choose from, 2 to 20; empty if guests answer in their own words.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub choices: Vec<String>,
    /// Whether a seat needs an answer. Default false.
    #[serde(default)]
    pub required: bool,
}

/// An answer of a guest to one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answer {
    /// The `text` of the question, as `questions` of the event has it.
    pub question: String,
    /// The answer: one of the question's `choices` if it has any, else a short text of at most 500 characters.
    pub answer: String,
}

/// Checks the questions that a host sets.
///
/// # Errors
///
/// [`InvalidField`] says what is wrong with which question.
pub fn read(questions: &[Question]) -> Result<Vec<Question>, InvalidField> {
    if questions.len() > QUESTIONS_MAX {
        return Err(bad("questions", format!("must be at most {QUESTIONS_MAX}")));
    }
    let mut read: Vec<Question> = Vec::new();
    for question in questions {
        let text = line("questions", &question.text, 1, QUESTION_CHARS_MAX)?;
        if read.iter().any(|other| is_same(&other.text, &text)) {
            return Err(bad("questions", format!("has \"{text}\" twice")));
        }
        let choices = choices(&text, &question.choices)?;
        read.push(Question { text, choices, required: question.required });
    }
    Ok(read)
}

fn choices(question: &str, choices: &[String]) -> Result<Vec<String>, InvalidField> {
    if choices.len() == 1 || choices.len() > CHOICES_MAX {
        let remedy = format!(
            "\"{question}\" must have 2 to {CHOICES_MAX} choices, or none for a text in the guest's own words"
        );
        return Err(bad("questions", remedy));
    }
    let mut read: Vec<String> = Vec::new();
    for choice in choices {
        let choice = line("questions", choice, 1, CHOICE_CHARS_MAX)?;
        if read.iter().any(|other| is_same(other, &choice)) {
            return Err(bad(
                "questions",
                format!("\"{question}\" has the choice \"{choice}\" twice"),
            ));
        }
        read.push(choice);
    }
    Ok(read)
}

/// Checks the length of what a caller answers, before the event is known.
///
/// # Errors
///
/// [`InvalidField`] for `answers`.
pub fn check_lengths(answers: &[Answer]) -> Result<(), InvalidField> {
    if answers.len() > QUESTIONS_MAX {
        return Err(bad(
            "answers",
            format!("must be at most {QUESTIONS_MAX}, one for each question"),
        ));
    }
    for Answer { question, answer } in answers {
        line("answers", question, 1, QUESTION_CHARS_MAX)?;
        line("answers", answer, 0, ANSWER_CHARS_MAX)?;
    }
    Ok(())
}

/// The answers to an event's questions, in their order. Empty answers are left out.
///
/// # Errors
///
/// [`InvalidField`] for `answers` names the question that has no good answer, and its choices.
pub fn answered(questions: &[Question], given: &[Answer]) -> Result<Vec<Answer>, InvalidField> {
    if let Some(unknown) = given.iter().find(|it| !questions.iter().any(|one| is_to(it, one))) {
        let asked: Vec<String> = questions.iter().map(|one| format!("\"{}\"", one.text)).collect();
        let asked = match asked.is_empty() {
            true => "leave `answers` out, this event asks nothing".to_owned(),
            false => format!("its questions are {}", asked.join(", ")),
        };
        let remedy =
            format!("\"{}\" is no question of this event; {asked}", unknown.question.trim());
        return Err(bad("answers", remedy));
    }
    let mut answers = Vec::new();
    for question in questions {
        let mut of_it = given.iter().filter(|it| is_to(it, question));
        let first = of_it.next().map_or("", |it| it.answer.trim());
        if of_it.next().is_some() {
            return Err(bad("answers", format!("has two answers to \"{}\"", question.text)));
        }
        match question.answer_of(first)? {
            Some(answer) => answers.push(Answer { question: question.text.clone(), answer }),
            None if question.required => {
                let remedy = format!(
                    "the host of this event asks \"{}\"; {}",
                    question.text,
                    question.how_to_answer()
                );
                return Err(bad("answers", remedy));
            }
            None => {}
        }
    }
    Ok(answers)
}

impl Question {
    /// The answer as it is kept; `None` if it is empty.
    fn answer_of(&self, given: &str) -> Result<Option<String>, InvalidField> {
        if crate::base::text::is_blank(given) {
            return Ok(None);
        }
        if self.choices.is_empty() {
            return line("answers", given, 0, ANSWER_CHARS_MAX).map(Some);
        }
        let chosen = self.choices.iter().find(|choice| is_same(choice, given)).cloned();
        chosen
            .map(Some)
            .ok_or_else(|| bad("answers", format!("\"{}\": {}", self.text, self.how_to_answer())))
    }

    fn how_to_answer(&self) -> String {
        if self.choices.is_empty() {
            return "answer with a short text".to_owned();
        }
        let choices: Vec<String> = self.choices.iter().map(|it| format!("\"{it}\"")).collect();
        format!("answer with one of {}", choices.join(", "))
    }
}

fn is_to(answer: &Answer, question: &Question) -> bool {
    is_same(&answer.question, &question.text)
}

/// Whether two texts differ in capital letters and outer spaces at most.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// A list as it is stored.
pub(super) fn stored<T: Serialize>(list: &[T]) -> String {
    // Texts and flags cannot fail.
    serde_json::to_string(list).unwrap_or_else(|_| "[]".to_owned())
}

/// Reads a list that [`stored`] has written.
///
/// # Errors
///
/// [`SqlError`] if it is damaged.
pub(super) fn of_row<T: serde::de::DeserializeOwned>(json: &str) -> Result<Vec<T>, SqlError> {
    serde_json::from_str(json).map_err(|error| SqlError(format!("a stored list: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(required: bool) -> Question {
        let choices = vec!["S".to_owned(), "M".to_owned()];
        Question { text: "T-shirt size?".to_owned(), choices, required }
    }

    fn diet() -> Question {
        Question { text: "What do you not eat?".to_owned(), choices: Vec::new(), required: false }
    }

    fn answer(question: &str, answer: &str) -> Answer {
        Answer { question: question.to_owned(), answer: answer.to_owned() }
    }

    #[test]
    fn answers_are_kept_in_the_order_and_writing_of_the_questions() {
        let given = [answer("what do you not eat? ", " Nuts "), answer("t-shirt SIZE?", "m")];
        let kept = answered(&[size(true), diet()], &given).unwrap();
        assert_eq!(kept, [answer("T-shirt size?", "M"), answer("What do you not eat?", "Nuts")]);
        assert_eq!(answered(&[size(false), diet()], &[answer("T-shirt size?", " ")]), Ok(vec![]));
    }

    #[test]
    fn what_is_missing_or_wrong_says_what_to_send() {
        let refused = |given: &[Answer]| answered(&[size(true), diet()], given).unwrap_err().remedy;
        let missing = refused(&[answer("What do you not eat?", "Nuts")]);
        assert!(
            missing.contains("\"T-shirt size?\"; answer with one of \"S\", \"M\""),
            "{missing}"
        );
        assert!(refused(&[answer("T-shirt size?", "XL")]).contains("one of \"S\", \"M\""));
        let unknown = refused(&[answer("Shoe size?", "42")]);
        assert!(unknown.contains("its questions are \"T-shirt size?\""), "{unknown}");
        let twice = [answer("T-shirt size?", "S"), answer("t-shirt size?", "M")];
        assert!(refused(&twice).contains("two answers"));
        let none = answered(&[], &[answer("Shoe size?", "42")]).unwrap_err().remedy;
        assert!(none.contains("this event asks nothing"), "{none}");
    }

    #[test]
    fn questions_and_answers_have_limits() {
        let many: Vec<Question> =
            (0..11).map(|n| Question { text: format!("{n}?"), ..diet() }).collect();
        assert!(read(&many).is_err());
        assert_eq!(read(&many[..10]).unwrap().len(), 10);
        assert!(read(&[diet(), diet()]).is_err(), "twice the same");
        assert!(read(&[Question { text: "x".repeat(201), ..diet() }]).is_err());
        assert!(read(&[Question { text: " ".to_owned(), ..diet() }]).is_err());
        let choices = |of: &[&str]| {
            let choices = of.iter().map(|choice| (*choice).to_owned()).collect();
            read(&[Question { choices, ..diet() }])
        };
        assert!(choices(&["one"]).is_err());
        assert!(choices(&["one", "One"]).is_err());
        assert!(choices(&["one", "two"]).is_ok());
        assert!(check_lengths(&[answer("a?", &"x".repeat(501))]).is_err());
        assert!(check_lengths(&[answer("a?", "two\nlines")]).is_err());
        assert!(check_lengths(&vec![answer("a?", "b"); 11]).is_err());
    }
}
