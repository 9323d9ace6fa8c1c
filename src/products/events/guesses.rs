//! Wrong promo codes are few, so that a stranger cannot find one by trying. A call with a code is judged here before anything else
//! is said about the code.
//!
//! Callers of one network (an IPv4 address, a /48) have ten wrong codes in an hour. If a host gets a hundred in an hour from all
//! networks together, each network has one more. So an attacker with many networks tries one code from each, and a guest
//! who has the right code is always heard.

use crate::base::code::Code;
use crate::ports::World;
use crate::products::events::party::Party;
use crate::products::events::promos::NoPromo;
use crate::products::events::{Event, store};
use crate::rails::outcome::{Abort, Failure, Money};
use crate::sale::cx::Cx;
use crate::sale::product::Taker;

/// Wrong codes of one network in [`PERIOD_SECONDS`].
const SOURCE_MAX: u64 = 10;
/// Wrong codes at one host in [`PERIOD_SECONDS`] until each network has one only.
const HOST_MAX: u64 = 100;
/// Wrong codes that are written down in [`PERIOD_SECONDS`]. Beyond them no code is heard.
const ROWS_MAX: u64 = 10_000;
const PERIOD_SECONDS: i64 = 3_600;

/// Checks that the party's code is one of the event. Beyond the limits nothing is said about any code.
///
/// # Errors
///
/// `promo_code_refused` for a wrong code, which is counted, and `rate_limited`; no money moved.
pub(super) fn check(
    cx: &Cx<'_, impl World>,
    event: &Event,
    party: &Party,
    by: &Taker<'_>,
) -> Result<(), Failure> {
    let Some(code) = party.promo() else { return Ok(()) };
    let source = cx.pseudonym(by.source);
    let since = cx.now().plus(-PERIOD_SECONDS);
    let guesses = store::guesses(cx.world, &source, since)?;
    let most = if guesses.all < HOST_MAX { SOURCE_MAX } else { 1 };
    if guesses.by_source >= most || guesses.all >= ROWS_MAX {
        let detail = "too many wrong promo codes came in the last hour; try again in an hour, or without a code, for the full price";
        let abort = Abort::new(Code::RateLimited, detail).with_money(Money::NotMoved);
        return Err(Abort { retry_after: Some(PERIOD_SECONDS), ..abort }.into());
    }
    if event.promos.iter().any(|promo| promo.code() == code) {
        return Ok(());
    }
    cx.world.atomically(|| store::note_guess(cx.world, &source, (cx.now(), since)))?;
    Err(NoPromo::Unknown.into())
}
