//! The alarm's part: makes mails of news, some at a time.

use crate::base::email::EmailAddress;
use crate::base::id::PaymentId;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::identity::reader::Reader;
use crate::ledger::payments;
use crate::mail::{Kind as MailKind, NewMail, outbox, reports};
use crate::ports::{Level, SqlError, World};
use crate::products::events::news::kind::Kind;
use crate::products::events::news::message::{DAY_SECONDS, MAILS_MAX, is_stopped};
use crate::products::events::news::rows::{self, News, Was};
use crate::products::events::news::text::{self, Around, changes};
use crate::products::events::news::{note, readers, reminders, unsubscribe};
use crate::products::events::rsvp::Rsvp;
use crate::products::events::{Event, Status, calendar, cancel, store};
use crate::sale::cx::Cx;

/// Mails of news that are queued at a time. Others wait, so that a ticket that is to be mailed is not behind all of them.
const QUEUED_MAX: u64 = 20;
/// Events whose guests are reminded in one alarm.
const REMINDED_AT_ONCE: u32 = 5;
/// When is looked again while enough is queued, seconds.
const QUEUE_SECONDS: i64 = 10;
/// When is looked again while the host has sent as many mails as it may, or none can be sent, seconds.
const LATER_SECONDS: i64 = 3_600;
/// News of a host that one address gets in a day.
const RECIPIENT_MAX: u64 = 5;
/// News that nobody could be told of for so long are old, seconds.
const OLD_SECONDS: i64 = 3 * DAY_SECONDS;

/// A seat with its payment.
type Seat = (Rsvp, Option<PaymentId>);

/// A mail, or why there is none.
enum Fate {
    Mail(Box<NewMail>),
    /// It is not for this address any more. The text is for the log.
    Skip(&'static str),
}

/// Notes reminders that are due, and queues mails for some of those who wait.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn send_some(cx: &Cx<'_, impl World>) -> Result<(), SqlError> {
    let now = cx.now();
    if cx.world.delivery().is_some() {
        remind(cx)?;
    }
    // This is remembered until news are written, so an alarm without news asks nothing.
    if !UnixSeconds::has_come(rows::next_due(cx.world)?, now) {
        return Ok(());
    }
    let room = QUEUED_MAX.saturating_sub(outbox::count_queued(cx.world, MailKind::News)?);
    let due = rows::due(cx.world, now, room.max(1))?;
    let since = now.plus(-DAY_SECONDS);
    let event = due.first().map(|(news, _)| news.event_id.clone());
    let made = event.map_or(Ok(0), |id| rows::activity(cx.world, &id, since).map(|it| it.made))?;
    let later = if cx.world.delivery().is_none() || made >= MAILS_MAX || is_stopped(cx, since)? {
        Some(LATER_SECONDS)
    } else {
        (room == 0).then_some(QUEUE_SECONDS)
    };
    if let Some(seconds) = later {
        forget_old(cx, &due)?;
        return rows::put_off(cx.world, now, now.plus(seconds));
    }
    for (news, address) in due {
        if let Err(error) = cx.world.atomically(|| write(cx, &news, &address)) {
            let fields = [("news", news.id.as_str()), ("why", error.0.as_str())];
            cx.world.line(Level::Error, "a guest cannot be told", &fields);
            rows::put_off_one(cx.world, &news.id, now.plus(LATER_SECONDS))?;
        }
    }
    Ok(())
}

fn write(cx: &Cx<'_, impl World>, news: &News, address: &str) -> Result<(), SqlError> {
    let is_sent = match fate(cx, news, address)? {
        Fate::Mail(mail) => outbox::queue(cx.world, &mail, cx.now()).map(|_| true)?,
        Fate::Skip(why) => {
            let fields = [("news", news.id.as_str()), ("why", why)];
            cx.world.line(Level::Info, "a guest is not told", &fields);
            false
        }
    };
    rows::end(cx.world, &news.id, address, is_sent)
}

fn remind(cx: &Cx<'_, impl World>) -> Result<(), SqlError> {
    let now = cx.now();
    for id in reminders::due(cx.world, now, REMINDED_AT_ONCE)? {
        cx.world.atomically(|| {
            reminders::remind_at(cx.world, &id, None)?;
            match store::find(cx.world, &id)? {
                // The start may have passed while no alarm came.
                Some((event, _)) if event.starts_at > now && !event.cancelled => {
                    note::reminded(cx, &event)
                }
                Some(_) | None => Ok(()),
            }
        })?;
    }
    Ok(())
}

/// Gives up what waits for too long.
fn forget_old(cx: &Cx<'_, impl World>, due: &[(News, String)]) -> Result<(), SqlError> {
    let old = cx.now().plus(-OLD_SECONDS);
    let is_old = |news: &News| news.created_at < old;
    due.iter()
        .filter(|(news, _)| is_old(news))
        .try_for_each(|(news, address)| rows::end(cx.world, &news.id, address, false))
}

fn fate(cx: &Cx<'_, impl World>, news: &News, address: &str) -> Result<Fate, SqlError> {
    let now = cx.now();
    let Ok(to) = EmailAddress::parse(address) else {
        return Ok(Fate::Skip("the address is none"));
    };
    let Some((event, _)) = store::find(cx.world, &news.event_id)? else {
        return Ok(Fate::Skip("the event is gone"));
    };
    if let Some(why) = is_over(news, &event, now) {
        return Ok(Fate::Skip(why));
    }
    let seats = rows::seats_of(cx.world, &event.id, address)?;
    if seats.is_empty() {
        return Ok(Fate::Skip("the seat was given back"));
    }
    let reader = Reader::of(&cx.config.keys, cx.scope, &to);
    let is_gone = !readers::unsubscribed(cx.world, std::slice::from_ref(&reader))?.is_empty();
    if news.kind.can_be_stopped() && is_gone {
        return Ok(Fate::Skip("the reader has unsubscribed"));
    }
    let since = now.plus(-DAY_SECONDS);
    let written = reports::written(cx.world, MailKind::News, &to, since)?;
    if written.is_unwanted || written.to_recipient >= RECIPIENT_MAX {
        return Ok(Fate::Skip("too many, or mails came back"));
    }
    mail(cx, (news, &event), &seats, (to, &reader))
}

fn mail(
    cx: &Cx<'_, impl World>,
    (news, event): (&News, &Event),
    seats: &[Seat],
    (to, reader): (EmailAddress, &Reader),
) -> Result<Fate, SqlError> {
    let (url, host) = (&cx.config.public_url, rows::host_name(cx.world)?);
    let tickets: Vec<String> =
        seats.iter().map(|(seat, _)| format!("{url}/t/{}", seat.code)).collect();
    let stop = unsubscribe::url(cx, reader);
    let site = cx.config.public_authority();
    let around = Around { url, site, host: &host, tickets: &tickets, stop: &stop };
    let ((subject, text), calendar) = match news.kind {
        Kind::Message => ((news.subject.clone(), text::message(event, &news.body, &around)), None),
        Kind::Reminder => (text::reminder(event, &around), None),
        Kind::Change => {
            let back = back(cx, event, seats)?;
            let words = text::change(event, &was(news, event), back, &around);
            (words, calendar::invitation(cx, event, &to))
        }
        Kind::Cancelled => (text::cancelled(event, &around), calendar::invitation(cx, event, &to)),
    };
    let mail = NewMail::new(MailKind::News, cx.scope.clone(), to, &subject, &text, None);
    let mail = mail.map_err(|fault| SqlError(fault.to_string()))?;
    let mail = if news.kind.can_be_stopped() { mail.stopped_at(stop) } else { mail };
    Ok(Fate::Mail(Box::new(calendar.into_iter().fold(mail, NewMail::with_calendar))))
}

/// Why news of an event are of no use any more.
fn is_over(news: &News, event: &Event, now: UnixSeconds) -> Option<&'static str> {
    let status = event.status(now);
    match news.kind {
        Kind::Message => None,
        Kind::Reminder if status != Status::Scheduled || event.starts_at <= now => {
            Some("the event has begun or was cancelled")
        }
        Kind::Change if status != Status::Scheduled => Some("the event is over or was cancelled"),
        Kind::Change if changes(event, &was(news, event)).is_empty() => {
            Some("the change was taken back")
        }
        Kind::Cancelled if !event.cancelled => Some("the event is not cancelled"),
        Kind::Reminder | Kind::Change | Kind::Cancelled => None,
    }
}

/// What the guests knew of the event. A damaged row has nothing to tell.
fn was(news: &News, event: &Event) -> Was {
    news.was.clone().unwrap_or_else(|| Was::of(event))
}

/// What goes back in all for these seats if their guest cancels now; `None` if they were free.
fn back(cx: &Cx<'_, impl World>, event: &Event, seats: &[Seat]) -> Result<Option<Usdc>, SqlError> {
    if seats.iter().all(|(seat, _)| seat.is_free()) {
        return Ok(None);
    }
    let mut ids: Vec<_> = seats.iter().filter_map(|(_, id)| id.as_ref()).collect();
    ids.dedup();
    let mut sum = Usdc::ZERO;
    for id in ids {
        if let Some(payment) = payments::find(cx.world, id)? {
            let more = cancel::back(&payment, event, cx.now());
            sum = sum.checked_add(more).unwrap_or(sum);
        }
    }
    Ok(Some(sum))
}
