//! Promo codes: a lower price for who knows the code. A code belongs to one event and is compared in one writing. Each seat that
//! is bought with it is a use; payments in progress hold theirs, as they hold the seats. `guesses.rs` limits who tries codes.
//!
//! A code whose time has come, or that its host has removed, counts for the payments of the challenges that named its price.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::code::Code;
use crate::base::fields::{CAPACITY_MAX, InvalidField, PRICE_MAX, bad, moment};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::rails::outcome::{Abort, Failure, Money};
use crate::rails::quote::PAYMENT_SECONDS;

/// Promo codes of one event.
pub const PROMOS_MAX: usize = 50;
/// The length of a code, characters. A shorter one would be found by trying.
const CODE_CHARS: std::ops::RangeInclusive<usize> = 4..=30;
/// When to retry for a held use, seconds.
const HELD_SECONDS: i64 = 10;

/// A promo code of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promo {
    /// The code in its one writing ([`writing`]), a dot, and when it was made. So a code that is made anew after it was removed has
    /// another id, and its uses are counted anew.
    pub id: String,
    /// What it takes off the price of a seat, as `read_off` reads it.
    pub off: String,
    /// Since when it takes that off.
    pub since: UnixSeconds,
    /// Seats that it can be used for; 0 for any number.
    pub uses: u32,
    /// When it ends; `None` if it does not before the event.
    pub until: Option<UnixSeconds>,
    /// Whether its host has removed it.
    pub removed: bool,
    /// Seats that are sold with it, as they were read with the event.
    #[serde(skip)]
    pub taken: u32,
    /// Seats that are held with it, as they were read with the event.
    #[serde(skip)]
    pub held: u32,
}

/// A promo code as its host sets it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PromoInput {
    /// 4 to 30 letters, digits, hyphens and underscores, for example "FRIENDS-2027"; small letters count as capitals.
    pub code: String,
    /// What it takes off the price of each seat: percent, for example "20%", or US dollars, for example "5".
    pub off: String,
    /// How many seats can be bought with it. Default 0: any number.
    #[serde(default)]
    #[schemars(range(max = 1_000_000))]
    pub uses: u32,
    /// When it ends, RFC 3339. Default: with the event.
    pub expires_at: Option<String>,
}

/// A promo code as its host sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct PromoView {
    code: String,
    /// What it takes off the price of each seat: "20%", or dollars.
    off: String,
    /// How many seats can be bought with it; 0 for any number.
    uses: u32,
    /// Seats that were bought with it, without those that were given back.
    used: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    expires_at: Option<String>,
}

/// Why a code does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPromo {
    #[error("is not one of this event; check its writing, or leave it out to pay the full price")]
    Unknown,
    #[error("has ended; leave it out to pay the full price")]
    Ended,
    #[error("has been used as often as it can be; leave it out to pay the full price")]
    UsedUp,
    /// Fewer uses are left than seats are wanted.
    #[error("is good for {0} more; ask for fewer seats, or leave it out to pay the full price")]
    TooFew(u32),
    /// Payments in progress hold the uses that are left.
    #[error("is held by a payment that is being settled; try again in a minute")]
    Held,
}

impl From<NoPromo> for Failure {
    fn from(why: NoPromo) -> Self {
        let abort = Abort::new(Code::PromoCodeRefused, format!("promoCode: {why}"));
        let retry_after = (why == NoPromo::Held).then_some(HELD_SECONDS);
        Abort { retry_after, ..abort.with_money(Money::NotMoved) }.into()
    }
}

/// The code of an id ([`Promo::id`]), in its one writing.
pub(super) fn code_of(id: &str) -> &str {
    id.split('.').next().unwrap_or_default()
}

impl Promo {
    /// In its one writing.
    #[must_use]
    pub fn code(&self) -> &str {
        code_of(&self.id)
    }

    /// What a seat costs with it.
    #[must_use]
    pub fn price(&self, full: Usdc) -> Usdc {
        let (percent, amount) = read_off(&self.off).unwrap_or_default();
        let off = full.percent(percent).checked_add(amount);
        off.and_then(|off| full.checked_sub(off)).unwrap_or(Usdc::ZERO)
    }

    /// Seats that are sold or held with it.
    const fn gone(&self) -> u32 {
        self.taken.saturating_add(self.held)
    }

    /// Whether it has ended at `now`. For a payment it ends when the last challenge that named its price does.
    fn is_over(&self, pays: bool, now: UnixSeconds) -> bool {
        let grace = if pays { PAYMENT_SECONDS.into() } else { 0 };
        self.until.is_some_and(|until| until.plus(grace) <= now)
    }

    /// Checks whether it is good for so many more seats. `pays`: whether the call has a payment.
    ///
    /// # Errors
    ///
    /// [`NoPromo`] says why not.
    pub(super) fn check(&self, pays: bool, seats: u32, now: UnixSeconds) -> Result<(), NoPromo> {
        if self.is_over(pays, now) {
            return Err(NoPromo::Ended);
        }
        let unsold = self.uses.saturating_sub(self.taken);
        match unsold {
            _ if self.uses == 0 || self.uses.saturating_sub(self.gone()) >= seats => Ok(()),
            0 => Err(NoPromo::UsedUp),
            unsold if unsold < seats => Err(NoPromo::TooFew(unsold)),
            _ => Err(NoPromo::Held),
        }
    }

    /// The view of its host.
    #[must_use]
    pub fn view(&self) -> PromoView {
        PromoView {
            code: self.code().to_owned(),
            off: self.off.clone(),
            uses: self.uses,
            used: self.taken,
            expires_at: self.until.map(|until| until.to_string()),
        }
    }
}

/// The one writing in which codes are compared: capital letters, no outer spaces. `None` if it cannot be a code.
#[must_use]
pub fn writing(code: &str) -> Option<String> {
    let code = code.trim().to_ascii_uppercase();
    let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (CODE_CHARS.contains(&code.len()) && code.chars().all(is_good)).then_some(code)
}

/// Checks the codes that a host sets. `known`: those of before.
///
/// # Errors
///
/// [`InvalidField`] says what is wrong with which code.
pub fn read(
    inputs: &[PromoInput],
    known: &[Promo],
    now: UnixSeconds,
) -> Result<Vec<Promo>, InvalidField> {
    if inputs.len() > PROMOS_MAX {
        return Err(bad("promoCodes", format!("must be at most {PROMOS_MAX}")));
    }
    let mut promos: Vec<Promo> = Vec::new();
    for input in inputs {
        let mut promo = read_one(input, now)?;
        let about = |what: String| bad("promoCodes", format!("\"{}\" {what}", promo.code()));
        if promos.iter().any(|other| other.code() == promo.code()) {
            return Err(about("is there twice".to_owned()));
        }
        // One that was removed and is made again within the second it was made in is the same.
        let is_it =
            |old: &&Promo| old.code() == promo.code() && (!old.removed || old.id == promo.id);
        let old = known.iter().find(is_it);
        if promo.is_over(false, now) && old.is_none_or(|old| old.until != promo.until) {
            return Err(about("must end later than now; to end it now, remove it".to_owned()));
        }
        if let Some(old) = old {
            let gone = old.gone();
            if promo.uses > 0 && promo.uses < gone {
                return Err(about(format!("is used by {gone} seats that are taken or held")));
            }
            if old.off == promo.off {
                promo.since = old.since;
            }
            promo.id.clone_from(&old.id);
            (promo.taken, promo.held) = (old.taken, old.held);
        }
        promos.push(promo);
    }
    let removed = known.iter().filter(|old| !promos.iter().any(|it| it.id == old.id));
    let removed = removed.map(|old| {
        let until = Some(old.until.map_or(now, |until| until.min(now)));
        Promo { removed: true, until, ..old.clone() }
    });
    let named: Vec<Promo> =
        removed.filter(|old| !old.is_over(true, now)).take(PROMOS_MAX).collect();
    promos.extend(named);
    Ok(promos)
}

fn read_one(input: &PromoInput, now: UnixSeconds) -> Result<Promo, InvalidField> {
    let rule = "must be 4 to 30 letters (a to z), digits, hyphens and underscores";
    let code = writing(&input.code).ok_or_else(|| bad("promoCodes", rule))?;
    let about = |what: &str| bad("promoCodes", format!("\"{code}\" {what}"));
    let off = input.off.trim();
    if read_off(off).is_none() {
        return Err(about(
            "needs in `off` what it takes off: 1% to 100%, or dollars, at most 100000",
        ));
    }
    if input.uses > CAPACITY_MAX {
        return Err(about("has too many uses; send 0 for any number"));
    }
    Ok(Promo {
        id: format!("{code}.{}", now.get()),
        off: off.to_owned(),
        since: now,
        uses: input.uses,
        until: input.expires_at.as_deref().map(|it| moment("promoCodes", it)).transpose()?,
        removed: false,
        taken: 0,
        held: 0,
    })
}

/// What a code takes off, of which one part is nothing: percent, such as `20%`, and dollars, such as `5`. `None` if it takes nothing
/// off, or is neither.
fn read_off(off: &str) -> Option<(u8, Usdc)> {
    let (percent, amount) = match off.strip_suffix('%') {
        Some(percent) => (percent.parse().ok()?, Usdc::ZERO),
        None => (0, Usdc::from_dollars(off).ok()?),
    };
    let is_good = (1..=100).contains(&percent) || (!amount.is_zero() && amount <= PRICE_MAX);
    is_good.then_some((percent, amount))
}
