//! What a guest gets back that cancels its seat. The host sets it with the event; a purchase keeps what was promised when
//! it was reserved, so a later change takes nothing away.

use serde::{Deserialize, Serialize};

use crate::base::fields::{InvalidField, bad};
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;

/// The longest time before the start, hours: a year.
const HOURS_MAX: u32 = 8_784;
const HOUR_SECONDS: i64 = 3_600;

/// The policy of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefundPolicy {
    /// Percentage of the price that goes back, 0 to 100.
    pub percent: u8,
    /// Until so many hours before the start.
    pub hours: u32,
    /// Whether everything goes back if the host has moved the event to another time or place.
    pub if_moved: bool,
}

/// What was promised for a purchase, as it is stored with its payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundTerms {
    percent: u8,
    hours: u32,
    if_moved: bool,
    /// When the event started as it was sold, Unix seconds.
    starts_at: i64,
    /// Where it took place as it was sold, empty if that was not said. `None` for purchases of before this was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<String>,
}

impl RefundPolicy {
    /// Checks what a host sets.
    ///
    /// # Errors
    /// [`InvalidField`] names the field.
    pub fn check(percent: u32, hours: u32, if_moved: bool) -> Result<Self, InvalidField> {
        let percent = u8::try_from(percent).ok().filter(|percent| *percent <= 100);
        let percent = percent.ok_or_else(|| bad("refundPercent", "must be 0 to 100"))?;
        if hours > HOURS_MAX {
            return Err(bad("refundUntilHours", format!("must be at most {HOURS_MAX}, a year")));
        }
        Ok(Self { percent, hours, if_moved })
    }

    /// What is promised to a buyer of a seat at an event that starts at `starts_at`, at this place.
    #[must_use]
    pub fn terms(self, starts_at: UnixSeconds, place: Option<&str>) -> RefundTerms {
        let Self { percent, hours, if_moved } = self;
        // Where nothing goes back in that case, the place is of no use.
        let place = if_moved.then(|| place.unwrap_or_default().to_owned());
        RefundTerms { percent, hours, if_moved, starts_at: starts_at.get(), place }
    }

    /// The policy in one or two sentences, for a guest.
    #[must_use]
    pub fn words(self) -> String {
        let all = if self.percent == 100 { "all your money" } else { "part of your money" };
        let share = match self.percent {
            100 => String::new(),
            percent => format!(" ({percent}%)"),
        };
        let own = match (self.percent, self.hours) {
            (0, _) => "If you cancel, you get no money back.".to_owned(),
            (_, 0) => format!("If you cancel before the start, you get {all} back{share}."),
            (_, hours) => format!(
                "If you cancel at least {} before the start, you get {all} back{share}.",
                in_words(hours)
            ),
        };
        let moved = if self.if_moved {
            " If the event moves to another time or place, you can cancel until its start and get everything back."
        } else {
            ""
        };
        format!("{own}{moved} If the host cancels the event, everything goes back to you.")
    }

    /// The policy in a few words of ASCII, for the payer's wallet.
    #[must_use]
    pub fn short(self) -> String {
        match (self.percent, self.hours) {
            (0, _) => "not refundable".to_owned(),
            (percent, 0) => format!("{percent}% refundable until the start"),
            (percent, hours) => {
                format!("{percent}% refundable until {} before", in_words(hours))
            }
        }
    }
}

impl RefundTerms {
    /// What goes back of `paid` if the guest cancels at `now`. `starts_at` and `place`: when and where the event is by now. If
    /// the host has moved the event, the later of both times counts for the end of the policy.
    #[must_use]
    pub fn back(
        &self,
        paid: Usdc,
        (starts_at, place): (UnixSeconds, Option<&str>),
        now: UnixSeconds,
    ) -> Usdc {
        let sold_for = UnixSeconds::new(self.starts_at);
        let start = starts_at.max(sold_for);
        let is_elsewhere =
            self.place.as_deref().is_some_and(|sold| sold != place.unwrap_or_default());
        if self.if_moved && (starts_at != sold_for || is_elsewhere) && now <= start {
            return paid;
        }
        let end = start.plus(-hours_in_seconds(self.hours));
        if now <= end { paid.percent(self.percent) } else { Usdc::ZERO }
    }
}

const fn hours_in_seconds(hours: u32) -> i64 {
    #[expect(clippy::as_conversions, reason = "widening u32 to i64 cannot lose anything")]
    (hours as i64).saturating_mul(HOUR_SECONDS)
}

/// `36 hours`, `3 days`, `1 hour`.
fn in_words(hours: u32) -> String {
    match (hours % 24, hours / 24) {
        (0, 1) => "24 hours".to_owned(),
        (0, days) => format!("{days} days"),
        _ if hours == 1 => "1 hour".to_owned(),
        _ => format!("{hours} hours"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: UnixSeconds = UnixSeconds::new(1_000_000);

    fn paid() -> Usdc {
        Usdc::from_cents(5)
    }

    #[test]
    fn a_part_goes_back_until_the_hour_that_was_promised_and_nothing_after_it() {
        let terms =
            RefundPolicy { percent: 50, hours: 24, if_moved: false }.terms(START, Some("Hall"));
        let end = START.plus(-86_400);
        assert_eq!(terms.back(paid(), (START, Some("Hall")), end).atomic(), 25_000);
        assert_eq!(terms.back(paid(), (START, Some("Hall")), end.plus(1)), Usdc::ZERO);
        let odd = Usdc::from_atomic(33_333).unwrap();
        assert_eq!(terms.back(odd, (START, Some("Hall")), end).atomic(), 16_666);
    }

    #[test]
    fn who_bought_loses_nothing_when_the_event_is_moved() {
        let promised =
            RefundPolicy { percent: 50, hours: 24, if_moved: false }.terms(START, Some("Hall"));
        let (earlier, later) = (START.plus(-200_000), START.plus(200_000));
        assert_eq!(
            promised.back(paid(), (earlier, Some("Hall")), START.plus(-86_400)).atomic(),
            25_000
        );
        assert_eq!(
            promised.back(paid(), (later, Some("Hall")), later.plus(-86_400)).atomic(),
            25_000
        );
        let moved =
            RefundPolicy { percent: 0, hours: 0, if_moved: true }.terms(START, Some("Hall"));
        assert_eq!(moved.back(paid(), (START, Some("Hall")), START.plus(-500_000)), Usdc::ZERO);
        assert_eq!(moved.back(paid(), (later, Some("Hall")), START.plus(-500_000)), paid());
    }

    #[test]
    fn another_place_is_a_move_too_until_the_start() {
        let moved = RefundPolicy { percent: 0, hours: 0, if_moved: true };
        let terms = moved.terms(START, Some("Hall"));
        assert_eq!(terms.back(paid(), (START, Some("Cellar")), START), paid());
        assert_eq!(terms.back(paid(), (START, None), START), paid());
        assert_eq!(terms.back(paid(), (START, Some("Cellar")), START.plus(1)), Usdc::ZERO);
        let nowhere = moved.terms(START, None);
        assert_eq!(nowhere.back(paid(), (START, None), START), Usdc::ZERO);
        assert_eq!(nowhere.back(paid(), (START, Some("Hall")), START), paid());
        // A purchase of before the place was stored.
        let old = r#"{"percent":0,"hours":0,"ifMoved":true,"startsAt":1000000}"#;
        let old: RefundTerms = serde_json::from_str(old).unwrap();
        assert_eq!(old.back(paid(), (START, Some("Cellar")), START), Usdc::ZERO);
    }

    #[test]
    fn the_words_say_what_the_rule_does() {
        let words = |percent, hours, if_moved| RefundPolicy { percent, hours, if_moved }.words();
        assert!(words(0, 0, false).starts_with("If you cancel, you get no money back."));
        assert!(words(100, 0, false).contains("before the start, you get all your money back."));
        let part = words(50, 48, true);
        assert!(part.contains("at least 2 days before"), "{part}");
        assert!(part.contains("part of your money back (50%)"), "{part}");
        assert!(part.contains("another time"), "{part}");
        let short = RefundPolicy { percent: 50, hours: 24, if_moved: false }.short();
        assert_eq!(short, "50% refundable until 24 hours before");
    }

    #[test]
    fn a_policy_has_its_limits() {
        assert_eq!(RefundPolicy::check(101, 0, false).unwrap_err().field, "refundPercent");
        assert_eq!(RefundPolicy::check(0, 9_000, false).unwrap_err().field, "refundUntilHours");
    }
}
