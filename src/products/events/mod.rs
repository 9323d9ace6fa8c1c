//! The product `events`: a host's events and their seats.

pub mod asks;
pub mod bought;
mod buyers;
pub mod calendar;
pub mod cancel;
pub mod cancel_mail;
mod claimed;
pub mod drafts;
pub mod entrance;
mod free;
mod guesses;
mod guests_only;
pub mod input;
pub mod links;
pub mod manage;
pub mod news;
pub mod offered;
mod on_sale;
pub mod pages;
pub mod party;
pub mod pictures;
pub mod policy;
pub mod prices;
pub mod promos;
pub mod questions;
pub mod records;
pub mod refunds;
mod refusals;
pub mod rest;
pub mod rsvp;
pub mod sale;
pub mod seats;
pub mod store;
mod terms;
mod ticket_mail;
pub mod tools;
mod transfer;
mod transfer_mail;
pub mod types;
pub mod uploads;
pub mod views;
pub mod waitlist;
mod waitlist_mail;

pub use on_sale::NotOnSale;
pub use sale::call;

use serde::Serialize;

use crate::base::id::EventId;
use crate::base::money::Usdc;
use crate::base::time::{UnixSeconds, ZoneName};
use crate::http::cover::{Cover, Cut, Look};
use crate::products::events::asks::Asks;
use crate::products::events::pictures::Picture;
use crate::products::events::policy::RefundPolicy;
use crate::products::events::promos::Promo;
use crate::products::events::questions::Question;
use crate::products::events::types::{TicketType, Until};

/// The name of this product in settings and storage.
pub const NAME: &str = "events";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    /// One line, at most 200 characters.
    pub title: String,
    /// Several paragraphs, in a subset of Markdown.
    pub description: String,
    pub starts_at: UnixSeconds,
    pub ends_at: Option<UnixSeconds>,
    /// The zone in which its times are shown.
    pub time_zone: ZoneName,
    pub location: Option<String>,
    /// Number of seats; 0 for unlimited.
    pub capacity: u32,
    /// The price of a seat; zero if it is free. With ticket types that of the first one.
    pub price: Usdc,
    /// Of an event without types the price before the last change, until no challenge names it any more.
    pub was: Option<Until>,
    /// The ticket types; empty if all seats have one price.
    pub types: Vec<TicketType>,
    /// The promo codes, which only its host sees.
    pub promos: Vec<Promo>,
    /// What its guests are asked for.
    pub asks: Asks,
    /// What else they are asked.
    pub questions: Vec<Question>,
    /// A place or a link that only they get to know ([`Event::for_guests`]).
    pub guests_only: Option<String>,
    /// What the host chose of its cover.
    pub look: Look,
    /// What guests get back that cancel.
    pub refund: RefundPolicy,
    /// Guests are reminded so many hours before the start; 0: never.
    pub remind_hours: u32,
    /// The picture that its host uploaded.
    pub picture: Option<Picture>,
    pub cancelled: bool,
    /// Whether it is not published yet: neither shown nor sold.
    pub is_draft: bool,
    /// Number of changes (RFC 5545 `SEQUENCE`).
    pub sequence: u32,
    pub created_at: UnixSeconds,
}

/// The seats of an event that cannot be sold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seats {
    /// Seats that are paid for.
    pub taken: u32,
    /// Held for payments with an open outcome.
    pub held: u32,
    /// Guests on the waitlist without a seat. As many free seats are kept for them ([`waitlist`]).
    pub line: u32,
}

/// What decides whether a payer may have a seat at an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatFor {
    pub event: Event,
    pub seats: Seats,
    /// Seats that are held for payments of wallets that have never paid here.
    pub held_by_strangers: u32,
    /// Whether the payer has paid here before.
    pub has_paid_here: bool,
    /// Whether the payer has a seat already.
    pub has_seat: bool,
    /// Until when a seat is held for the payer, which was on the waitlist.
    pub offered_until: Option<UnixSeconds>,
}

/// The state of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "EventStatus"))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Its host has not published it yet.
    Draft,
    /// It will take place, or is in progress.
    Scheduled,
    Past,
    /// The host cancelled it.
    Cancelled,
}

impl Event {
    /// Its state at `now`.
    #[must_use]
    pub fn status(&self, now: UnixSeconds) -> Status {
        if self.is_draft {
            Status::Draft
        } else if self.cancelled {
            Status::Cancelled
        } else if self.ends_at.unwrap_or(self.starts_at) <= now {
            Status::Past
        } else {
            Status::Scheduled
        }
    }

    /// Seats that can still be sold; `None` if they are not limited.
    #[must_use]
    pub fn seats_left(&self, seats: Seats) -> Option<u32> {
        (self.capacity > 0).then(|| self.free_seats(seats).saturating_sub(seats.line))
    }

    /// Seats that are neither sold nor held for payments; some of them may be held for people who wait.
    const fn free_seats(&self, seats: Seats) -> u32 {
        self.capacity.saturating_sub(seats.taken).saturating_sub(seats.held)
    }

    /// Checks whether one more seat may be sold at `now`.
    ///
    /// # Errors
    ///
    /// [`NotOnSale`] says why not.
    pub fn check_on_sale(&self, seats: Seats, now: UnixSeconds) -> Result<(), NotOnSale> {
        self.check_seats(seats, 1, now)
    }

    /// Checks whether so many more seats may be sold at `now`, all of them.
    ///
    /// # Errors
    ///
    /// [`NotOnSale`] says why not.
    pub fn check_seats(
        &self,
        seats: Seats,
        wanted: u32,
        now: UnixSeconds,
    ) -> Result<(), NotOnSale> {
        match self.status(now) {
            Status::Draft => return Err(NotOnSale::Draft),
            Status::Cancelled => return Err(NotOnSale::Cancelled),
            Status::Past => return Err(NotOnSale::Past),
            Status::Scheduled => {}
        }
        let Some(left) = self.seats_left(seats).filter(|left| *left < wanted) else {
            return Ok(());
        };
        match self.capacity.saturating_sub(seats.taken) {
            0 => Err(NotOnSale::Full),
            _ if seats.line > 0 && self.free_seats(seats) > 0 => match left {
                0 => Err(NotOnSale::Promised),
                left => Err(NotOnSale::TooFew(left)),
            },
            unsold if unsold < wanted => Err(NotOnSale::TooFew(left.max(1))),
            // What payments in progress hold may become free.
            _ => Err(NotOnSale::AllHeld),
        }
    }

    /// The path of the picture that is shown for it.
    #[must_use]
    pub fn cover_path(&self, cut: Cut) -> String {
        let uploaded = self.picture.as_ref().map(|picture| picture.path.clone());
        uploaded.unwrap_or_else(|| self.cover().path(cut))
    }

    /// The cover that is drawn for it.
    #[must_use]
    pub fn cover(&self) -> Cover<'_> {
        Cover { seed: self.id.as_str(), look: self.look }
    }
}

impl SeatFor {
    /// Whether a seat is held for the payer at `now`.
    #[must_use]
    pub fn has_offer(&self, now: UnixSeconds) -> bool {
        self.offered_until.is_some_and(|until| until > now)
    }

    /// Checks whether there are so many more seats for the payer at `now`. The one that is held for it is.
    ///
    /// # Errors
    ///
    /// [`NotOnSale`] says why not.
    pub fn check_room(&self, wanted: u32, now: UnixSeconds) -> Result<(), NotOnSale> {
        let has_its_own = wanted == 1 && self.has_offer(now);
        let seats = if has_its_own { Seats { line: 0, ..self.seats } } else { self.seats };
        self.event.check_seats(seats, wanted, now)
    }

    /// Checks whether the payer may hold so many more seats at `now`. Wallets that have never paid here hold at most half.
    ///
    /// # Errors
    ///
    /// [`NotOnSale`] says why not.
    pub fn check_seats(&self, wanted: u32, now: UnixSeconds) -> Result<(), NotOnSale> {
        let Self { event, held_by_strangers, has_paid_here, .. } = self;
        self.check_room(wanted, now)?;
        let half = event.capacity.div_ceil(2);
        if event.capacity == 0 || *has_paid_here {
            Ok(())
        } else if wanted > half {
            Err(NotOnSale::TooManyForNewcomer(half))
        } else if held_by_strangers.saturating_add(wanted) > half {
            Err(NotOnSale::AllHeld)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(capacity: u32) -> Event {
        Event {
            id: EventId::parse("evt_0123456789abcdef01234567").unwrap(),
            title: "Rust meetup".to_owned(),
            description: String::new(),
            starts_at: UnixSeconds::new(1_000),
            ends_at: Some(UnixSeconds::new(2_000)),
            time_zone: ZoneName::utc(),
            location: None,
            capacity,
            price: Usdc::from_cents(5),
            was: None,
            types: Vec::new(),
            promos: Vec::new(),
            asks: Asks::default(),
            questions: Vec::new(),
            guests_only: None,
            look: Look::default(),
            picture: None,
            refund: RefundPolicy::default(),
            remind_hours: 0,
            cancelled: false,
            is_draft: false,
            sequence: 0,
            created_at: UnixSeconds::new(0),
        }
    }

    #[test]
    fn a_seat_is_sold_only_while_there_is_one() {
        let now = UnixSeconds::new(1_500);
        for (capacity, taken, held, expected) in [
            (5, 4, 0, Ok(())),
            (5, 5, 0, Err(NotOnSale::Full)),
            (5, 3, 2, Err(NotOnSale::AllHeld)),
            (0, 4_000, 9, Ok(())),
        ] {
            let seats = Seats { taken, held, line: 0 };
            assert_eq!(event(capacity).check_on_sale(seats, now), expected);
        }
    }

    #[test]
    fn several_seats_are_sold_together_or_not() {
        let now = UnixSeconds::new(1_500);
        for (taken, held, wanted, expected) in [
            (2, 0, 3, Ok(())),
            (2, 0, 4, Err(NotOnSale::TooFew(3))),
            (2, 1, 3, Err(NotOnSale::AllHeld)),
            (2, 3, 4, Err(NotOnSale::TooFew(1))),
            (5, 0, 2, Err(NotOnSale::Full)),
        ] {
            let seats = Seats { taken, held, line: 0 };
            assert_eq!(event(5).check_seats(seats, wanted, now), expected);
        }
        let seats = Seats { taken: 9, held: 9, line: 9 };
        assert_eq!(event(0).check_seats(seats, 10, now), Ok(()));
    }

    #[test]
    fn the_half_for_wallets_that_never_paid_is_counted_in_seats() {
        let now = UnixSeconds::new(1_500);
        let of = |held_by_strangers, has_paid_here| SeatFor {
            event: event(5),
            seats: Seats { taken: 0, held: held_by_strangers, line: 0 },
            held_by_strangers,
            has_paid_here,
            has_seat: false,
            offered_until: None,
        };
        for (held, wanted, expected) in [
            (0, 3, Ok(())),
            (1, 2, Ok(())),
            (1, 3, Err(NotOnSale::AllHeld)),
            (0, 4, Err(NotOnSale::TooManyForNewcomer(3))),
        ] {
            assert_eq!(of(held, false).check_seats(wanted, now), expected, "{held}, {wanted}");
            assert_eq!(of(held, true).check_seats(wanted, now), Ok(()), "{held}, {wanted}");
        }
    }

    #[test]
    fn what_is_free_is_for_guests_in_line_and_the_one_seat_for_who_has_the_offer() {
        let now = UnixSeconds::new(1_500);
        for (taken, held, line, wanted, expected) in [
            (4, 0, 1, 1, Err(NotOnSale::Promised)),
            (4, 0, 9, 1, Err(NotOnSale::Promised)),
            (5, 0, 1, 1, Err(NotOnSale::Full)),
            (4, 1, 1, 1, Err(NotOnSale::AllHeld)),
            (3, 0, 1, 1, Ok(())),
            (2, 0, 1, 3, Err(NotOnSale::TooFew(2))),
        ] {
            let seats = Seats { taken, held, line };
            assert_eq!(event(5).check_seats(seats, wanted, now), expected, "{seats:?} {wanted}");
        }
        let of = |until: i64| SeatFor {
            event: event(5),
            seats: Seats { taken: 4, held: 0, line: 3 },
            held_by_strangers: 0,
            has_paid_here: true,
            has_seat: false,
            offered_until: Some(UnixSeconds::new(until)),
        };
        assert_eq!(of(1_501).check_seats(1, now), Ok(()));
        assert_eq!(of(1_501).check_seats(2, now), Err(NotOnSale::Promised));
        assert_eq!(of(1_500).check_seats(1, now), Err(NotOnSale::Promised));
    }

    #[test]
    fn nothing_is_sold_after_the_end_or_a_cancellation() {
        let over = UnixSeconds::new(2_000);
        assert_eq!(event(5).check_on_sale(Seats::default(), over), Err(NotOnSale::Past));
        let draft = Event { is_draft: true, ..event(5) };
        let before = UnixSeconds::new(500);
        assert_eq!(draft.check_on_sale(Seats::default(), before), Err(NotOnSale::Draft));
        let cancelled = Event { cancelled: true, ..event(5) };
        assert_eq!(cancelled.check_on_sale(Seats::default(), over), Err(NotOnSale::Cancelled));
    }
}
