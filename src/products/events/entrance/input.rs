//! What a device at the entrance sends.

use serde_json::Value;

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

/// Checks the body of `POST /api/users/events/{id}/entrance`. It is read by hand, which costs the bundle a tenth of what
/// derived code does.
///
/// # Errors
/// [`InvalidField`] names the first field that is refused.
pub fn read(body: &Value) -> Result<Request, InvalidField> {
    check_names(body, &["device", "sentAt", "since", "moves"])?;
    let sent = match body.get("moves") {
        None => &[],
        Some(Value::Array(moves)) if moves.len() <= MOVES_MAX => moves.as_slice(),
        Some(_) => {
            return Err(fields::bad("moves", format!("must be a list of at most {MOVES_MAX}")));
        }
    };
    let mut moves = Vec::new();
    for one in sent {
        moves.push(read_move(one)?);
    }
    let since = optional_text(body, "since")?;
    Ok(Request {
        device: fields::line("device", text(body, "device")?, 1, DEVICE_CHARS_MAX)?,
        sent_at: fields::moment("sentAt", text(body, "sentAt")?)?,
        since: since.map(|text| fields::moment("since", text)).transpose()?,
        moves,
    })
}

fn read_move(sent: &Value) -> Result<NewMove, InvalidField> {
    check_names(sent, &["id", "at", "code", "ticket", "mark", "undoes", "hasEntered"])?;
    let asked = match sent.get("hasEntered") {
        None | Some(Value::Bool(false)) => Asked::MayEnter,
        Some(Value::Bool(true)) => Asked::HasEntered,
        Some(_) => return Err(fields::bad("hasEntered", "must be true or false")),
    };
    let of = |field| optional_text(sent, field);
    let what = match (of("code")?, of("ticket")?, of("mark")?, of("undoes")?) {
        (Some(code), None, None, None) => {
            What::CheckIn(Shown::Code(check_scanned("code", code.to_owned())?), asked)
        }
        (None, Some(ticket), Some(mark), None) => {
            let ticket = RsvpId::parse(ticket).map_err(|error| fields::bad("ticket", error))?;
            What::CheckIn(Shown::Listed(ticket, mark.to_owned()), asked)
        }
        (None, None, None, Some(undoes)) => What::Undo(check_in_id("undoes", undoes)?),
        (..) => {
            let remedy = "each must have either code, or ticket and mark, or undoes";
            return Err(fields::bad("moves", remedy));
        }
    };
    let id = check_in_id("id", text(sent, "id")?)?;
    Ok(NewMove { id, at: fields::moment("at", text(sent, "at")?)?, what })
}

fn check_in_id(field: &'static str, text: &str) -> Result<CheckInId, InvalidField> {
    CheckInId::parse(text).map_err(|error| fields::bad(field, error))
}

fn check_names(body: &Value, known: &[&str]) -> Result<(), InvalidField> {
    let Some(members) = body.as_object() else {
        return Err(fields::bad("arguments", "must be an object"));
    };
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(fields::bad("arguments", format!("unknown field `{name}`"))),
    }
}

fn text<'a>(body: &'a Value, field: &'static str) -> Result<&'a str, InvalidField> {
    optional_text(body, field)?.ok_or_else(|| fields::bad(field, "is missing"))
}

fn optional_text<'a>(
    body: &'a Value,
    field: &'static str,
) -> Result<Option<&'a str>, InvalidField> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(fields::bad(field, "must be text")),
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
