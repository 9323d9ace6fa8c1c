//! What a payment has bought, as its buyer finds it in the list of everything bought (`GET /api/tickets`).
//!
//! An entry holds no value of a secret and no stored answer. [`Again`] says how a buyer reads those with a proof.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::money::Usdc;
use crate::ledger::payments::{self, Payment};

/// The kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "BoughtKind"))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A seat at an event, with its ticket.
    Seat,
    Secret,
    /// Work at a helpdesk.
    Desk,
    /// Anything else, such as the analytics of an event.
    Other,
}

/// The state of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "BoughtState"))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The payment is under way, or its outcome is not known yet. Nobody should pay again.
    OnItsWay,
    /// A seat at an event to come, or a secret that can be read again.
    Valid,
    /// The guest was let in.
    Used,
    /// The event is over, or the secret can no longer be read.
    Over,
    /// The host cancelled the event, or the guest its seat.
    Cancelled,
    /// The buyer gave the ticket to somebody else.
    GivenAway,
    /// The chain dropped the payment after the sale, so that nothing was paid.
    TakenBack,
    /// The ticket at the desk waits for an answer.
    Open,
    /// The ticket at the desk is resolved.
    Resolved,
    /// The host has not decided about the draft yet.
    Waiting,
    /// The host rejected the draft.
    Rejected,
    /// It is done; nothing follows.
    Done,
}

/// How the buyer reads the answer again: a `POST` with these arguments and the header `SIGN-IN-WITH-X`, without a
/// payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "ReadAgain"))]
pub struct Again {
    pub url: String,
    #[cfg_attr(test, ts(type = "Record<string, unknown>"))]
    pub arguments: Value,
}

/// How far the money is that goes back to a buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum RefundState {
    /// No money goes back.
    None,
    /// The host owes it.
    Owed,
    /// The host has sent it; the chain has not confirmed it yet.
    Paying,
    /// The money went back.
    Paid,
}

/// The money that goes back for something that was cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// Dollars as a decimal.
    pub amount: String,
    #[cfg_attr(test, ts(type = "string"))]
    pub amount_atomic: Usdc,
    pub state: RefundState,
    /// The state in a sentence.
    pub words: String,
    /// The transaction that paid it back.
    pub transaction: Option<String>,
    pub transaction_url: Option<String>,
}

/// How a buyer gives something back: a `POST` with these arguments and the header `SIGN-IN-WITH-X`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Cancel {
    pub url: String,
    #[cfg_attr(test, ts(type = "Record<string, unknown>"))]
    pub arguments: Value,
    /// What would go back now, dollars.
    pub refund: String,
}

/// What a payment has bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Bought {
    pub kind: Kind,
    /// The id of the event, the secret, or the ticket at the desk.
    pub item: Option<String>,
    /// One line. The host wrote it, or a customer of the desk.
    pub title: String,
    /// When the event starts, RFC 3339.
    pub starts_at: Option<String>,
    pub ends_at: Option<String>,
    /// The zone in which the event shows its times.
    pub time_zone: Option<String>,
    pub place: Option<String>,
    /// The path of the event's cover on this server.
    pub cover_path: Option<String>,
    pub state: State,
    /// How many seats were bought together; `null` for everything else.
    #[serde(default)]
    pub seats: Option<u32>,
    /// The page with the ticket, of several seats with all of them. Who has it, has the ticket.
    pub ticket_url: Option<String>,
    pub again: Option<Again>,
    /// What becomes of its money, if it was cancelled.
    pub refund: Option<Refund>,
    /// How its buyer can give it back, if that is possible.
    pub cancel: Option<Cancel>,
}

impl Bought {
    /// An entry without details. `state` counts once the money has moved.
    #[must_use]
    pub fn plain(kind: Kind, title: impl Into<String>, state: State, payment: &Payment) -> Self {
        Self {
            kind,
            item: payment.wanted.clone(),
            title: title.into(),
            starts_at: None,
            ends_at: None,
            time_zone: None,
            place: None,
            cover_path: None,
            state: unsettled(payment).unwrap_or(state),
            seats: None,
            ticket_url: None,
            again: None,
            refund: None,
            cancel: None,
        }
    }
}

/// The state of what is not delivered, or not any more.
#[must_use]
pub const fn unsettled(payment: &Payment) -> Option<State> {
    match payment.state {
        payments::State::Delivered => None,
        payments::State::Claimed
        | payments::State::Verified
        | payments::State::Settling
        | payments::State::Unknown
        | payments::State::Settled => Some(State::OnItsWay),
        payments::State::Refused | payments::State::Failed => Some(State::TakenBack),
    }
}
