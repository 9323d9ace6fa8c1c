//! Input of callers at the desk: shapes, limits, and errors that name the field.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::email::optional_email;
use crate::base::fields::{InvalidField, bad, line, null_or, optional_line, text};
use crate::base::id::{ArticleId, TicketId};
use crate::products::desk::{Priority, Status};

/// The longest text of a ticket, a reply or a note, characters.
pub const TEXT_CHARS_MAX: usize = 10_000;
/// The longest article, characters.
pub const ARTICLE_CHARS_MAX: usize = 50_000;
/// Tags of one ticket.
pub const TAGS_MAX: usize = 10;

/// The arguments of the tool `searchKb`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SearchKb {
    /// Words to look for, at most 200 characters.
    pub query: String,
    /// How many articles at the most, 1 to 20. Default 5.
    #[schemars(range(min = 1, max = 20))]
    pub limit: Option<u32>,
}

/// The arguments of the tool `createTicket`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateTicket {
    /// One line, at most 200 characters.
    pub subject: String,
    /// What is wanted, at most 10000 characters.
    pub body: String,
    /// The customer's address: where replies go.
    pub email: Option<String>,
    /// How urgent. Default normal.
    pub priority: Option<Priority>,
}

/// Arguments of the tools that name one ticket.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OneTicket {
    /// The ticket's id, as createTicket gives it.
    pub ticket_id: String,
}

/// The arguments of the tool `getTicketStatus`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TicketKey {
    /// The key that createTicket has given, 48 letters and digits. It also ends the address in each mail of the ticket.
    pub status_key: String,
}

/// Arguments of `triageTicket`. What is left out stays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TriageTicket {
    /// The id of the ticket.
    pub ticket_id: String,
    /// How urgent the ticket is.
    pub priority: Option<Priority>,
    /// What it is about, at most 60 characters.
    pub category: Option<String>,
    /// At most 10 tags of at most 40 characters; they replace the ones before.
    #[schemars(length(max = 10))]
    pub tags: Option<Vec<String>>,
}

/// Arguments of `draftReply`, `proposeResolution` and `sendReply`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reply {
    /// The id of the ticket.
    pub ticket_id: String,
    /// What is said, at most 10000 characters of plain text.
    pub body: String,
}

/// The arguments of the tool `assignTicket`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssignTicket {
    /// The id of the ticket.
    pub ticket_id: String,
    /// Who looks after it, at most 100 characters.
    pub assignee: String,
}

/// The arguments of the tool `resolveTicket`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResolveTicket {
    /// The id of the ticket.
    pub ticket_id: String,
    /// How it was resolved, at most 10000 characters; for the history.
    #[serde(default)]
    pub resolution: String,
}

/// The arguments of the tool `listTickets`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ListTickets {
    /// nextCursor of the page before.
    pub cursor: Option<String>,
    /// How many tickets at the most, 1 to 100. Default 50.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// Words that a ticket has anywhere in its texts, or its number; at most 200 characters.
    pub query: Option<String>,
    /// Only tickets of this status.
    pub status: Option<TicketFilter>,
}

/// The status of tickets that are looked for. An open ticket that sleeps until a moment is snoozed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TicketFilter {
    Open,
    Snoozed,
    Resolved,
}

/// The arguments of the tool `createKbArticle`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateKbArticle {
    /// One line, at most 200 characters.
    pub title: String,
    /// At most 50000 characters of plain text.
    pub body: String,
}

/// Arguments of `updateKbArticle`. What is left out stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateKbArticle {
    /// The article's id, as searchKb gives it.
    pub article_id: String,
    /// One line, at most 200 characters.
    pub title: Option<String>,
    /// At most 50000 characters of plain text.
    pub body: Option<String>,
}

/// The host's changes of a ticket over REST. A member that is left out stays.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TicketChanges {
    /// Open again, or resolved.
    pub status: Option<Status>,
    pub priority: Option<Priority>,
    /// An empty text removes it.
    pub category: Option<String>,
    /// They replace the old ones.
    pub tags: Option<Vec<String>>,
    /// Empty for no one.
    pub assignee: Option<String>,
    /// Until when it sleeps; `null` wakes it.
    #[serde(deserialize_with = "null_or")]
    pub snoozed_until: Option<Option<String>>,
}

/// The ticket that another one becomes part of.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Merge {
    /// The number of the other ticket.
    pub into: u32,
}

/// The host's changes of an article. A member that is left out stays.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ArticleChanges {
    /// One line, at most 200 characters.
    pub title: Option<String>,
    /// At most 50000 characters of plain text.
    pub body: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Note {
    /// At most 10000 characters.
    pub body: String,
}

/// The rejection of a draft.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Verdict {
    /// The reason for the history, at most 500 characters.
    pub reason: String,
}

/// The approval of a draft.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Approval {
    /// What was seen, as the list of approvals has it. An approval without it approves the draft as it is.
    pub seen: Option<String>,
}

/// The host's change of a draft.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DraftChanges {
    /// The new text, with the limits of its kind.
    pub text: String,
    /// What was seen, as for an approval.
    #[serde(default)]
    pub seen: Option<String>,
}

/// The host's changes of the desk's rules. A member that is left out stays.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DeskChanges {
    /// Approved drafts that a wallet needs before it may send directly, 1 to 1000.
    pub approvals_needed: Option<u32>,
    /// Percentage of mails that may bounce within a day, 1 to 100.
    pub failure_percent: Option<u32>,
}

/// Checks a subject.
///
/// # Errors
///
/// [`InvalidField`] names the field; the same for every function here.
pub fn subject(value: &str) -> Result<String, InvalidField> {
    line("subject", value, 1, 200)
}

/// Checks the text of a ticket, a reply or a note.
///
/// # Errors
/// As [`subject`].
pub fn body(value: &str) -> Result<String, InvalidField> {
    // Mails require one kind of line end.
    let value = value.replace("\r\n", "\n").replace('\r', "\n");
    let value = text("body", &value, TEXT_CHARS_MAX)?;
    if value.is_empty() { Err(bad("body", "must not be empty")) } else { Ok(value) }
}

/// Checks the text of an article.
///
/// # Errors
/// As [`subject`].
pub fn article(value: &str) -> Result<String, InvalidField> {
    let value = text("body", value, ARTICLE_CHARS_MAX)?;
    if value.is_empty() { Err(bad("body", "must not be empty")) } else { Ok(value) }
}

/// Checks a resolution, which may be empty.
///
/// # Errors
/// As [`subject`].
pub fn resolution(value: &str) -> Result<String, InvalidField> {
    text("resolution", value, TEXT_CHARS_MAX)
}

/// Checks the customer's e-mail address.
///
/// # Errors
/// As [`subject`].
pub fn email(value: Option<&str>) -> Result<Option<String>, InvalidField> {
    optional_email("email", value)
}

/// Checks a category.
///
/// # Errors
/// As [`subject`].
pub fn category(value: &str) -> Result<Option<String>, InvalidField> {
    optional_line("category", Some(value), 60)
}

/// Checks tags and removes duplicates.
///
/// # Errors
/// As [`subject`].
pub fn tags(values: &[String]) -> Result<Vec<String>, InvalidField> {
    if values.len() > TAGS_MAX {
        return Err(bad("tags", format!("must be at most {TAGS_MAX}")));
    }
    let mut tags: Vec<String> = Vec::new();
    for value in values {
        let tag = line("tags", value, 1, 40)?;
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Ok(tags)
}

/// Checks an assignee.
///
/// # Errors
/// As [`subject`].
pub fn assignee(value: &str) -> Result<String, InvalidField> {
    line("assignee", value, 1, 100)
}

/// Parses the id of a ticket.
///
/// # Errors
/// As [`subject`].
pub fn ticket_id(value: &str) -> Result<TicketId, InvalidField> {
    TicketId::parse(value).map_err(|error| bad("ticketId", error))
}

/// Parses the id of an article.
///
/// # Errors
/// As [`subject`].
pub fn article_id(value: &str) -> Result<ArticleId, InvalidField> {
    ArticleId::parse(value).map_err(|error| bad("articleId", error))
}
