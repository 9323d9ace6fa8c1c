//! What a seat costs and how many there are, with ticket types and without.
//!
//! A price that a challenge has named is taken for the life of the challenge, also when an early price has ended or the host
//! has set another one meanwhile ([`Event::price_for`]).

use crate::base::fields::{InvalidField, bad};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::products::events::party::{Party, price_in_words};
use crate::products::events::promos::{NoPromo, Promo, PromoView};
use crate::products::events::questions::is_same;
use crate::products::events::types::{TicketType, Until};
use crate::products::events::{Event, NotOnSale, Seats};
use crate::rails::quote::PAYMENT_SECONDS;

impl Event {
    /// The ticket type that a caller wants, by name or id; the first one if it says nothing. `None`: the event has no types.
    ///
    /// # Errors
    ///
    /// [`InvalidField`] names the types that there are.
    pub fn type_for(&self, wanted: Option<&str>) -> Result<Option<&TicketType>, InvalidField> {
        let Some(wanted) = wanted else { return Ok(self.types.first()) };
        let found = self.types.iter().find(|one| one.id == wanted || is_same(&one.name, wanted));
        if found.is_some() {
            return Ok(found);
        }
        let names: Vec<String> = self.types.iter().map(|one| format!("\"{}\"", one.name)).collect();
        Err(bad(
            "ticketType",
            match names.is_empty() {
                true => "must be left out: this event has no ticket types".to_owned(),
                false => format!("must be one of {}", names.join(", ")),
            },
        ))
    }

    /// The code that a caller gave for so many seats. `pays`: whether the call has a payment.
    ///
    /// # Errors
    ///
    /// [`NoPromo`] says why it does not count.
    pub fn promo_for(
        &self,
        code: Option<&str>,
        (pays, seats): (bool, u32),
        now: UnixSeconds,
    ) -> Result<Option<&Promo>, NoPromo> {
        let Some(code) = code else { return Ok(None) };
        let of = |removed| self.promos.iter().find(|it| it.code() == code && it.removed == removed);
        let promo = of(false).or_else(|| of(true).filter(|_| pays)).ok_or(NoPromo::Unknown)?;
        promo.check(pays, seats, now).map(|()| Some(promo))
    }

    /// Checks that the code of a claimed payment, by its id, is still good for its seats.
    ///
    /// # Errors
    ///
    /// [`NoPromo`] says why not.
    pub fn check_promo(
        &self,
        id: Option<&str>,
        seats: u32,
        now: UnixSeconds,
    ) -> Result<(), NoPromo> {
        let Some(id) = id else { return Ok(()) };
        let promo = self.promos.iter().find(|promo| promo.id == id).ok_or(NoPromo::Unknown)?;
        promo.check(true, seats, now)
    }

    /// Checks that no code makes a seat of this price so cheap that its payment costs more than it is worth.
    ///
    /// # Errors
    ///
    /// [`InvalidField`] names the code.
    pub fn check_codes(&self, price: Usdc, least: Usdc) -> Result<(), InvalidField> {
        let is_low =
            |it: &&Promo| !it.removed && !it.price(price).is_zero() && it.price(price) < least;
        let Some(promo) = self.promos.iter().find(is_low) else { return Ok(()) };
        let code = promo.code();
        let remedy = format!(
            "\"{code}\" makes a seat cost less than ${least}, the least that can be paid; take less off, or everything"
        );
        Err(bad("promoCodes", remedy))
    }

    /// The codes as their host sees them.
    #[must_use]
    pub fn promo_views(&self) -> Vec<PromoView> {
        self.promos.iter().filter(|promo| !promo.removed).map(Promo::view).collect()
    }

    /// What a seat costs at `now`; without a type that of the first one.
    #[must_use]
    pub fn price_at(&self, kind: Option<&TicketType>, now: UnixSeconds) -> Usdc {
        kind.or(self.types.first()).map_or(self.price, |kind| kind.price_at(now))
    }

    /// The price of a seat for a call: that of now, or one before it that a challenge may have named, if `pays` is `count`
    /// times that. `pays`: what the payment of the call is for.
    #[must_use]
    pub fn price_for(
        &self,
        (kind, promo): (Option<&TicketType>, Option<&Promo>),
        (pays, count): (Option<Usdc>, u32),
        now: UnixSeconds,
    ) -> Usdc {
        let with_code = |price| promo.map_or(price, |promo| promo.price(price));
        let current = with_code(self.price_at(kind, now));
        let Some(pays) = pays else { return current };
        let early = kind.and_then(|kind| kind.early);
        let early = early.map(|it| Until { until: it.until.plus(PAYMENT_SECONDS.into()), ..it });
        let was = kind.map_or(self.was, |kind| kind.was);
        // What the code takes off since then was never taken off an earlier price.
        let named = |it: &Until| {
            promo.is_none_or(|promo| it.until > promo.since.plus(PAYMENT_SECONDS.into()))
        };
        let before = [early, was].into_iter().flatten().filter(named);
        // What was free was taken without a challenge.
        let before = before.filter(|it| now < it.until).map(|it| with_code(it.price));
        let before = before.filter(|price| !price.is_zero());
        let mut all = std::iter::once(current).chain(before);
        all.find(|price| price.checked_mul(count) == Some(pays)).unwrap_or(current)
    }

    /// How many seats a party gets now: as many of those that it wants as are left, and at least as many as it takes.
    #[must_use]
    pub fn room_for(
        &self,
        party: &Party,
        (seats, kind): (Seats, Option<&TicketType>),
        now: UnixSeconds,
    ) -> u32 {
        party.most_of(|count| {
            self.check_seats(seats, count, now).is_ok() && self.check_type(kind, count).is_ok()
        })
    }

    /// Checks whether so many seats of a type may be sold, beside what the event allows.
    ///
    /// # Errors
    ///
    /// [`NotOnSale`] says why not.
    pub fn check_type(&self, kind: Option<&TicketType>, wanted: u32) -> Result<(), NotOnSale> {
        let Some((kind, left)) = kind.and_then(|kind| Some((kind, kind.seats_left()?))) else {
            return Ok(());
        };
        match kind.seats.saturating_sub(kind.taken) {
            _ if left >= wanted => Ok(()),
            0 => Err(NotOnSale::TypeFull),
            unsold if unsold < wanted => Err(NotOnSale::TooFew(left.max(1))),
            // What payments in progress hold may become free.
            _ => Err(NotOnSale::AllHeld),
        }
    }

    /// Limits the event to the seats of its types, if each has a number. An event that had just these before a change has
    /// just these after it.
    pub(super) fn fit_capacity(&mut self, before: Option<&Self>, seats: Seats) {
        let Some(most) = self.seats_of_types(seats) else { return };
        let was_fitted = before.is_some_and(|it| {
            it.capacity == self.capacity && it.seats_of_types(seats) == Some(it.capacity)
        });
        if was_fitted || self.capacity == 0 || self.capacity > most {
            self.capacity = most;
        }
    }

    /// The seats of all types together, and those that were sold without a type. `None`: a type has no number.
    fn seats_of_types(&self, seats: Seats) -> Option<u32> {
        if self.types.is_empty() || self.types.iter().any(|kind| kind.seats == 0) {
            return None;
        }
        let sum = |of: fn(&TicketType) -> u32| {
            self.types.iter().fold(0_u32, |sum, kind| sum.saturating_add(of(kind)))
        };
        let others = seats.taken.saturating_add(seats.held).saturating_sub(sum(TicketType::gone));
        Some(sum(|kind| kind.seats).saturating_add(others))
    }

    /// The lowest and the highest price at `now`.
    #[must_use]
    pub fn prices(&self, now: UnixSeconds) -> (Usdc, Usdc) {
        let all = || self.types.iter().map(|kind| kind.price_at(now));
        (all().min().unwrap_or(self.price), all().max().unwrap_or(self.price))
    }

    /// What seats cost at `now`, for people: `$0.05`, `Free`, or `$5 to $20`.
    #[must_use]
    pub fn prices_in_words(&self, now: UnixSeconds) -> String {
        let (low, high) = self.prices(now);
        if low == high {
            return price_in_words(low);
        }
        format!("{} to {}", price_in_words(low), price_in_words(high))
    }

    /// The name of a type that was sold.
    #[must_use]
    pub fn type_name(&self, id: Option<&str>) -> Option<&str> {
        let kind = self.types.iter().find(|kind| Some(kind.id.as_str()) == id);
        kind.map(|kind| kind.name.as_str())
    }

    /// Counts so many seats of a type as held no more.
    pub(super) fn release(&mut self, id: Option<&str>, held: u32) {
        for kind in self.types.iter_mut().filter(|kind| Some(kind.id.as_str()) == id) {
            kind.held = kind.held.saturating_sub(held);
        }
    }

    /// Keeps the prices of `before` for the challenges that name them.
    pub(super) fn keep_prices_of(&mut self, before: &Self, now: UnixSeconds) {
        let was = |old: Option<(Usdc, Option<Until>)>, new: Usdc| {
            let (price, was) = old?;
            let until = now.plus(PAYMENT_SECONDS.into());
            if price == new { was } else { Some(Until { price, until }) }
        };
        let first = before.types.first().map_or(before.was, |kind| kind.was);
        let first = (before.price_at(None, now), first);
        if self.types.is_empty() {
            self.was = was(Some(first), self.price);
            return;
        }
        self.was = None;
        for (at, kind) in self.types.iter_mut().enumerate() {
            let known = before.types.iter().find(|old| old.id == kind.id);
            let known = known.map(|old| (old.price_at(now), old.was));
            // Who names no type has asked for the price of the first one.
            let known = known.or_else(|| (at == 0).then_some(first));
            kind.was = was(known, kind.price_at(now));
        }
    }
}
