//! A place or a link that only guests get to know: on the ticket, in its answer and in its mail. Nothing public has it: no
//! page, list, calendar file or link preview, and no record in KV.

use serde_json::{Value, json};

use crate::products::events::Event;

/// The longest text, characters.
pub(super) const CHARS_MAX: usize = 300;

impl Event {
    /// What its guests get to know; nothing once it is cancelled.
    #[must_use]
    pub fn for_guests(&self) -> Option<&str> {
        self.guests_only.as_deref().filter(|_| !self.cancelled)
    }
}

/// Adds it to the answer that gives a guest its tickets. The answer is stored without it, so that each reading has what the
/// host says by then.
pub(super) fn reveal(answer: &mut Value, event: &Event) {
    if let (Some(members), Some(text)) = (answer.as_object_mut(), event.for_guests()) {
        members.insert("guestsOnly".to_owned(), json!(text));
    }
}
