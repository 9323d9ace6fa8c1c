//! A server's question to the user (`elicitation/create`): a message and a flat form (2025-06-18 to 2026-07-28). All
//! of it is untrusted: bounded, and shown as text only.

use std::future::Future;

use serde_json::{Map, Number, Value};

use crate::base::text;

/// Limits of a form: fields, choices of a field, and bytes. A larger form is not shown, because no one fills it in a
/// chat.
const FIELDS_MAX: usize = 10;
const CHOICES_MAX: usize = 50;
const SCHEMA_BYTES_MAX: usize = 16 * 1024;
const MESSAGE_CHARS_MAX: usize = 500;
const WORDS_CHARS_MAX: usize = 200;
const NAME_BYTES_MAX: usize = 100;
/// The longest answer to one field, characters.
const ANSWER_CHARS_MAX: u64 = 2_000;

/// The user who can be asked.
pub trait Person {
    /// Whether the user is connected.
    fn is_there(&self) -> bool;
    /// Asks, and waits for the answer; [`Said::Cancel`] if none comes in time.
    fn ask(&self, question: Question) -> impl Future<Output = Said>;
}

/// The user's reaction to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Answered: the fields by their names.
    Accept(Map<String, Value>),
    Decline,
    /// Cancelled, or no answer came.
    Cancel,
}

/// A server's question to the user (MCP elicitation).
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The URL of the server that asks.
    pub server: String,
    pub message: String,
    /// The form; empty if only a confirmation is asked for.
    pub fields: Vec<Field>,
}

/// One field of a form.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The name that the server uses.
    pub name: String,
    /// Shown to the user in place of `name`.
    pub title: String,
    /// Empty if the server gives none.
    pub description: String,
    /// Whether an answer is required.
    pub is_required: bool,
    /// The value that the server suggests.
    pub default: Option<Value>,
    /// The kind of its value.
    pub kind: FieldKind,
}

/// The kind of a field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Text with a length in this range, characters.
    Text {
        min: u64,
        max: u64,
    },
    /// An integer in this range.
    Whole {
        min: Option<i64>,
        max: Option<i64>,
    },
    /// A number, with or without a fraction.
    Number,
    YesNo,
    /// One of these choices.
    One(Vec<Choice>),
    /// From `min` to `max` of these choices.
    Many {
        choices: Vec<Choice>,
        min: u64,
        max: u64,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The value for the server.
    pub value: String,
    /// Shown to the user in place of `value`.
    pub title: String,
}

impl Said {
    /// The result of `elicitation/create`.
    pub(super) fn into_result(self) -> Value {
        match self {
            Self::Accept(content) => serde_json::json!({"action": "accept", "content": content}),
            Self::Decline => serde_json::json!({"action": "decline"}),
            Self::Cancel => serde_json::json!({"action": "cancel"}),
        }
    }
}

impl Question {
    /// Parses the parameters of `elicitation/create`. `None` if it cannot be shown in a chat: another mode than a
    /// form, a schema that is not flat, or too large.
    #[must_use]
    pub fn read(server: &str, params: &Value) -> Option<Self> {
        if params.get("mode").is_some_and(|mode| mode != "form") {
            return None;
        }
        let schema = params.get("requestedSchema")?;
        if schema.to_string().len() > SCHEMA_BYTES_MAX {
            return None;
        }
        let properties = schema.get("properties")?.as_object()?;
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|it| it == name));
        if properties.len() > FIELDS_MAX {
            return None;
        }
        let field =
            |(name, schema): (&String, &Value)| Field::read(name, schema, is_required(name));
        Some(Self {
            server: server.to_owned(),
            message: words(params.get("message"), MESSAGE_CHARS_MAX),
            fields: properties.iter().map(field).collect::<Option<_>>()?,
        })
    }
}

impl Field {
    fn read(name: &str, schema: &Value, is_required: bool) -> Option<Self> {
        if name.len() > NAME_BYTES_MAX {
            return None;
        }
        let kind = FieldKind::read(schema)?;
        let title = words(schema.get("title"), WORDS_CHARS_MAX);
        Some(Self {
            name: name.to_owned(),
            title: if title.is_empty() { text::line(name, NAME_BYTES_MAX) } else { title },
            description: words(schema.get("description"), WORDS_CHARS_MAX),
            is_required,
            default: schema.get("default").filter(|value| kind.takes(value)).cloned(),
            kind,
        })
    }

    /// Converts what the user typed to the field's value.
    ///
    /// # Errors
    ///
    /// What to type instead.
    pub fn answer(&self, typed: &str) -> Result<Value, String> {
        let value = match &self.kind {
            FieldKind::Text { .. } => Some(Value::from(typed)),
            FieldKind::Whole { .. } => typed.parse::<i64>().ok().map(Value::from),
            FieldKind::Number => serde_json::from_str::<Number>(typed).ok().map(Value::Number),
            FieldKind::YesNo => yes_or_no(typed).map(Value::Bool),
            FieldKind::One(choices) => pick(choices, typed).map(Value::from),
            FieldKind::Many { choices, .. } => {
                let picked = typed.split(',').map(|one| pick(choices, one.trim()));
                picked.collect::<Option<Vec<String>>>().map(Value::from)
            }
        };
        value.filter(|value| self.kind.takes(value)).ok_or_else(|| self.kind.in_words())
    }
}

impl FieldKind {
    fn read(schema: &Value) -> Option<Self> {
        let bound = |key: &str| schema.get(key).and_then(Value::as_u64);
        let whole = |key: &str| schema.get(key).and_then(Value::as_i64);
        match schema.get("type")?.as_str()? {
            "string" => match choices(schema)? {
                Some(choices) => Some(Self::One(choices)),
                None => Some(Self::Text {
                    min: bound("minLength").unwrap_or(0),
                    max: bound("maxLength").unwrap_or(ANSWER_CHARS_MAX).min(ANSWER_CHARS_MAX),
                }),
            },
            "integer" => Some(Self::Whole { min: whole("minimum"), max: whole("maximum") }),
            "number" => Some(Self::Number),
            "boolean" => Some(Self::YesNo),
            "array" => {
                let choices = choices(schema.get("items")?)??;
                let all = u64::try_from(choices.len()).unwrap_or(u64::MAX);
                let (min, max) = (bound("minItems").unwrap_or(0), bound("maxItems").unwrap_or(all));
                Some(Self::Many { choices, min, max })
            }
            _ => None,
        }
    }

    /// Whether the value is of this kind.
    fn takes(&self, value: &Value) -> bool {
        let is_one = |choices: &[Choice], value: &Value| {
            choices.iter().any(|choice| value.as_str() == Some(&choice.value))
        };
        match (self, value) {
            (Self::Text { min, max }, Value::String(text)) => {
                let chars = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
                (*min..=*max).contains(&chars)
            }
            (Self::Whole { min, max }, Value::Number(number)) => {
                number.as_i64().is_some_and(|it| {
                    min.is_none_or(|min| it >= min) && max.is_none_or(|max| it <= max)
                })
            }
            (Self::Number, Value::Number(_)) | (Self::YesNo, Value::Bool(_)) => true,
            (Self::One(choices), value) => is_one(choices, value),
            (Self::Many { choices, min, max }, Value::Array(values)) => {
                let count = u64::try_from(values.len()).unwrap_or(u64::MAX);
                (*min..=*max).contains(&count) && values.iter().all(|value| is_one(choices, value))
            }
            (
                Self::Text { .. }
                | Self::Whole { .. }
                | Self::Number
                | Self::YesNo
                | Self::Many { .. },
                _,
            ) => false,
        }
    }

    /// A hint for the user.
    #[must_use]
    pub fn in_words(&self) -> String {
        let list = |choices: &[Choice]| {
            let titles: Vec<&str> = choices.iter().map(|choice| choice.title.as_str()).collect();
            titles.join(" | ")
        };
        match self {
            Self::Text { min: 0, max } if *max >= ANSWER_CHARS_MAX => "text".to_owned(),
            Self::Text { min, max } => format!("text, {min} to {max} characters"),
            Self::Whole { min, max } => {
                let from = min.map(|min| format!(", at least {min}")).unwrap_or_default();
                let to = max.map(|max| format!(", at most {max}")).unwrap_or_default();
                format!("a whole number{from}{to}")
            }
            Self::Number => "a number".to_owned(),
            Self::YesNo => "yes or no".to_owned(),
            Self::One(choices) => format!("one of: {}", list(choices)),
            Self::Many { choices, min, max } => {
                format!("{min} to {max} of these, with commas between them: {}", list(choices))
            }
        }
    }
}

/// The choices of a schema: `enum`, perhaps with `enumNames`, or `const` and `title` in `oneOf` or `anyOf`.
/// `Some(None)` if it has none, `None` if they cannot be shown.
#[expect(
    clippy::option_option,
    reason = "no choices are something else than choices that cannot be shown"
)]
fn choices(schema: &Value) -> Option<Option<Vec<Choice>>> {
    let titled = schema.get("oneOf").or(schema.get("anyOf"));
    let Some(listed) = schema.get("enum").or(titled) else { return Some(None) };
    let listed = listed.as_array().filter(|all| (1..=CHOICES_MAX).contains(&all.len()))?;
    let choice = |(nth, one): (usize, &Value)| {
        let value = one.get("const").unwrap_or(one).as_str()?;
        let named = schema.get("enumNames").and_then(|names| names.get(nth));
        let title = words(one.get("title").or(named), WORDS_CHARS_MAX);
        let title = if title.is_empty() { text::line(value, WORDS_CHARS_MAX) } else { title };
        Some(Choice { value: value.to_owned(), title })
    };
    listed.iter().enumerate().map(choice).collect::<Option<Vec<_>>>().map(Some)
}

/// The value of the choice that the user typed.
fn pick(choices: &[Choice], typed: &str) -> Option<String> {
    let by_value = choices.iter().find(|choice| choice.value == typed);
    let by_title = || choices.iter().find(|choice| choice.title.eq_ignore_ascii_case(typed));
    by_value.or_else(by_title).map(|choice| choice.value.clone())
}

/// The words that are accepted as yes and no.
#[must_use]
pub fn yes_or_no(typed: &str) -> Option<bool> {
    match typed.to_ascii_lowercase().as_str() {
        "yes" | "y" | "true" | "ok" => Some(true),
        "no" | "n" | "false" => Some(false),
        _ => None,
    }
}

fn words(value: Option<&Value>, chars_max: usize) -> String {
    text::line(value.and_then(Value::as_str).unwrap_or_default(), chars_max)
}
