//! Events that are not published yet: only their host sees them, and nothing of them is sold.
//!
//! A draft is a whole event, so what is shown in advance is what is published. It is no event of the records in KV: a host that
//! is rebuilt from them has lost its drafts.

use serde_json::{Value, json};

use crate::base::fields::{InvalidField, bad};
use crate::base::time::UnixSeconds;
use crate::ports::World;
use crate::products::events::news::reminders;
use crate::products::events::{Event, Seats, pictures, store};
use crate::rails::outcome::Failure;
use crate::sale::cx::Cx;

/// Whether an event is a draft after a change. `asked`: what the host sends.
///
/// # Errors
/// [`InvalidField`] for an event that guests may know.
pub fn changed(is_draft: bool, asked: Option<bool>) -> Result<bool, InvalidField> {
    match asked {
        Some(true) if !is_draft => Err(bad(
            "draft",
            "the event is published, so it cannot be a draft again; cancel it instead",
        )),
        Some(false) => Ok(false),
        Some(true) | None => Ok(is_draft),
    }
}

/// Checks an event that is published now.
///
/// # Errors
/// [`InvalidField`] if it is over already.
pub fn check_published(event: &Event, now: UnixSeconds) -> Result<(), InvalidField> {
    if event.ends_at.unwrap_or(event.starts_at) <= now {
        return Err(bad("startsAt", "lies in the past; send a moment in the future"));
    }
    Ok(())
}

/// Deletes a draft with its picture.
///
/// # Errors
/// [`Failure`] if storage refuses.
pub fn delete(cx: &Cx<'_, impl World>, event: &Event) -> Result<Value, Failure> {
    cx.world.atomically(|| {
        pictures::forget(cx.world, Some(&event.id))?;
        reminders::remind_at(cx.world, &event.id, None)?;
        store::delete_draft(cx.world, &event.id)
    })?;
    let view = event.view(Seats::default(), cx.now());
    let message = "The draft is deleted.";
    Ok(json!({"success": true, "eventId": event.id, "event": view, "message": message}))
}
