//! The ticket by mail, if the buyer gave an address and the deployment sends mail.
//!
//! Anybody may type a stranger's address, and a host may buy seats of its own events for the price of gas. So mails are
//! few for each recipient and host, they stop when many come back, their text is ours but for the event's title, and a
//! title that a mail program could make a link of is left out. A mail that is not sent changes nothing about the sale.

use crate::base::email::EmailAddress;
use crate::base::text;
use crate::mail::reports::{self, Written};
use crate::mail::{Kind, NewMail, outbox};
use crate::ports::{Level, SqlError, World};
use crate::products::events::rsvp::Rsvp;
use crate::products::events::{Event, guests_only, store};
use crate::sale::cx::Cx;

/// Tickets that one address gets from one host in a day.
const RECIPIENT_MAX: u64 = 3;
/// Tickets that one host mails in a day.
const HOST_MAX: u64 = 200;
/// The period of these limits, seconds.
const DAY_SECONDS: i64 = 86_400;
/// Percentage of a day's tickets that may come back. Beyond it no more are mailed until they are a day old.
const FAILURE_PERCENT: u32 = 10;
/// The longest title in a mail, characters.
const TITLE_CHARS_MAX: usize = 80;
/// What stands for a title that is left out.
const NO_TITLE: &str = "your event";

/// Queues the tickets of a purchase for its buyer, in the transaction that books the money. Returns whether it did. A failure
/// is logged.
pub(super) fn queue(cx: &Cx<'_, impl World>, rsvps: &[Rsvp]) -> bool {
    let Some(rsvp) = rsvps.first() else { return false };
    try_to(cx, rsvp, rsvps).unwrap_or_else(|error| {
        let fields = [("rsvp", rsvp.id.as_str()), ("why", &error.0)];
        cx.world.line(Level::Error, "a ticket cannot be mailed", &fields);
        false
    })
}

fn try_to(cx: &Cx<'_, impl World>, rsvp: &Rsvp, all: &[Rsvp]) -> Result<bool, SqlError> {
    let about = ("a ticket is not mailed: too many", rsvp.id.as_str());
    let Some(address) = address_for(cx, rsvp.guest.email.as_deref(), about)? else {
        return Ok(false);
    };
    let Some((event, _)) = store::find(cx.world, &rsvp.event_id)? else { return Ok(false) };
    let mail = mail(cx, &event, all, address);
    outbox::queue(cx.world, &mail?, cx.now()).map(|_| true)
}

/// The address of a guest who may be written to. `refusal` is what the log says if this host has mailed too much, and the id
/// of the seat or event.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub(super) fn address_for(
    cx: &Cx<'_, impl World>,
    given: Option<&str>,
    (refusal, about): (&str, &str),
) -> Result<Option<EmailAddress>, SqlError> {
    let address = given.and_then(|text| EmailAddress::parse(text).ok());
    let Some(address) = address.filter(|_| cx.world.delivery().is_some()) else { return Ok(None) };
    if may_write_to(cx, &address)? {
        return Ok(Some(address));
    }
    cx.world.line(Level::Warn, refusal, &[("about", about)]);
    Ok(None)
}

/// Whether this host may mail another ticket to this address.
fn may_write_to(cx: &Cx<'_, impl World>, address: &EmailAddress) -> Result<bool, SqlError> {
    let since = cx.now().plus(-DAY_SECONDS);
    let Written { all, to_recipient, is_unwanted } =
        reports::written(cx.world, Kind::Notice, address, since)?;
    if is_unwanted || all >= HOST_MAX || to_recipient >= RECIPIENT_MAX {
        return Ok(false);
    }
    let (failed, sent) = reports::failures(cx.world, Kind::Notice, since)?;
    Ok(!reports::is_too_much(failed, sent, FAILURE_PERCENT))
}

fn mail(
    cx: &Cx<'_, impl World>,
    event: &Event,
    rsvps: &[Rsvp],
    address: EmailAddress,
) -> Result<NewMail, SqlError> {
    let title = title_of(event);
    let (url, site) = (&cx.config.public_url, cx.config.public_authority());
    let links: Vec<String> = rsvps.iter().map(|rsvp| format!("{url}/t/{}", rsvp.code)).collect();
    let (seats, tickets, advice) = match links.as_slice() {
        [one] => (
            "a seat".to_owned(),
            format!("Your ticket: {one}"),
            "Show it at the entrance. Keep the link to yourself: who has it, has the ticket.",
        ),
        all => (
            format!("{} seats", all.len()),
            format!("Your tickets, one for each guest:\n{}", all.join("\n")),
            "Each guest shows one at the entrance. Who has a link, has its ticket; the first one also shows the others.",
        ),
    };
    let text = format!(
        "You have {seats}: {title}\n{}{}\n\n{tickets}\n\n{advice}\n\n\
         This address was given when the seat was bought at {site}. If you know nothing of it, somebody else has typed \
         your address, and you need not do anything.\n",
        event.starts_at.to_words(&event.time_zone),
        for_guests(event),
    );
    let what = if links.len() == 1 { "Your ticket" } else { "Your tickets" };
    let (subject, scope) = (format!("{what}: {title}"), cx.scope.clone());
    let mail = NewMail::new(Kind::Notice, scope, address, &subject, &text, None);
    mail.map_err(|fault| SqlError(fault.to_string()))
}

/// What only guests get to know. Hosts write it, and anybody may type a stranger's address: what a mail program could make
/// a link of stays on the ticket.
fn for_guests(event: &Event) -> String {
    match event.for_guests() {
        None => String::new(),
        Some(secret) if is_like_a_link(secret) => {
            "\nThe link for guests is on your ticket.".to_owned()
        }
        Some(secret) => {
            format!("\nOnly for guests: {}", text::line(secret, guests_only::CHARS_MAX))
        }
    }
}

/// The event's title, unless it has something that a mail program would make a link of.
pub(super) fn title_of(event: &Event) -> String {
    let title = text::line(&event.title, TITLE_CHARS_MAX);
    if is_like_a_link(&title) || text::is_blank(&title) { NO_TITLE.to_owned() } else { title }
}

/// Whether the text has an address of the web or of mail: a scheme, an `@`, or a dot between a letter or digit and a
/// letter. The other dots are those that browsers read as one (UTS #46).
pub(super) fn is_like_a_link(title: &str) -> bool {
    let is_dot = |c: char| matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}');
    let chars: Vec<char> = title.chars().collect();
    let has_host = chars.windows(3).any(|three| match three {
        [before, dot, after] => before.is_alphanumeric() && is_dot(*dot) && after.is_alphabetic(),
        _ => false,
    });
    has_host || title.contains("://") || title.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_with_an_address_in_it_is_not_mailed() {
        for title in [
            "Win at evil.example",
            "https://evil",
            "ask root@evil",
            "evil\u{3002}example now",
            "see evil.example/x",
            "b\u{fc}cher.example",
            "xn--bcher-kva.example",
        ] {
            assert!(is_like_a_link(title), "{title}");
        }
        for title in ["Rust meetup", "Rust 1.0", "Doors 18.30", "Dr. No", "A... B", "Why? No!"] {
            assert!(!is_like_a_link(title), "{title}");
        }
    }
}
