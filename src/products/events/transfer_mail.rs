//! The mail to somebody who was given a ticket, within the limits of mailed tickets.

use crate::mail::{Kind, NewMail, outbox};
use crate::ports::{Level, SqlError, World};
use crate::products::events::Event;
use crate::products::events::rsvp::Rsvp;
use crate::products::events::ticket_mail::{address_for, title_of};
use crate::sale::cx::Cx;

/// Queues the ticket for its new guest, in the transaction of the transfer. Returns whether it did. A failure is logged.
pub(super) fn queue(cx: &Cx<'_, impl World>, event: &Event, seat: &Rsvp) -> bool {
    try_to(cx, event, seat).unwrap_or_else(|error| {
        let fields = [("rsvp", seat.id.as_str()), ("why", &error.0)];
        cx.world.line(Level::Error, "a given ticket cannot be mailed", &fields);
        false
    })
}

fn try_to(cx: &Cx<'_, impl World>, event: &Event, seat: &Rsvp) -> Result<bool, SqlError> {
    let about = ("a given ticket is not mailed: too many", seat.id.as_str());
    let Some(address) = address_for(cx, seat.guest.email.as_deref(), about)? else {
        return Ok(false);
    };
    let title = title_of(event);
    let (url, site) = (&cx.config.public_url, cx.config.public_authority());
    let text = format!(
        "Somebody has given you a ticket: {title}\n{}\n\nYour ticket: {url}/t/{}\n\n\
         Show it at the entrance. Keep the link to yourself: who has it, has the ticket. The seat was paid for by somebody \
         else, so money that goes back, if any, goes to them.\n\n\
         This address was given at {site}. If you know nothing of it, somebody else has typed your address, and you need not \
         do anything.\n",
        event.starts_at.to_words(&event.time_zone),
        seat.code,
    );
    let subject = format!("A ticket for you: {title}");
    let mail = NewMail::new(Kind::Notice, cx.scope.clone(), address, &subject, &text, None);
    let mail = mail.map_err(|fault| SqlError(fault.to_string()))?;
    outbox::queue(cx.world, &mail, cx.now()).map(|_| true)
}
