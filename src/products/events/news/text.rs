//! The words of the mails. Pure.
//!
//! What a mail program would make a link of is left out of our own words: a title, a place, the host's name. A message is
//! the host's, and says so.

use crate::base::money::Usdc;
use crate::base::text::{is_blank, line};
use crate::base::time::UnixSeconds;
use crate::products::events::Event;
use crate::products::events::news::rows::Was;
use crate::products::events::ticket_mail::{is_like_a_link, title_of};

/// The longest place and name in a mail, characters.
const CHARS_MAX: usize = 120;

/// Addresses and names that mails mention.
#[derive(Clone, Debug)]
pub struct Around<'a> {
    /// The address of the deployment.
    pub url: &'a str,
    /// The same without its scheme.
    pub site: &'a str,
    /// The name of the host; may be empty.
    pub host: &'a str,
    /// The links of the guest's tickets.
    pub tickets: &'a [String],
    /// Where the reader stops such mails.
    pub stop: &'a str,
}

impl Around<'_> {
    fn host(&self) -> String {
        plain(self.host).unwrap_or_else(|| "The host".to_owned())
    }

    fn tickets(&self) -> String {
        match self.tickets {
            [one] => format!("Your ticket: {one}"),
            all => format!("Your tickets:\n{}", all.join("\n")),
        }
    }

    fn way_out(&self) -> String {
        format!(
            "You get this because your address was given with a seat at {}. No more messages and reminders of this host: {}\n",
            self.site, self.stop
        )
    }

    fn given(&self) -> String {
        format!(
            "This address was given with a seat at {}. If you know nothing of it, somebody else has typed your address, \
             and you need not do anything.\n",
            self.site
        )
    }
}

/// A message of the host.
#[must_use]
pub fn message(event: &Event, body: &str, around: &Around<'_>) -> String {
    format!(
        "{} writes to guests of this event: {}\n{}\n\n{body}\n\n--\n{}\n\nAn answer to this mail does not reach the host.\n{}",
        around.host(),
        title_of(event),
        event.starts_at.to_words(&event.time_zone),
        around.tickets(),
        around.way_out(),
    )
}

/// Subject and text of a reminder.
#[must_use]
pub fn reminder(event: &Event, around: &Around<'_>) -> (String, String) {
    let title = title_of(event);
    let text = format!(
        "It begins soon: {title}\n{}\n\n{}\n\nIf you cannot come, give your seat back: {}/tickets\n\n{}",
        when_and_where(event),
        around.tickets(),
        around.url,
        around.way_out(),
    );
    (format!("Reminder: {title}"), text)
}

/// Subject and text about a change. `back`: what goes back if the guest cancels now, if it has paid.
#[must_use]
pub fn change(
    event: &Event,
    was: &Was,
    back: Option<Usdc>,
    around: &Around<'_>,
) -> (String, String) {
    let title = title_of(event);
    let lines = changes(event, was);
    let money = match back {
        None => format!("If you cannot come, give your seat back: {}/tickets", around.url),
        Some(back) if back.is_zero() => {
            format!(
                "If you cannot come, give your seat back: {}/tickets\nNo money goes back for it.",
                around.url
            )
        }
        Some(back) => format!(
            "If you cannot come, give your seat back: {}/tickets\n${back} goes back to the wallet that paid, if you do so now.",
            around.url
        ),
    };
    let text = format!(
        "The host has changed this event: {title}\n\n{}\n\nYour seat stays yours. The file with this mail changes your \
         calendar.\n{}\n\n{money}\n\n{}",
        lines.join("\n"),
        around.tickets(),
        around.given(),
    );
    (format!("Changed: {title}"), text)
}

/// Subject and text about an event that was cancelled, for a guest who has paid nothing.
#[must_use]
pub fn cancelled(event: &Event, around: &Around<'_>) -> (String, String) {
    let title = title_of(event);
    let text = format!(
        "Cancelled: {title}\n{}\n\nThe host has cancelled this event. Your seat was free, and you need not do anything. The \
         file with this mail removes it from your calendar.\n\n{}",
        event.starts_at.to_words(&event.time_zone),
        around.given(),
    );
    (format!("Cancelled: {title}"), text)
}

/// What is another than before, a line each. Empty if nothing is any more.
#[must_use]
pub fn changes(event: &Event, was: &Was) -> Vec<String> {
    let words = |at: i64| UnixSeconds::new(at).to_words(&event.time_zone);
    let mut lines = Vec::new();
    if was.title != event.title {
        let before = plain(&was.title).map(|title| format!(", before: {title}"));
        lines.push(format!("Title: {}{}", title_of(event), before.unwrap_or_default()));
    }
    if was.starts_at != event.starts_at.get() {
        let now = event.starts_at.to_words(&event.time_zone);
        lines.push(format!("Starts: {now}, before: {}", words(was.starts_at)));
    }
    if was.ends_at != event.ends_at.map(UnixSeconds::get) {
        let or_open = |end: Option<i64>| end.map_or_else(|| "open".to_owned(), words);
        let now = or_open(event.ends_at.map(UnixSeconds::get));
        lines.push(format!("Ends: {now}, before: {}", or_open(was.ends_at)));
    }
    if was.location != event.location {
        let place = |place: Option<&String>| match place {
            None => "not said".to_owned(),
            Some(place) => plain(place).unwrap_or_else(|| "see your ticket".to_owned()),
        };
        let (now, before) = (place(event.location.as_ref()), place(was.location.as_ref()));
        lines.push(format!("Place: {now}, before: {before}"));
    }
    lines
}

fn when_and_where(event: &Event) -> String {
    let when = event.starts_at.to_words(&event.time_zone);
    match event.location.as_deref().and_then(plain) {
        Some(place) => format!("{when}\n{place}"),
        None => when,
    }
}

/// One line of a stranger's text, unless a mail program would make a link of it.
fn plain(text: &str) -> Option<String> {
    let text = line(text, CHARS_MAX);
    (!is_blank(&text) && !is_like_a_link(&text)).then_some(text)
}
