//! Tells a guest on a waitlist by mail that a seat is held, within the limits of mailed tickets.

use crate::base::time::UnixSeconds;
use crate::mail::{Kind, NewMail, outbox};
use crate::ports::{Level, SqlError, World};
use crate::products::events::Event;
use crate::products::events::store::Waiter;
use crate::products::events::ticket_mail::{address_for, title_of};
use crate::sale::cx::Cx;

/// Queues the mail, in the transaction of the offer. A failure is logged, and the offer stands.
pub(super) fn queue(cx: &Cx<'_, impl World>, event: &Event, waiter: &Waiter, until: UnixSeconds) {
    if let Err(error) = try_to(cx, event, waiter, until) {
        let fields = [("event", event.id.as_str()), ("why", &error.0)];
        cx.world.line(Level::Error, "an offer of a seat cannot be mailed", &fields);
    }
}

fn try_to(
    cx: &Cx<'_, impl World>,
    event: &Event,
    waiter: &Waiter,
    until: UnixSeconds,
) -> Result<(), SqlError> {
    let about = ("an offer of a seat is not mailed: too many", event.id.as_str());
    let Some(address) = address_for(cx, waiter.guest.email.as_deref(), about)? else {
        return Ok(());
    };
    let title = title_of(event);
    let (url, site) = (&cx.config.public_url, cx.config.public_authority());
    let text = format!(
        "A seat is held for you: {title}\n{}\n\nIt is yours until {}, with the wallet that you joined the waitlist with. Get \
         it here: {url}/buy/{}/{}\n\nAfter that it goes to the next on the waitlist.\n\n\
         This address was given on the waitlist at {site}. If you know nothing of it, somebody else has typed your address, \
         and you need not do anything.\n",
        event.starts_at.to_words(&event.time_zone),
        until.to_words(&event.time_zone),
        cx.scope,
        event.id,
    );
    let subject = format!("A seat for you: {title}");
    let mail = NewMail::new(Kind::Notice, cx.scope.clone(), address, &subject, &text, None);
    let mail = mail.map_err(|fault| SqlError(fault.to_string()))?;
    outbox::queue(cx.world, &mail, cx.now()).map(drop)
}
