//! Tells guests by mail that their event was cancelled, within the limits of mailed tickets. Their ticket's page and
//! their list say so in every case.

use crate::ledger::refunds::{self, Refund};
use crate::mail::{Kind, NewMail, outbox};
use crate::ports::{SqlError, World};
use crate::products::events::rsvp::Rsvp;
use crate::products::events::ticket_mail::{address_for, title_of};
use crate::products::events::{calendar, store};
use crate::sale::cx::Cx;

/// Guests that are told in one alarm.
const AT_ONCE: u32 = 20;

/// Queues mails to some of the guests who have not been told yet.
///
/// # Errors
///
/// [`SqlError`] if SQLite refuses.
pub fn tell_some(cx: &Cx<'_, impl World>) -> Result<(), SqlError> {
    for refund in refunds::untold(cx.world, AT_ONCE)? {
        cx.world.atomically(|| {
            tell(cx, &refund)?;
            refunds::mark_told(cx.world, &refund.payment)
        })?;
    }
    Ok(())
}

fn tell(cx: &Cx<'_, impl World>, refund: &Refund) -> Result<(), SqlError> {
    let mut seats = store::rsvps_of_payment(cx.world, &refund.payment)?;
    // Once for each address: the buyer's, and those of people who were given a ticket.
    seats.sort_by(|a, b| (&a.guest.email, a.place).cmp(&(&b.guest.email, b.place)));
    seats.dedup_by(|later, first| later.guest.email == first.guest.email);
    seats.iter().try_for_each(|seat| tell_guest(cx, refund, seat))
}

fn tell_guest(cx: &Cx<'_, impl World>, refund: &Refund, seat: &Rsvp) -> Result<(), SqlError> {
    let about = ("a cancellation is not mailed: too many", seat.id.as_str());
    let Some(address) = address_for(cx, seat.guest.email.as_deref(), about)? else { return Ok(()) };
    let Some((event, _)) = store::find(cx.world, &refund.event_id)? else { return Ok(()) };
    let title = title_of(&event);
    let (url, site) = (&cx.config.public_url, cx.config.public_authority());
    let text = format!(
        "Cancelled: {title}\n{}\n\nThe host has cancelled this event. ${} goes back to the wallet that paid for your \
         seat, when the host has sent it. Your ticket says how far that is: {url}/t/{}\n\n\
         This address was given when the seat was bought at {site}. If you know nothing of it, somebody else has typed \
         your address, and you need not do anything.\n",
        event.starts_at.to_words(&event.time_zone),
        refund.amount,
        seat.code,
    );
    let subject = format!("Cancelled: {title}");
    let calendar = calendar::invitation(cx, &event, &address);
    let mail = NewMail::new(Kind::Notice, cx.scope.clone(), address, &subject, &text, None);
    let mail = mail.map_err(|fault| SqlError(fault.to_string()))?;
    let mail = calendar.into_iter().fold(mail, NewMail::with_calendar);
    outbox::queue(cx.world, &mail, cx.now()).map(drop)
}
