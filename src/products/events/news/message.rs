//! A host writes to guests of an event. Without a number of recipients it is a preview, so nothing leaves unread.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::base::code::Code;
use crate::base::email::EmailAddress;
use crate::base::fields;
use crate::base::id::{EventId, RsvpId};
use crate::base::time::UnixSeconds;
use crate::identity::reader::Reader;
use crate::mail::{Kind as MailKind, MailFault, NewMail, reports};
use crate::ports::{SqlError, World};
use crate::products::events::Event;
use crate::products::events::news::input::NewMessage;
use crate::products::events::news::kind::Kind;
use crate::products::events::news::note::{new, wake};
use crate::products::events::news::readers;
use crate::products::events::news::rows::{self, Chosen, News};
use crate::products::events::news::text::{self, Around};
use crate::products::events::news::views::{MailPreview, MessageAnswer, NewsLines};
use crate::products::events::records::event;
use crate::rails::outcome::{Abort, Failure};
use crate::sale::cx::Cx;

/// Messages to guests of one event in a day.
const EVENT_MAX: u64 = 3;
/// Messages of one host in a day.
const HOST_MAX: u64 = 10;
/// Mails about events that one host sends in a day.
pub const MAILS_MAX: u64 = 2_000;
/// Addresses that one message is for.
const RECIPIENTS_MAX: u32 = 1_000;
/// Percentage of a day's mails that may come back. Beyond it none is sent until they are a day old.
pub const FAILURE_PERCENT: u32 = 10;
const SUBJECT_CHARS_MAX: usize = 150;
const TEXT_CHARS_MAX: usize = 5_000;
/// The period of these limits, seconds.
pub const DAY_SECONDS: i64 = 86_400;
/// How long after its end guests of an event are written to, seconds.
const AFTER_SECONDS: i64 = 30 * DAY_SECONDS;
/// Lines of the list of what guests were told.
const LINES_MAX: u32 = 50;

/// Whom a message is for.
struct For {
    addresses: Vec<EmailAddress>,
    already: u32,
    unsubscribed: u32,
    without_address: u32,
}

/// Writes to guests, or says what would be sent to how many.
///
/// # Errors
/// `invalid_arguments` names a field; `rate_limited`; `mail_unavailable`; `event_past`.
pub fn message_guests(
    cx: &Cx<'_, impl World>,
    id: &EventId,
    asked: &NewMessage,
) -> Result<Value, Failure> {
    let (event, _) = event(cx, id)?;
    let subject = fields::line("subject", &asked.subject, 1, SUBJECT_CHARS_MAX)?;
    let body = fields::text("text", &asked.text, TEXT_CHARS_MAX)?;
    let body = body.replace("\r\n", "\n").replace('\r', "\n");
    if crate::base::text::is_blank(&body) {
        return Err(fields::bad("text", "is empty; write the message").into());
    }
    check_can_send(cx, &event)?;
    let news = News { subject, body, ..new(cx, &event, Kind::Message) };
    check_mail(cx, &news)?;
    let only = asked.guests.as_deref().map(ids).transpose()?;
    let chosen = Chosen { event: id, to: asked.to, only: only.as_deref() };
    let of = recipients(cx, &news, &chosen)?;
    let count = small(of.addresses.len());
    let Some(expected) = asked.recipients else {
        check_limits(cx, &event, count)?;
        let message = format!("Nothing is sent yet. {}", in_words(&of));
        return Ok(answer(cx, &event, &news, &of, (false, message))?);
    };
    if count == 0 && of.already > 0 {
        let message = "This message was sent already.".to_owned();
        return Ok(answer(cx, &event, &news, &of, (false, message))?);
    }
    if expected != count || count == 0 {
        let remedy =
            format!("is not right any more: {} Look again before you send.", in_words(&of));
        return Err(fields::bad("recipients", remedy).into());
    }
    check_limits(cx, &event, count)?;
    wake(cx, cx.now());
    cx.world.atomically(|| {
        rows::insert(cx.world, &news, cx.now())?;
        of.addresses.iter().try_for_each(|address| rows::add(cx.world, &news.id, address))
    })?;
    let message = match count {
        1 => "The message goes to 1 address.".to_owned(),
        count => format!("The message goes to {count} addresses."),
    };
    Ok(answer(cx, &event, &news, &of, (true, message))?)
}

/// What guests of an event were told.
///
/// # Errors
/// `event_not_found`.
pub fn told(cx: &Cx<'_, impl World>, id: &EventId) -> Result<NewsLines, Failure> {
    event(cx, id)?;
    Ok(NewsLines { news: rows::list(cx.world, id, LINES_MAX)? })
}

fn check_can_send(cx: &Cx<'_, impl World>, event: &Event) -> Result<(), Failure> {
    if cx.world.delivery().is_none() {
        let detail = "this deployment sends no mail; use the addresses of the guest list yourself";
        return Err(Abort::new(Code::MailUnavailable, detail).into());
    }
    let end = event.ends_at.unwrap_or(event.starts_at);
    if end.plus(AFTER_SECONDS) < cx.now() {
        let detail =
            "this event has been over for 30 days, so its guests are not written to any more";
        return Err(Abort::new(Code::EventPast, detail).into());
    }
    Ok(())
}

fn check_limits(cx: &Cx<'_, impl World>, event: &Event, more: u32) -> Result<(), Failure> {
    let since = cx.now().plus(-DAY_SECONDS);
    let done = rows::activity(cx.world, &event.id, since)?;
    let refused = |detail: String| -> Result<(), Failure> {
        let abort = Abort::new(Code::RateLimited, detail);
        Err(Abort { retry_after: Some(DAY_SECONDS), ..abort }.into())
    };
    if done.of_event >= EVENT_MAX {
        return refused(format!(
            "guests of an event get at most {EVENT_MAX} messages in 24 hours; write again tomorrow"
        ));
    }
    if done.of_host >= HOST_MAX {
        return refused(format!(
            "a host writes at most {HOST_MAX} messages in 24 hours; write again tomorrow"
        ));
    }
    if done.made.saturating_add(done.waiting).saturating_add(more.into()) > MAILS_MAX {
        return refused(format!(
            "a host sends at most {MAILS_MAX} such mails in 24 hours; choose fewer guests, or write again tomorrow"
        ));
    }
    if is_stopped(cx, since)? {
        return refused(
            "too many of your mails came back in the last 24 hours, so none is sent; write again tomorrow"
                .to_owned(),
        );
    }
    Ok(())
}

/// Refuses what no mail can hold, before anybody waits for it.
fn check_mail(cx: &Cx<'_, impl World>, news: &News) -> Result<(), Failure> {
    let scope = cx.scope.clone();
    let to =
        EmailAddress::parse("guest@example.org").map_err(|error| SqlError(error.to_string()))?;
    let mail = NewMail::new(MailKind::News, scope, to, &news.subject, &news.body, None);
    mail.map(drop).map_err(|fault| match fault {
        MailFault::Subject => {
            fields::bad("subject", "must have characters only that are seen").into()
        }
        MailFault::Text => fields::bad("text", "must not contain control characters").into(),
    })
}

/// Whether so many mails came back that none is sent.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub fn is_stopped(cx: &Cx<'_, impl World>, since: UnixSeconds) -> Result<bool, SqlError> {
    let (failed, sent) = reports::failures(cx.world, MailKind::News, since)?;
    Ok(reports::is_too_much(failed, sent, FAILURE_PERCENT))
}

/// A JSON array of the ids of guests.
fn ids(guests: &[String]) -> Result<String, Failure> {
    let max = usize::try_from(RECIPIENTS_MAX).unwrap_or(usize::MAX);
    if guests.is_empty() || guests.len() > max {
        let remedy = format!("must name 1 to {RECIPIENTS_MAX} guests, or be left out for all");
        return Err(fields::bad("guests", remedy).into());
    }
    let read = |id: &String| RsvpId::parse(id).map_err(|error| fields::bad("guests", error));
    let ids = guests.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(json!(ids).to_string())
}

fn recipients(cx: &Cx<'_, impl World>, news: &News, chosen: &Chosen<'_>) -> Result<For, Failure> {
    let found = chosen.addresses(cx.world, RECIPIENTS_MAX.saturating_add(1))?;
    if small(found.len()) > RECIPIENTS_MAX {
        let remedy =
            format!("a message is for at most {RECIPIENTS_MAX} addresses; choose fewer guests");
        return Err(fields::bad("to", remedy).into());
    }
    let have = rows::have(cx.world, &news.event_id, (&news.subject, &news.body))?;
    let have: BTreeSet<String> = have.into_iter().collect();
    let (had, found): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|address| have.contains(address.as_str()));
    let reader = |address: &EmailAddress| Reader::of(&cx.config.keys, cx.scope, address);
    let readers: Vec<Reader> = found.iter().map(reader).collect();
    let gone: BTreeSet<String> = readers::unsubscribed(cx.world, &readers)?.into_iter().collect();
    let stays = |reader: &Reader| !gone.contains(reader.name());
    let addresses: Vec<EmailAddress> = found
        .into_iter()
        .zip(&readers)
        .filter_map(|(address, reader)| stays(reader).then_some(address))
        .collect();
    Ok(For {
        addresses,
        already: small(had.len()),
        unsubscribed: small(gone.len()),
        without_address: u32::try_from(chosen.count_without_address(cx.world)?).unwrap_or(u32::MAX),
    })
}

/// `12 addresses get the message. 2 guests gave no address. 1 address wants no messages.`
fn in_words(of: &For) -> String {
    let mut words = match of.addresses.len() {
        0 => "Nobody gets the message.".to_owned(),
        1 => "1 address gets the message.".to_owned(),
        many => format!("{many} addresses get the message."),
    };
    let mut add = |count: u32, one: &str, many: &str| match count {
        0 => {}
        1 => words.push_str(&format!(" 1 {one}")),
        count => words.push_str(&format!(" {count} {many}")),
    };
    add(of.without_address, "guest gave no address.", "guests gave no address.");
    add(of.unsubscribed, "address wants no messages.", "addresses want no messages.");
    add(of.already, "address has it already.", "addresses have it already.");
    words
}

fn answer(
    cx: &Cx<'_, impl World>,
    event: &Event,
    news: &News,
    of: &For,
    (is_sent, message): (bool, String),
) -> Result<Value, SqlError> {
    let (url, host) = (&cx.config.public_url, rows::host_name(cx.world)?);
    let around = Around {
        url,
        site: cx.config.public_authority(),
        host: &host,
        // Each guest's own; nobody's is shown here.
        tickets: &[format!("{url}/t/…")],
        stop: &format!("{url}/u/…"),
    };
    let text = text::message(event, &news.body, &around);
    Ok(json!(MessageAnswer {
        success: true,
        is_sent,
        recipients: small(of.addresses.len()),
        already: of.already,
        unsubscribed: of.unsubscribed,
        without_address: of.without_address,
        preview: MailPreview { subject: news.subject.clone(), text },
        message,
    }))
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
