//! The kinds of news.

use serde::Serialize;

/// What guests are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "NewsKind"))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// What the host has written.
    Message,
    /// That the event begins soon.
    Reminder,
    /// That time, place or title have changed.
    Change,
    /// That the event was cancelled. Only for guests who are owed no money: the others are told with their refund.
    Cancelled,
}

impl Kind {
    /// The name in column `kind` of `news`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Reminder => "reminder",
            Self::Change => "change",
            Self::Cancelled => "cancelled",
        }
    }

    /// Parses the stored name.
    ///
    /// # Errors
    /// If the text names no kind.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        [Self::Message, Self::Reminder, Self::Change, Self::Cancelled]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or("not a kind of news")
    }

    /// Whether a reader may stop it. What a guest must know about its seat comes in every case.
    #[must_use]
    pub const fn can_be_stopped(self) -> bool {
        match self {
            Self::Message | Self::Reminder => true,
            Self::Change | Self::Cancelled => false,
        }
    }
}
