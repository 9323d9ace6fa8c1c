//! The rules of seat blocks, as plain functions over data. They use nothing of the tests, so that this file can move to
//! `src/products/events` as it is.
//!
//! The event's own object keeps the [`Pool`]; each seller object keeps one [`Block`]. A seller sells from its block by the
//! rule that one object has for the whole event ([`Event::check_on_sale`]). Seats move between the two by requests of the
//! seller. Two things make overselling impossible, whatever is lost, late or repeated:
//!
//! - Who gives seats writes them off before the other side hears of them.
//! - Requests of a seller have sequence numbers. The pool carries out each one once, and answers a repeat as before.
//!
//! A buyer's wallet decides which seller it comes to, so one object sees all payments of a wallet, and the rules that hold
//! for a wallet (one seat, one payment at a time) need no other.

use std::collections::BTreeMap;

use events_concierge::base::time::UnixSeconds;
use events_concierge::products::events::{Event, NotOnSale, Seats};

/// A seller asks for more when fewer seats than this are free: sales go on while the request is under way.
const LOW: u32 = 8;

/// A seller asks again after an answer that nothing was free, milliseconds.
pub(super) const ASK_AGAIN_MILLIS: i64 = 2_000;

/// Which of the sellers of an event, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SellerId(pub(super) u32);

/// What a seller sends to the pool. It is stored before it leaves, and sent until it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Request {
    /// Grows by one with each request of this seller.
    pub(super) sequence: u32,
    /// Seats that the seller has given up.
    returned: u32,
    /// Whether it wants more.
    wants: bool,
    /// Seats that it has sold.
    sold: u32,
}

/// The answer of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Grant {
    /// That of the request.
    pub(super) sequence: u32,
    /// Seats that the seller gets.
    seats: u32,
    /// Whether all seats of the event are sold, as far as sellers have said.
    is_sold_out: bool,
}

/// What the pool knows of one seller. A row in storage.
#[derive(Clone, Copy, Debug)]
struct Account {
    seats: u32,
    sold: u32,
    last: Grant,
}

/// All seats of an event, as the event's own object keeps them.
#[derive(Debug)]
pub(super) struct Pool {
    capacity: u32,
    sellers: u32,
    accounts: BTreeMap<SellerId, Account>,
}

impl Pool {
    /// The event has `capacity` seats, at least one.
    pub(super) const fn new(capacity: u32, sellers: u32) -> Self {
        Self { capacity, sellers, accounts: BTreeMap::new() }
    }

    /// Seats that no seller has.
    pub(super) fn free(&self) -> u32 {
        self.accounts.values().fold(self.capacity, |free, one| free.saturating_sub(one.seats))
    }

    /// Seats that a seller has by the books of the pool.
    pub(super) fn granted(&self, seller: SellerId) -> u32 {
        self.accounts.get(&seller).map_or(0, |account| account.seats)
    }

    /// Carries out a request, once. `None` for one that is older than the last: its answer has arrived.
    pub(super) fn answer(&mut self, seller: SellerId, request: Request) -> Option<Grant> {
        let nothing = Grant { sequence: 0, seats: 0, is_sold_out: false };
        let mut account = self.accounts.get(&seller).copied().unwrap_or(Account {
            seats: 0,
            sold: 0,
            last: nothing,
        });
        if request.sequence <= account.last.sequence {
            return (request.sequence == account.last.sequence).then_some(account.last);
        }
        account.seats = account.seats.saturating_sub(request.returned);
        account.sold = request.sold;
        self.accounts.insert(seller, account);
        let seats = if request.wants { self.share() } else { 0 };
        account.seats = account.seats.saturating_add(seats);
        let sold = self.accounts.values().fold(0_u32, |sum, one| sum.saturating_add(one.sold));
        let is_sold_out = sold >= self.capacity;
        account.last = Grant { sequence: request.sequence, seats, is_sold_out };
        self.accounts.insert(seller, account);
        Some(account.last)
    }

    /// Guided self-scheduling: blocks get smaller as seats get fewer, so that the last ones are not held where nobody asks.
    fn share(&self) -> u32 {
        let free = self.free();
        free.div_ceil(self.sellers.max(1).saturating_mul(2)).min(free)
    }
}

/// The seats that one seller may sell. A row in its storage.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// Sold and held seats among them.
    seats: u32,
    sequence: u32,
    pending: Option<Request>,
    is_sold_out: bool,
    /// Not before this moment it asks again, milliseconds.
    ask_after: i64,
}

impl Block {
    pub(super) const fn seats(&self) -> u32 {
        self.seats
    }

    /// The request to send, if one waits for its answer.
    pub(super) const fn pending(&self) -> Option<Request> {
        self.pending
    }

    /// Whether one more seat may be sold, by the rule for an event. A buyer hears that the event is full only when every seat
    /// of all sellers is sold.
    pub(super) fn check_on_sale(
        &self,
        event: &Event,
        seats: Seats,
        now: UnixSeconds,
    ) -> Result<(), NotOnSale> {
        // What others have is as good as sold.
        let elsewhere = event.capacity.saturating_sub(self.seats);
        let seats = Seats { taken: seats.taken.saturating_add(elsewhere), ..seats };
        event.check_on_sale(seats, now).map_err(|why| match why {
            NotOnSale::Full | NotOnSale::AllHeld if self.is_sold_out => NotOnSale::Full,
            NotOnSale::Full | NotOnSale::AllHeld => NotOnSale::AllHeld,
            NotOnSale::Draft
            | NotOnSale::Cancelled
            | NotOnSale::TypeFull
            | NotOnSale::Past
            | NotOnSale::Promised
            | NotOnSale::TooFew(_)
            | NotOnSale::TooManyForNewcomer(_) => why,
        })
    }

    const fn free(&self, Seats { taken, held, .. }: Seats) -> u32 {
        self.seats.saturating_sub(taken).saturating_sub(held)
    }

    /// Asks for more seats if few are left.
    pub(super) fn ask(&mut self, seats: Seats, now_millis: i64) -> Option<Request> {
        let may = self.pending.is_none() && now_millis >= self.ask_after;
        (may && self.free(seats) < LOW).then(|| self.begin(0, true, seats.taken))
    }

    /// Gives back what is free, for an object that nobody asks at the moment.
    pub(super) fn give_back(&mut self, seats: Seats) -> Option<Request> {
        let free = self.free(seats);
        (self.pending.is_none() && free > 0).then(|| self.begin(free, false, seats.taken))
    }

    fn begin(&mut self, returned: u32, wants: bool, sold: u32) -> Request {
        self.seats = self.seats.saturating_sub(returned);
        self.sequence = self.sequence.saturating_add(1);
        let request = Request { sequence: self.sequence, returned, wants, sold };
        self.pending = Some(request);
        request
    }

    /// Takes the answer to the request that waits; any other one has been taken before.
    pub(super) fn take(&mut self, grant: Grant, now_millis: i64) {
        let Some(pending) = self.pending.filter(|one| one.sequence == grant.sequence) else {
            return;
        };
        self.pending = None;
        self.seats = self.seats.saturating_add(grant.seats);
        self.is_sold_out = grant.is_sold_out;
        if pending.wants && grant.seats == 0 {
            self.ask_after = now_millis.saturating_add(ASK_AGAIN_MILLIS);
        }
    }
}
