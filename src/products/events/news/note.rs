//! Notes what guests are to be told, in the transaction of the change.

use crate::base::id::NewsId;
use crate::base::time::UnixSeconds;
use crate::ports::{SqlError, World};
use crate::products::events::news::kind::Kind;
use crate::products::events::news::reminders;
use crate::products::events::news::rows::{self, News, Was};
use crate::products::events::{Event, Status};
use crate::sale::cx::Cx;

/// How long a change waits, so that one which is corrected at once is told once, seconds.
const CHANGE_SECONDS: i64 = 120;
const HOUR_SECONDS: i64 = 3_600;

/// Sets the alarm for news at `at`, before their rows are there.
pub fn wake(cx: &Cx<'_, impl World>, at: UnixSeconds) {
    cx.world.wake_at(at);
    cx.world.note_open();
}

/// Notes an event that its host has made or changed, `was` what it was before: its guests are told if time, place or title
/// are others, and reminded before the start. A reminder whose time has passed is left out.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn changed(cx: &Cx<'_, impl World>, was: Option<&Was>, event: &Event) -> Result<(), SqlError> {
    let now = cx.now();
    let hours = i64::from(event.remind_hours);
    let at = event.starts_at.plus(-hours.saturating_mul(HOUR_SECONDS));
    let is_to_come = hours > 0 && !event.cancelled && at > now;
    reminders::remind_at(cx.world, &event.id, is_to_come.then_some(at))?;
    let Some(was) = was.filter(|was| **was != Was::of(event)) else { return Ok(()) };
    if event.status(now) != Status::Scheduled || cx.world.delivery().is_none() {
        return Ok(());
    }
    let news = News { was: Some(was.clone()), ..new(cx, event, Kind::Change) };
    tell(cx, &news, now.plus(CHANGE_SECONDS), false)
}

/// Notes that an event was cancelled. Guests who have paid are told with their refund
/// ([`crate::products::events::cancel_mail`]), the others by this.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn cancelled(cx: &Cx<'_, impl World>, event: &Event) -> Result<(), SqlError> {
    reminders::remind_at(cx.world, &event.id, None)?;
    if cx.world.delivery().is_none() {
        return Ok(());
    }
    tell(cx, &new(cx, event, Kind::Cancelled), cx.now(), true)
}

/// Notes that the guests of an event are reminded now.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn reminded(cx: &Cx<'_, impl World>, event: &Event) -> Result<(), SqlError> {
    tell(cx, &new(cx, event, Kind::Reminder), cx.now(), false)
}

/// New news of an event without a text.
pub fn new(cx: &Cx<'_, impl World>, event: &Event, kind: Kind) -> News {
    News {
        id: NewsId::random(cx.world),
        event_id: event.id.clone(),
        kind,
        subject: String::new(),
        body: String::new(),
        was: None,
        created_at: cx.now(),
    }
}

fn tell(
    cx: &Cx<'_, impl World>,
    news: &News,
    at: UnixSeconds,
    is_free: bool,
) -> Result<(), SqlError> {
    // News without anybody are of no use, and nobody is looked for twice.
    if rows::add_guests(cx.world, news, is_free)? {
        wake(cx, at);
        rows::insert(cx.world, news, at)?;
    }
    Ok(())
}
