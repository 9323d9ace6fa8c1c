//! A customer's answer finds its ticket. By the token in the address first, then by the message id of a mail of ours, which
//! nobody can guess either. A number in the subject counts only from the ticket's own customer, and only if the platform
//! has checked who wrote it. A mail is never answered by itself.

use serde::{Deserialize, Serialize};

use crate::base::text;
use crate::mail::inbound::token::Purpose;
use crate::mail::inbound::{Incoming, Token, Verdict};
use crate::ports::{SqlError, World};
use crate::products::desk::messages::{self, NewMessage, Outcome};
use crate::products::desk::tickets::{self, EntryKind};
use crate::products::desk::{Author, Status, Ticket, merge};
use crate::sale::cx::Cx;

/// The answer to the one who brought a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// `added`, `again`, `automatic`, `unknown` or `refused`.
    pub outcome: String,
    /// What its sender is told, if it was not taken.
    pub reason: Option<String>,
}

impl Taken {
    /// With the sentence that the sender reads in the refusal of its mail server.
    #[must_use]
    pub fn of(outcome: Outcome) -> Self {
        let reason = match outcome {
            Outcome::Added | Outcome::Again | Outcome::Automatic => None,
            Outcome::Unknown => Some(
                "This mail belongs to no question that we know. Please answer the last mail that you got from us.",
            ),
            Outcome::Refused => Some(
                "This question takes no more mails today. Please write again tomorrow, in one mail with a text.",
            ),
        };
        Self { outcome: outcome.as_str().to_owned(), reason: reason.map(str::to_owned) }
    }
}

/// Takes a mail into the thread of its ticket, once.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn receive(cx: &Cx<'_, impl World>, mail: &Incoming) -> Result<Taken, SqlError> {
    cx.world.atomically(|| {
        let outcome = take(cx, mail)?;
        messages::count(cx.world, outcome, cx.now())?;
        Ok(Taken::of(outcome))
    })
}

fn take(cx: &Cx<'_, impl World>, mail: &Incoming) -> Result<Outcome, SqlError> {
    let Some(mut ticket) = ticket_of(cx, mail)? else { return Ok(Outcome::Unknown) };
    if mail.is_automatic || is_ours(cx, mail) {
        return Ok(Outcome::Automatic);
    }
    let now = cx.now();
    let is_empty = text::is_blank(&mail.text) && mail.attachments.is_empty();
    let is_full = tickets::entries(cx.world, &ticket.id)? >= tickets::ENTRIES_MAX;
    let by = (&mail.from, mail.verdict);
    if is_empty || is_full || !messages::has_room(cx.world, &ticket.id, by, now)? {
        // A repeat of one that was taken is none of the refused.
        let is_known = messages::is_known(cx.world, &ticket.id, &mail.key)?;
        return Ok(if is_known { Outcome::Again } else { Outcome::Refused });
    }
    let tokens = tokens(cx, &ticket)?;
    // What is repeated may hold what opens the ticket, and agents that pay read the thread.
    let hidden = |text: &str| {
        tokens.iter().fold(text.to_owned(), |text, token| text.replace(token.as_str(), "…"))
    };
    let text = hidden(&mail.text);
    if messages::is_loop(cx.world, &ticket.id, (&mail.from, &text), now)? {
        return Ok(Outcome::Automatic);
    }
    let new = NewMessage {
        from: &mail.from,
        text: &text,
        rest: &hidden(&mail.rest),
        verdict: mail.verdict,
        files: &mail.attachments,
        key: &mail.key,
    };
    if !messages::add(cx.world, &ticket.id, &new, now)? {
        return Ok(Outcome::Again);
    }
    if ticket.status == Status::Resolved || ticket.snoozed_until.is_some() {
        let what = match ticket.status {
            Status::Resolved => "the customer's answer opened it again",
            Status::Open => "the customer's answer woke it",
        };
        (ticket.status, ticket.snoozed_until) = (Status::Open, None);
        let (kind, author) = (EntryKind::Change, Author::Owner);
        tickets::add(cx.world, &ticket.id, kind, &author, what, None, now)?;
    }
    tickets::update(cx.world, &ticket, now)?;
    Ok(Outcome::Added)
}

/// All that opens a ticket, or one that has become part of it.
fn tokens(cx: &Cx<'_, impl World>, ticket: &Ticket) -> Result<Vec<String>, SqlError> {
    let mut named = merge::merged(cx.world, ticket)?;
    named.push((ticket.id.clone(), ticket.number));
    let both = [Purpose::Write, Purpose::Read];
    let of = |purpose| {
        let named = named.iter();
        named.map(move |(id, number)| {
            Token::of(&cx.config.keys, purpose, cx.scope, *number, id).to_string()
        })
    };
    Ok(both.into_iter().flat_map(of).collect())
}

/// Whether a mail comes from the addresses that our own mails name.
fn is_ours(cx: &Cx<'_, impl World>, mail: &Incoming) -> bool {
    cx.config.mail.as_ref().is_some_and(|settings| {
        mail.from == settings.from.address || settings.inbox.as_ref() == Some(&mail.from)
    })
}

fn ticket_of(cx: &Cx<'_, impl World>, mail: &Incoming) -> Result<Option<Ticket>, SqlError> {
    if let Some(token) = mail.token().filter(|token| token.scope == *cx.scope) {
        let ticket = tickets::find_by_number(cx.world, token.number)?;
        let opened = ticket.filter(|it| token.opens(&cx.config.keys, Purpose::Write, &it.id));
        if let Some(opened) = opened {
            return tickets::follow(cx.world, opened).map(Some);
        }
    }
    for id in mail.answered() {
        if let Some(ticket) = messages::ticket_of(cx.world, id)? {
            return tickets::find(cx.world, &ticket);
        }
    }
    let Some(number) = mail.number_in_subject().filter(|_| mail.verdict == Verdict::Verified)
    else {
        return Ok(None);
    };
    let ticket = tickets::find_by_number(cx.world, number)?;
    let ticket = ticket.filter(|ticket| ticket.email.as_deref() == Some(mail.from.as_str()));
    ticket.map(|ticket| tickets::follow(cx.world, ticket)).transpose()
}
