//! What a device at the entrance sends.

use serde::Deserialize;

use crate::base::fields::{self, InvalidField};
use crate::base::id::{CheckInId, RsvpId};
use crate::base::time::UnixSeconds;
use crate::products::events::entrance::rules::Asked;

/// Check-ins in one request.
pub const MOVES_MAX: usize = 100;
/// The longest name of a device, characters.
const DEVICE_CHARS_MAX: usize = 40;
/// The longest text that is searched for a ticket code, bytes; a QR code holds at most 4,296 characters.
const SCANNED_BYTES_MAX: usize = 4_296;

/// The body of `POST /api/users/events/{id}/entrance`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sync {
    /// The name of the device, for the host.
    device: String,
    /// What the device's clock shows while it sends, RFC 3339.
    sent_at: String,
    /// `at` of the last answer: what has changed since is in the answer.
    since: Option<String>,
    #[serde(default)]
    moves: Vec<SentMove>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SentMove {
    id: String,
    /// When it happened, by the device's clock, RFC 3339.
    at: String,
    code: Option<String>,
    ticket: Option<String>,
    mark: Option<String>,
    undoes: Option<String>,
    #[serde(default)]
    has_entered: bool,
}

/// A request of a device, checked.
#[derive(Debug)]
pub struct Request {
    pub device: String,
    pub sent_at: UnixSeconds,
    pub since: Option<UnixSeconds>,
    pub moves: Vec<NewMove>,
}

/// What a device did, or asks whether it may.
#[derive(Debug)]
pub struct NewMove {
    pub id: CheckInId,
    /// By the device's clock.
    pub at: UnixSeconds,
    pub what: What,
}

#[derive(Debug)]
pub enum What {
    CheckIn(Shown, Asked),
    Undo(CheckInId),
}

/// How a ticket was shown.
#[derive(Debug)]
pub enum Shown {
    /// Scanned or typed text.
    Code(String),
    /// A line of the device's list, with the mark of the code that the device has seen.
    Listed(RsvpId, String),
}

impl Sync {
    /// Checks every field of the request.
    ///
    /// # Errors
    /// [`InvalidField`] names the first that is refused.
    pub fn read(self) -> Result<Request, InvalidField> {
        if self.moves.len() > MOVES_MAX {
            return Err(fields::bad("moves", format!("must have at most {MOVES_MAX} entries")));
        }
        let since = self.since.as_deref();
        Ok(Request {
            device: fields::line("device", &self.device, 1, DEVICE_CHARS_MAX)?,
            sent_at: fields::moment("sentAt", &self.sent_at)?,
            since: since.map(|text| fields::moment("since", text)).transpose()?,
            moves: self.moves.into_iter().map(SentMove::read).collect::<Result<_, _>>()?,
        })
    }
}

impl SentMove {
    fn read(self) -> Result<NewMove, InvalidField> {
        let asked = if self.has_entered { Asked::HasEntered } else { Asked::MayEnter };
        let what = match (self.code, self.ticket, self.mark, self.undoes) {
            (Some(code), None, None, None) => {
                What::CheckIn(Shown::Code(check_scanned("code", code)?), asked)
            }
            (None, Some(ticket), Some(mark), None) => {
                let ticket = RsvpId::parse(&ticket).map_err(|e| fields::bad("ticket", e))?;
                What::CheckIn(Shown::Listed(ticket, mark), asked)
            }
            (None, None, None, Some(undoes)) => {
                What::Undo(CheckInId::parse(&undoes).map_err(|e| fields::bad("undoes", e))?)
            }
            (..) => {
                let remedy = "each must have either code, or ticket and mark, or undoes";
                return Err(fields::bad("moves", remedy));
            }
        };
        let id = CheckInId::parse(&self.id).map_err(|error| fields::bad("id", error))?;
        Ok(NewMove { id, at: fields::moment("at", &self.at)?, what })
    }
}

/// Checks the length of scanned or typed text.
///
/// # Errors
/// [`InvalidField`] names `field`.
pub fn check_scanned(field: &'static str, text: String) -> Result<String, InvalidField> {
    if text.len() > SCANNED_BYTES_MAX {
        return Err(fields::bad(field, format!("must have at most {SCANNED_BYTES_MAX} bytes")));
    }
    Ok(text)
}
