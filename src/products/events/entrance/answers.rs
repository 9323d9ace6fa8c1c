//! What a device at the entrance is told.

use serde::Serialize;

/// The tickets of an event, as a device keeps them: names, and marks instead of codes.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct EntranceList {
    pub tickets: Vec<EntranceTicket>,
    pub summary: EntranceSummary,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// A ticket as a device knows it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct EntranceTicket {
    /// Its id, which opens nothing.
    pub ticket: String,
    /// The first 32 hex digits of the SHA-256 of its code.
    pub mark: String,
    /// The name of the guest, or the short form of the wallet.
    pub guest: String,
    /// What was paid, in dollars.
    pub paid: String,
    pub checked_in_at: Option<String>,
}

/// The event as the entrance sees it now.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct EntranceSummary {
    /// When this was read: `since` of the next request.
    pub at: String,
    pub title: String,
    pub starts_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub ends_at: Option<String>,
    pub is_cancelled: bool,
    /// Tickets that were sold.
    pub sold: u32,
    /// Tickets that somebody came in on.
    pub inside: u32,
    /// What the host should look at, oldest first.
    pub problems: Vec<EntranceProblem>,
}

/// Somebody came in who should not have, while a device had no connection.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct EntranceProblem {
    pub ticket: String,
    /// The guest of the ticket, if there still is one.
    pub guest: Option<String>,
    pub kind: ProblemKind,
    /// Everybody who came in on the ticket, the earliest first.
    pub let_in: Vec<LetIn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum ProblemKind {
    /// More than one came in on the same ticket.
    Twice,
    /// The ticket was not valid (any more).
    NotValid,
}

/// When and where somebody came in.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct LetIn {
    /// The id that the device gave it.
    pub id: String,
    pub at: String,
    /// The name of the device; empty if the guest was checked in at no device.
    pub device: String,
}

/// The answer of `POST /api/users/events/{id}/entrance`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct EntranceSync {
    /// One for each move, in the same order.
    pub results: Vec<EntranceResult>,
    /// Tickets that were bought, used or given to somebody else since `since`; `null` if they are too many, or some were given back: read the list
    /// again.
    pub changed: Option<Vec<EntranceTicket>>,
    pub summary: EntranceSummary,
}

/// What became of a move.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct EntranceResult {
    /// The id of the move.
    pub id: String,
    pub outcome: EntranceOutcome,
    /// The ticket, if it is one of this event.
    pub ticket: Option<EntranceTicket>,
    /// Of `alreadyIn`: who came in first.
    pub first: Option<LetIn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum EntranceOutcome {
    /// The guest may come in, or has come in rightly.
    In,
    /// Somebody has come in on this ticket before.
    AlreadyIn,
    /// Not a ticket of this event, or not any more.
    NotValid,
    EventCancelled,
    /// The check-in was taken back, now or before.
    Undone,
    /// It is too late to take it back, or there is nothing to take back.
    NotUndone,
}
