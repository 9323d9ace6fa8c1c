//! Why a seat cannot be sold.

use crate::base::code::Code;
use crate::products::events::party::seats_in_words;
use crate::rails::outcome::{Abort, Failure, Money};

/// Why a seat cannot be sold now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOnSale {
    /// Its host has not published it. Only its host learns that it is there.
    #[error("there is no such event")]
    Draft,
    /// The host cancelled the event.
    #[error("this event was cancelled by its host")]
    Cancelled,
    /// The event is over.
    #[error("this event is over")]
    Past,
    /// Every seat is paid for.
    #[error("this event is full")]
    Full,
    /// Every seat of the ticket type is paid for.
    #[error(
        "no seat of this ticket type is left; choose another `ticketType` (see `types` in getEvent)"
    )]
    TypeFull,
    /// Fewer seats are left than were asked for.
    #[error("only {} left; ask for fewer", seats_in_words(*.0))]
    TooFew(u32),
    /// More seats than a wallet may have at once that has never paid here.
    #[error(
        "a wallet that has never paid this host gets at most {} of this event; ask for fewer",
        seats_in_words(*.0)
    )]
    TooManyForNewcomer(u32),
    /// Guests on the waitlist come first.
    #[error(
        "the seats that are free are kept for guests on the waitlist; join it, or, if a seat is held for your wallet, name it as walletAddress"
    )]
    Promised,
    /// Payments in progress hold every free seat.
    #[error(
        "every free seat is held by a payment that is being settled; try again in a minute, one may become free"
    )]
    AllHeld,
}

impl From<NotOnSale> for Failure {
    fn from(why: NotOnSale) -> Self {
        let code = match why {
            NotOnSale::Draft => Code::EventNotFound,
            NotOnSale::Cancelled => Code::EventCancelled,
            NotOnSale::Past => Code::EventPast,
            NotOnSale::Full
            | NotOnSale::TypeFull
            | NotOnSale::Promised
            | NotOnSale::TooFew(_)
            | NotOnSale::TooManyForNewcomer(_) => Code::EventFull,
            NotOnSale::AllHeld => Code::EventSeatsHeld,
        };
        let retry_after = (why == NotOnSale::AllHeld).then_some(HELD_SECONDS);
        let abort = Abort::new(code, why.to_string()).with_money(Money::NotMoved);
        Abort { retry_after, ..abort }.into()
    }
}

/// When to retry for a held seat, seconds.
const HELD_SECONDS: i64 = 10;
