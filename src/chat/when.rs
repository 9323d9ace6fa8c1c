//! Days and times in words: `this weekend`, `on the 20th`, `before 6pm`.
//!
//! What they mean depends on today, which is a parameter: today in the zone of the event that is compared.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use crate::chat::pattern::begins;
use crate::chat::said::Word;

mod spans;

use spans::{FIXED, Join, between, counted, joined, week_of};

/// The days and the time of day that a message names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct When {
    days: Option<Days>,
    /// Days that belong to them.
    more: Option<Join>,
    /// A bound of the days instead of the days themselves.
    bound: Option<Bound>,
    /// From this minute of the day on.
    from: Option<i16>,
    /// Before this minute of the day.
    before: Option<i16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    Before,
    Until,
    From,
    After,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Days {
    Today,
    Tomorrow,
    AfterTomorrow,
    /// In so many weeks: Saturday and Sunday.
    Weekend(i8),
    /// In so many weeks, from Monday on.
    Week(i8),
    /// In so many months.
    Month(i8),
    /// Today and so many days after it.
    Coming(i8),
    /// So many days after today.
    In(i8),
    /// The next one, or that of next week.
    Day(Weekday, bool),
    /// The month of this name that is not over, or that of a year.
    Named(i8, Option<i16>),
    /// The day of a month, or of the next month that has it.
    Date(i8, Option<i8>),
    /// The week of such a day, or only its weekend.
    WeekOf(i8, Option<i8>, bool),
}

/// Parts of a day: from this minute on, and before that one.
const PARTS: &[(&str, i16, i16)] = &[
    ("morning", 0, 12 * 60),
    ("afternoon", 12 * 60, 18 * 60),
    ("evening", 17 * 60, 24 * 60),
    ("night", 17 * 60, 24 * 60),
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

impl When {
    /// The time that the words begin with, and how many words it takes.
    pub(super) fn read(words: &[Word]) -> Option<(usize, Self)> {
        let word = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
        let bound = match word(0) {
            "before" => Some(Bound::Before),
            "until" | "till" | "by" => Some(Bound::Until),
            "from" | "since" => Some(Bound::From),
            "after" => Some(Bound::After),
            _ => None,
        };
        if let Some(found) = counted(words).or_else(|| between(words)) {
            return Some(found);
        }
        if let Some(bound) = bound {
            return bounded(words, bound);
        }
        let skipped =
            usize::from(matches!(word(0), "on" | "in" | "for" | "over" | "during" | "at"));
        let here = words.get(skipped..)?;
        let (mut taken, mut when) = joined(here)?;
        let part = here.get(taken).and_then(|next| part_of_day(&next.text));
        if let (Some((from, before)), None) = (part, when.from) {
            taken = taken.saturating_add(1);
            when = Self { from: Some(from), before: Some(before), ..when };
        }
        Some((taken.saturating_add(skipped), when))
    }

    /// From these days through those; `None` if one of them names no day.
    pub(super) fn through(self, end: Self) -> Option<Self> {
        self.days?;
        Some(Self { more: Some(Join::Through(end.days?)), bound: None, ..self })
    }

    /// Both together; `None` if they name the same twice.
    pub(super) fn and(self, other: Self) -> Option<Self> {
        let is_twice = (self.days.is_some() && other.days.is_some())
            || (self.from.is_some() && other.from.is_some())
            || (self.before.is_some() && other.before.is_some());
        let both = Self {
            days: self.days.or(other.days),
            more: self.more.or(other.more),
            bound: self.bound.or(other.bound),
            from: self.from.or(other.from),
            before: self.before.or(other.before),
        };
        (!is_twice).then_some(both)
    }

    /// Whether an event that starts on this day, at this minute of it, is meant. All in the zone of the event.
    pub(super) fn includes(self, day: Date, minute: i16, today: Date) -> bool {
        let is_day = self.days.is_none_or(|days| {
            let (first, last) = days.span(today);
            match (self.bound, self.more) {
                (None, None) => (first..=last).contains(&day),
                (None, Some(more)) => more.includes(day, (first, last), today),
                (Some(Bound::Before), _) => day < first,
                (Some(Bound::Until), _) => day <= last,
                (Some(Bound::From), _) => day >= first,
                (Some(Bound::After), _) => day > last,
            }
        });
        let is_time = self.from.is_none_or(|from| minute >= from)
            && self.before.is_none_or(|before| minute < before);
        is_day && is_time
    }
}

impl Days {
    /// The first and the last day.
    fn span(self, today: Date) -> (Date, Date) {
        let monday = plus(today, -i64::from(today.weekday().to_monday_zero_offset()));
        let one = |day: Date| (day, day);
        match self {
            Self::Today => one(today),
            Self::Tomorrow => one(plus(today, 1)),
            Self::AfterTomorrow => one(plus(today, 2)),
            Self::Coming(days) => (today, plus(today, i64::from(days))),
            Self::In(days) => one(plus(today, i64::from(days))),
            Self::Weekend(weeks) => {
                let saturday =
                    plus(monday, 5_i64.saturating_add(i64::from(weeks).saturating_mul(7)));
                (saturday, plus(saturday, 1))
            }
            Self::Week(weeks) => {
                let first = plus(monday, i64::from(weeks).saturating_mul(7));
                (first.max(today), plus(first, 6))
            }
            Self::Month(months) => {
                let month = today.first_of_month().saturating_add(months.months());
                (month.max(today), month.last_of_month())
            }
            Self::Day(weekday, is_next_week) => {
                let from = if is_next_week { plus(monday, 7) } else { today };
                let days = weekday.since(from.weekday());
                one(plus(from, i64::from(days)))
            }
            Self::Named(number, year) => {
                let months = number.saturating_sub(today.month()).rem_euclid(12);
                let next = today.first_of_month().saturating_add(months.months());
                let of_year = year.and_then(|year| Date::new(year, number, 1).ok());
                let month = of_year.unwrap_or(next);
                (month.max(today), month.last_of_month())
            }
            Self::Date(number, month) => one(date(number, month, today)),
            Self::WeekOf(number, month, is_weekend) => {
                let day = date(number, month, today);
                let monday = plus(day, -i64::from(day.weekday().to_monday_zero_offset()));
                (plus(monday, if is_weekend { 5 } else { 0 }), plus(monday, 6))
            }
        }
    }
}

/// The next such day, today included. One that no month has is the last of the month.
fn date(number: i8, month: Option<i8>, today: Date) -> Date {
    let wait = month.map_or(0, |month| month.saturating_sub(today.month()).rem_euclid(12));
    let step = if month.is_some() { 12 } else { 1 };
    let first = today.first_of_month().saturating_add(wait.months());
    let in_month =
        |first: Date| plus(first, i64::from(number.min(first.days_in_month())).saturating_sub(1));
    let day = in_month(first);
    if day < today { in_month(first.saturating_add(step.months())) } else { day }
}

fn plus(day: Date, days: i64) -> Date {
    day.saturating_add(days.days())
}

/// `before 6pm`, `after Friday`.
fn bounded(words: &[Word], bound: Bound) -> Option<(usize, When)> {
    let here = words.get(1..)?;
    if let Some((taken, minute)) = clock(here) {
        let when = match bound {
            Bound::Before | Bound::Until => When { before: Some(minute), ..When::default() },
            Bound::From | Bound::After => When { from: Some(minute), ..When::default() },
        };
        return Some((taken.saturating_add(1), when));
    }
    let (taken, when) = joined(here)?;
    let bound = Some(bound).filter(|_| when.more.is_none());
    Some((taken.saturating_add(1), When { bound, ..when }))
}

/// Days or a part of a day, without a word before them.
fn named(words: &[Word]) -> Option<(usize, When)> {
    let word = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    if let Some(found) = week_of(words) {
        return Some(found);
    }
    let fixed = FIXED.iter().filter_map(|(phrase, days)| Some((begins(words, phrase)?, *days)));
    if let Some((taken, days)) = fixed.max_by_key(|(taken, _)| *taken) {
        return Some((taken, When { days: Some(days), ..When::default() }));
    }
    if word(0) == "tonight" {
        let (from, before) = part_of_day("evening")?;
        return Some((
            1,
            When {
                days: Some(Days::Today),
                from: Some(from),
                before: Some(before),
                ..When::default()
            },
        ));
    }
    let first = usize::from(matches!(word(0), "the" | "this" | "next" | "coming"));
    let skipped = first.saturating_add(usize::from(first == 1 && word(1) == "coming"));
    if let Some((from, before)) = part_of_day(word(skipped)).filter(|_| word(0) != "next") {
        let days = (word(0) == "this").then_some(Days::Today);
        let when = When { days, from: Some(from), before: Some(before), ..When::default() };
        return Some((skipped.saturating_add(1), when));
    }
    let is_next = word(0) == "next";
    if let Some((_, day)) =
        WEEKDAYS.iter().find(|(name, _)| *name == word(skipped).trim_end_matches('s'))
    {
        let taken = skipped.saturating_add(1);
        // `Wednesday 16 December` is that date, whatever day it is.
        let date = words.get(taken..).and_then(dated);
        let (more, days) = date.unwrap_or((0, Days::Day(*day, is_next)));
        return Some((taken.saturating_add(more), When { days: Some(days), ..When::default() }));
    }
    let (taken, days) = dated(words)?;
    Some((taken, When { days: Some(days), ..When::default() }))
}

/// `december`, `12 december`, `dec 12th`, `the 20th of december`, `the 20th`.
fn dated(words: &[Word]) -> Option<(usize, Days)> {
    let word = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    if let Some(month) = month(word(0)) {
        return Some(match day_number(word(1), false) {
            Some(number) => (2, Days::Date(number, Some(month))),
            None => match word(1).parse().ok().filter(|year| (2000..=2100).contains(year)) {
                Some(year) => (2, Days::Named(month, Some(year))),
                None => (1, Days::Named(month, None)),
            },
        });
    }
    let skipped = usize::from(word(0) == "the");
    let number = day_number(word(skipped), false)?;
    let after = skipped.saturating_add(1);
    let of = after.saturating_add(usize::from(word(after) == "of"));
    if let Some(month) = month(word(of)) {
        return Some((of.saturating_add(1), Days::Date(number, Some(month))));
    }
    // A bare number is no day.
    day_number(word(skipped), true).map(|number| (after, Days::Date(number, None)))
}

fn month(word: &str) -> Option<i8> {
    let place = MONTHS.iter().position(|name| *name == word)?;
    i8::try_from(place.checked_add(1)?).ok()
}

/// `12`, or `12th`, which it must be if `is_ordinal`.
fn day_number(word: &str, is_ordinal: bool) -> Option<i8> {
    let bare = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end));
    let digits = if is_ordinal { bare? } else { bare.unwrap_or(word) };
    digits.parse().ok().filter(|number| (1..=31).contains(number))
}

/// `6pm`, `6 pm`, `18:30`, `noon`: how many words it takes, and the minute of the day.
fn clock(words: &[Word]) -> Option<(usize, i16)> {
    let first = words.first()?.text.as_str();
    match first {
        "noon" => return Some((1, 12 * 60)),
        "midnight" => return Some((1, 24 * 60)),
        _ => {}
    }
    let half = |text: &str| match text {
        "am" => Some(false),
        "pm" => Some(true),
        _ => None,
    };
    let glued = first.strip_suffix("am").map(|time| (time, false));
    let glued = glued.or_else(|| first.strip_suffix("pm").map(|time| (time, true)));
    let next = words.get(1).and_then(|word| half(&word.text));
    let (time, is_pm, taken) = match (glued, next) {
        (Some((time, is_pm)), _) => (time, Some(is_pm), 1),
        (None, Some(is_pm)) => (first, Some(is_pm), 2),
        (None, None) => (first, None, 1),
    };
    let (hour, minute) = time.split_once([':', '.']).unwrap_or((time, "0"));
    let hour: i16 = hour.parse().ok()?;
    let minute: i16 = minute.parse().ok().filter(|minute| (0..60).contains(minute))?;
    let hour = match is_pm {
        Some(is_pm) if (1..=12).contains(&hour) => {
            hour.checked_rem(12)?.saturating_add(if is_pm { 12 } else { 0 })
        }
        None if (0..=24).contains(&hour) => hour,
        Some(_) | None => return None,
    };
    Some((taken, hour.saturating_mul(60).saturating_add(minute)))
}

fn part_of_day(word: &str) -> Option<(i16, i16)> {
    PARTS.iter().find(|(name, _, _)| *name == word).map(|(_, from, before)| (*from, *before))
}

#[cfg(test)]
mod tests;
