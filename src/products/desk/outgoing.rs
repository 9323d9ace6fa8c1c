//! A mail of the desk to its customer: the answer, where it can be answered, and where the question stands.

use crate::base::email::EmailAddress;
use crate::base::text;
use crate::mail::inbound::Token;
use crate::mail::inbound::token::Purpose;
use crate::mail::{self, Kind, NewMail};
use crate::ports::{SqlError, World};
use crate::products::desk::status::url_of;
use crate::products::desk::tickets::{self, EntryKind};
use crate::products::desk::{Author, Ticket};
use crate::sale::cx::Cx;

/// Queues a mail to the customer and adds it to the thread.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses, or the ticket has no address.
pub fn write_to_customer(
    cx: &Cx<'_, impl World>,
    ticket: &Ticket,
    body: &str,
    author: &Author,
) -> Result<(), SqlError> {
    let now = cx.world.now();
    let damaged = |what: String| SqlError(format!("a reply cannot be sent: {what}"));
    let address = ticket.email.as_deref().unwrap_or_default();
    let address = EmailAddress::parse(address).map_err(|error| damaged(error.to_string()))?;
    let subject = format!("[#{}] {}", ticket.number, text::line(&ticket.subject, 150));
    let reply_to = reply_address(cx, ticket);
    let signed = format!(
        "{body}\n\n-- \nTicket #{}{}\nWhere it stands: {}",
        ticket.number,
        how_to_answer(reply_to.as_ref()),
        url_of(cx, ticket)
    );
    let number = Some(ticket.number);
    let mail = NewMail::new(Kind::Ticket, cx.scope.clone(), address, &subject, &signed, number);
    let mail = mail.map_err(|fault| damaged(fault.to_string()))?.answered_at(reply_to);
    let mail_id = mail::outbox::queue(cx.world, &mail, now)?;
    tickets::add(cx.world, &ticket.id, EntryKind::Reply, author, body, Some(&mail_id), now)
}

/// The ticket's own address, if the deployment takes mail.
fn reply_address(cx: &Cx<'_, impl World>, ticket: &Ticket) -> Option<EmailAddress> {
    let inbox = cx.config.mail.as_ref()?.inbox.as_ref()?;
    let (number, id) = (ticket.number, &ticket.id);
    Token::of(&cx.config.keys, Purpose::Write, cx.scope, number, id).address(inbox)
}

const fn how_to_answer(reply_to: Option<&EmailAddress>) -> &'static str {
    match reply_to {
        Some(_) => {
            "\nAnswer this mail to write again. Files are not kept, so write what matters into the text."
        }
        None => "",
    }
}
