//! Where a question stands, for the one who asked it: over MCP with the key that `createTicket` gave, and on a page whose
//! address is in each mail. Neither shows notes, changes, authors or addresses.

use askama::Template;
use serde_json::{Value, json};

use crate::base::code::Code;
use crate::base::http::Reply;
use crate::base::text;
use crate::base::time::{UnixSeconds, ZoneName};
use crate::mail::inbound::Token;
use crate::mail::inbound::token::Purpose;
use crate::ports::{SqlError, World};
use crate::products::desk::tickets::{self, Entry, EntryKind};
use crate::products::desk::{Status, Ticket, drafts};
use crate::rails::outcome::{Abort, Failure};
use crate::sale::cx::Cx;
use crate::sale::request::html;

/// Entries of the conversation on the page.
const SHOWN: u32 = 100;

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// The host has to answer.
    Asked,
    /// An answer is written, and the host has to approve it.
    Drafted,
    /// The host wrote last.
    Answered,
    Resolved,
}

impl Standing {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Drafted => "drafted",
            Self::Answered => "answered",
            Self::Resolved => "resolved",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Asked => "The host has not answered yet.",
            Self::Drafted => "An answer is written. The host has to approve it before it is sent.",
            Self::Answered => "The host has answered by e-mail. Answer that mail to ask again.",
            Self::Resolved => "This question is closed. Answer the last mail to open it again.",
        }
    }
}

#[derive(Template)]
#[template(path = "question.html")]
struct QuestionPage<'a> {
    number: u32,
    subject: String,
    body: &'a str,
    asked_at: String,
    is_open: bool,
    words: &'static str,
    thread: Vec<Said>,
}

/// One text of the conversation.
struct Said {
    who: &'static str,
    at: String,
    text: String,
}

/// The key with which the state of a ticket is read.
pub fn key_of(cx: &Cx<'_, impl World>, ticket: &Ticket) -> Token {
    Token::of(&cx.config.keys, Purpose::Read, cx.scope, ticket.number, &ticket.id)
}

/// The page of a ticket.
pub fn url_of(cx: &Cx<'_, impl World>, ticket: &Ticket) -> String {
    format!("{}/q/{}", cx.config.public_url, key_of(cx, ticket))
}

/// The tool `getTicketStatus`.
///
/// # Errors
///
/// `ticket_not_found` if the key opens no ticket.
pub fn status(cx: &Cx<'_, impl World>, key: &str) -> Result<Value, Failure> {
    let (ticket, thread, standing) = find(cx, key)?;
    let messages = thread.iter().filter(|entry| entry.kind == EntryKind::Message).count();
    Ok(json!({
        "number": ticket.number,
        "status": ticket.status,
        "standing": standing.as_str(),
        "message": format!("Ticket #{}: {}", ticket.number, standing.words()),
        "replies": thread.len().saturating_sub(messages),
        "messages": messages,
        "createdAt": ticket.created_at.to_string(),
        "updatedAt": ticket.updated_at.to_string(),
        "statusUrl": url_of(cx, &ticket),
    }))
}

/// The page of a ticket, for the one who asked.
///
/// # Errors
///
/// As [`status`].
pub fn page(cx: &Cx<'_, impl World>, key: &str) -> Result<Reply, Failure> {
    let (ticket, thread, standing) = find(cx, key)?;
    let said = |entry: Entry| Said {
        who: if entry.kind == EntryKind::Message { "You" } else { "The host" },
        at: moment(&entry.at),
        text: text::visible(&entry.text),
    };
    let page = QuestionPage {
        number: ticket.number,
        subject: text::visible(&ticket.subject),
        body: &text::visible(&ticket.body),
        asked_at: ticket.created_at.to_words(&ZoneName::utc()),
        is_open: ticket.status == Status::Open,
        words: standing.words(),
        thread: thread.into_iter().map(said).collect(),
    };
    let page = page.render().map_err(|error| error.to_string());
    // Everybody who has the address reads it, so no cache may keep it.
    Ok(html(page)?.with_header("cache-control", "no-store".to_owned()))
}

/// A moment of an entry in words. The one who asked has no time zone that we know.
fn moment(at: &str) -> String {
    let read = UnixSeconds::from_rfc3339(at).map(|at| at.to_words(&ZoneName::utc()));
    read.unwrap_or_else(|_| at.to_owned())
}

fn find(cx: &Cx<'_, impl World>, key: &str) -> Result<(Ticket, Vec<Entry>, Standing), Failure> {
    let missing = || {
        let detail = "statusKey: opens no ticket here; createTicket gives the key of its ticket";
        Failure::from(Abort::new(Code::TicketNotFound, detail))
    };
    let token = Token::parse(key).filter(|token| token.scope == *cx.scope).ok_or_else(missing)?;
    let ticket = tickets::find_by_number(cx.world, token.number)?;
    let opens = |ticket: &Ticket| token.opens(&cx.config.keys, Purpose::Read, &ticket.id);
    let ticket = tickets::follow(cx.world, ticket.filter(opens).ok_or_else(missing)?)?;
    let thread = tickets::thread(cx.world, &ticket.id, false, SHOWN)?;
    let standing = standing(cx, &ticket, &thread)?;
    Ok((ticket, thread, standing))
}

fn standing(
    cx: &Cx<'_, impl World>,
    ticket: &Ticket,
    thread: &[Entry],
) -> Result<Standing, SqlError> {
    Ok(match (ticket.status, thread.last().map(|entry| entry.kind)) {
        (Status::Resolved, _) => Standing::Resolved,
        (Status::Open, _) if drafts::is_reply_waiting(cx.world, &ticket.id)? => Standing::Drafted,
        (Status::Open, Some(EntryKind::Reply)) => Standing::Answered,
        (Status::Open, Some(EntryKind::Message | EntryKind::Note | EntryKind::Change) | None) => {
            Standing::Asked
        }
    })
}
