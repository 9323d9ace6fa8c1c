//! Arguments of the tool `messageGuests`, which are also the body of its REST route.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which guests get a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Audience {
    /// Everybody who has a seat.
    #[default]
    All,
    /// Who has not come in yet.
    ToCome,
    /// Who has come in.
    In,
}

/// The arguments of the tool `messageGuests` beside `eventId`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewMessage {
    /// The subject of the mail: one line, at most 150 characters.
    pub subject: String,
    /// The message as plain text, at most 5000 characters. Each guest's ticket and a way to unsubscribe are added.
    pub text: String,
    /// Who gets it: all guests (default), those who have not come in yet (toCome), or those who have (in).
    #[serde(default)]
    pub to: Audience,
    /// Only these of them: ids of the guest list (`id` in GET /api/users/events/{id}/rsvps), at most 1000.
    #[schemars(length(max = 1_000))]
    pub guests: Option<Vec<String>>,
    /// How many addresses get it, as the answer without this field says. Without it nothing is sent.
    pub recipients: Option<u32>,
}
