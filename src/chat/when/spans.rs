//! Days counted from today, and two days that belong together: `in two weeks`, `from friday to sunday`, `saturday or sunday`.

use jiff::civil::Date;

use super::{Days, When, dated, named, plus};
use crate::chat::said::Word;

/// More days than those that a span has at most.
const DAYS_MAX: i8 = 100;

/// Days that have a name.
pub(super) const FIXED: &[(&str, Days)] = &[
    ("today", Days::Today),
    ("the day after tomorrow", Days::AfterTomorrow),
    ("day after tomorrow", Days::AfterTomorrow),
    ("tomorrow", Days::Tomorrow),
    ("this weekend", Days::Weekend(0)),
    ("the weekend", Days::Weekend(0)),
    ("weekend", Days::Weekend(0)),
    ("next weekend", Days::Weekend(1)),
    ("this coming weekend", Days::Weekend(0)),
    ("the coming weekend", Days::Weekend(0)),
    ("coming weekend", Days::Weekend(0)),
    ("end of the week", Days::Weekend(0)),
    ("later today", Days::Today),
    ("an hour", Days::Today),
    ("two hours", Days::Today),
    ("a few hours", Days::Today),
    ("later this week", Days::Week(0)),
    ("the rest of the week", Days::Week(0)),
    ("this week", Days::Week(0)),
    ("this weeks", Days::Week(0)),
    ("next weeks", Days::Week(1)),
    ("the weekend after this one", Days::Weekend(1)),
    ("the weekend after this", Days::Weekend(1)),
    ("the weekend after", Days::Weekend(1)),
    ("the following weekend", Days::Weekend(1)),
    ("weekend after next", Days::Weekend(2)),
    ("the week after this one", Days::Week(1)),
    ("the week after this", Days::Week(1)),
    ("the following week", Days::Week(1)),
    ("week after next", Days::Week(2)),
    ("this weekends", Days::Weekend(0)),
    ("next weekends", Days::Weekend(1)),
    ("next months", Days::Month(1)),
    ("next week", Days::Week(1)),
    ("the next few days", Days::Coming(3)),
    ("next few days", Days::Coming(3)),
    ("the next couple of days", Days::Coming(3)),
    ("the next days", Days::Coming(3)),
    ("the coming days", Days::Coming(3)),
    ("the coming week", Days::Coming(7)),
    ("the next two weeks", Days::Coming(14)),
    ("the next few weeks", Days::Coming(21)),
    ("the coming weeks", Days::Coming(21)),
    ("this month", Days::Month(0)),
    ("next month", Days::Month(1)),
    ("new years day", Days::Date(1, Some(1))),
    ("new years eve", Days::Date(31, Some(12))),
    ("christmas eve", Days::Date(24, Some(12))),
    ("christmas", Days::Date(25, Some(12))),
    ("xmas", Days::Date(25, Some(12))),
];

/// What a second day is to the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    /// The last day of a span.
    Through(Days),
    /// Another day beside it.
    Or(Days),
}

impl Join {
    /// Whether the day is one of both, or between them. `first` and `last` are those of the first.
    pub(super) fn includes(self, day: Date, (first, last): (Date, Date), today: Date) -> bool {
        match self {
            Self::Through(end) => {
                let end = end.span(today).1;
                // On a Saturday, `from friday to sunday` is about the next Friday.
                let end = if end < first { plus(end, 7) } else { end };
                (first..=end).contains(&day)
            }
            Self::Or(other) => {
                let (from, to) = other.span(today);
                (first..=last).contains(&day) || (from..=to).contains(&day)
            }
        }
    }
}

/// One or two days, without a word before them.
pub(super) fn joined(words: &[Word]) -> Option<(usize, When)> {
    let (taken, when) = named(words)?;
    let second = || {
        let join: fn(Days) -> Join = match words.get(taken)?.text.as_str() {
            "to" | "till" | "until" | "through" | "thru" => Join::Through,
            "or" | "and" => Join::Or,
            _ => return None,
        };
        let on = words.get(taken.checked_add(1)?).is_some_and(|word| word.text == "on");
        let start = taken.checked_add(1)?.checked_add(usize::from(on))?;
        let (more, other) = named(words.get(start..)?)?;
        let is_day = other.from.is_none() && when.from.is_none() && when.days.is_some();
        let other = other.days.filter(|_| is_day)?;
        Some((start.checked_add(more)?, When { more: Some(join(other)), ..when }))
    };
    second().or(Some((taken, when)))
}

/// `the week of december 14`, `the weekend of the 19th`.
pub(super) fn week_of(words: &[Word]) -> Option<(usize, When)> {
    let word = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let at = usize::from(word(0) == "the");
    let is_weekend = word(at) == "weekend";
    if !(is_weekend || word(at) == "week") || word(at.checked_add(1)?) != "of" {
        return None;
    }
    let before = at.checked_add(2)?;
    let (taken, Days::Date(number, month)) = dated(words.get(before..)?)? else { return None };
    let days = Some(Days::WeekOf(number, month, is_weekend));
    Some((before.checked_add(taken)?, When { days, ..When::default() }))
}

/// `between friday and sunday`.
pub(super) fn between(words: &[Word]) -> Option<(usize, When)> {
    words.first().filter(|word| matches!(word.text.as_str(), "between" | "from"))?;
    if let Some(found) = numbered(words) {
        return Some(found);
    }
    words.first().filter(|word| word.text == "between")?;
    let (taken, when) = joined(words.get(1..)?)?;
    let Some(Join::Or(end)) = when.more else { return None };
    Some((taken.checked_add(1)?, When { more: Some(Join::Through(end)), ..when }))
}

/// `between 11 and 13 December`: the month stands once.
fn numbered(words: &[Word]) -> Option<(usize, When)> {
    let first = words.get(1)?.text.trim_end_matches(char::is_alphabetic).parse::<i8>().ok()?;
    let join = words.get(2).map(|word| word.text.as_str());
    join.filter(|join| matches!(*join, "and" | "to" | "till" | "until" | "through"))?;
    let (taken, when) = named(words.get(3..)?)?;
    let Some(Days::Date(last, Some(month))) = when.days else { return None };
    let days = Some(Days::Date(first, Some(month))).filter(|_| (1..=31).contains(&first));
    let more = Some(Join::Through(Days::Date(last, Some(month))));
    Some((taken.checked_add(3)?, When { days: Some(days?), more, ..When::default() }))
}

/// `in 3 days`, `within two weeks`, `the next ten days`.
pub(super) fn counted(words: &[Word]) -> Option<(usize, When)> {
    let word = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let mut at = usize::from(matches!(word(0), "in" | "within" | "over" | "for" | "during"));
    at = at.checked_add(usize::from(word(at) == "the"))?;
    let is_span = matches!(word(at), "next" | "coming" | "following") || word(0) == "within";
    at = at.checked_add(usize::from(matches!(word(at), "next" | "coming" | "following")))?;
    let count = count(word(at))?;
    let unit = word(at.checked_add(1)?);
    let (in_days, days) = match unit {
        "day" | "days" => (Days::In(count), count),
        "week" | "weeks" => (Days::Week(count), count.checked_mul(7)?),
        "month" | "months" => (Days::Month(count), count.checked_mul(30)?),
        _ => return None,
    };
    let days = match (is_span, word(0)) {
        (true, _) => Days::Coming(days.min(DAYS_MAX)),
        (false, "in") => in_days,
        (false, _) => return None,
    };
    Some((at.checked_add(2)?, When { days: Some(days), ..When::default() }))
}

fn count(word: &str) -> Option<i8> {
    const WORDS: [&str; 10] =
        ["a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let place = WORDS.iter().position(|known| *known == word);
    let number = place.and_then(|place| i8::try_from(place.checked_add(1)?).ok());
    number.or_else(|| word.parse().ok()).filter(|number| (1..=DAYS_MAX).contains(number))
}
