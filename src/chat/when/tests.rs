use jiff::civil::date;

use super::*;
use crate::chat::said::said;

const TODAY: Date = date(2026, 12, 9);

fn read(text: &str) -> When {
    let words = said(text);
    let (taken, when) = When::read(&words).unwrap_or_else(|| panic!("{text}"));
    assert_eq!(taken, words.len(), "{text}");
    when
}

fn days(text: &str, today: Date) -> (Date, Date) {
    read(text).days.unwrap().span(today)
}

#[test]
fn days_are_those_that_people_mean() {
    let december = |first, last| (date(2026, 12, first), date(2026, 12, last));
    for (text, span) in [
        ("today", december(9, 9)),
        ("tomorrow", december(10, 10)),
        ("the day after tomorrow", december(11, 11)),
        ("this weekend", december(12, 13)),
        ("on the weekend", december(12, 13)),
        ("next weekend", december(19, 20)),
        ("this week", december(9, 13)),
        ("next week", december(14, 20)),
        ("this month", december(9, 31)),
        ("next month", (date(2027, 1, 1), date(2027, 1, 31))),
        ("on Wednesday", december(9, 9)),
        ("on Sat", december(12, 12)),
        ("this friday", december(11, 11)),
        ("next friday", december(18, 18)),
        ("on tuesday", december(15, 15)),
        ("in December", december(9, 31)),
        ("in november", (date(2027, 11, 1), date(2027, 11, 30))),
        ("in january 2027", (date(2027, 1, 1), date(2027, 1, 31))),
        ("on the 20th", december(20, 20)),
        ("on the 3rd", (date(2027, 1, 3), date(2027, 1, 3))),
        ("12 Dec", december(12, 12)),
        ("Dec 12th", december(12, 12)),
        ("the 1st of march", (date(2027, 3, 1), date(2027, 3, 1))),
        ("in 3 days", december(12, 12)),
        ("in two weeks", december(21, 27)),
        ("in a month", (date(2027, 1, 1), date(2027, 1, 31))),
        ("within the next ten days", december(9, 19)),
        ("the next 5 days", december(9, 14)),
        ("this coming saturday", december(12, 12)),
        ("later this week", december(9, 13)),
        ("new year's day", (date(2027, 1, 1), date(2027, 1, 1))),
        ("the weekend after this one", december(19, 20)),
        ("week after next", december(21, 27)),
        ("the week of december 16", december(14, 20)),
        ("the weekend of the 19th", december(19, 20)),
        ("friday 11 december", december(11, 11)),
        // The date counts.
        ("monday the 15th", december(15, 15)),
    ] {
        assert_eq!(days(text, TODAY), span, "{text}");
    }
    let sunday = date(2026, 12, 13);
    assert_eq!(days("this weekend", sunday), december(12, 13));
    assert_eq!(days("next week", sunday), december(14, 20));
    assert_eq!(days("on the 31st", date(2027, 2, 1)), (date(2027, 2, 28), date(2027, 2, 28)));
}

#[test]
fn two_days_are_a_span_or_one_of_them() {
    let on = |text: &str, today: Date| -> Vec<i8> {
        let when = read(text);
        let is_meant = |day: &i8| when.includes(date(2026, 12, *day), 600, today);
        (1..=31).filter(is_meant).collect()
    };
    for (text, days) in [
        ("from saturday to sunday", vec![12, 13]),
        ("between friday and sunday", vec![11, 12, 13]),
        ("between 11 and 13 December", vec![11, 12, 13]),
        ("on friday or on sunday", vec![11, 13]),
        ("saturday and sunday", vec![12, 13]),
        ("until friday", (1..=11).collect()),
        ("before friday", (1..=10).collect()),
        ("from the 29th", vec![29, 30, 31]),
        ("after the 29th", vec![30, 31]),
    ] {
        assert_eq!(on(text, TODAY), days, "{text}");
    }
    assert_eq!(on("from friday to sunday", date(2026, 12, 12)), [18, 19, 20]);
}

#[test]
fn hours_are_those_of_the_day_in_the_zone_of_the_event() {
    for (text, day, minute, is_meant) in [
        ("tonight", 9, 19 * 60, true),
        ("tonight", 9, 12 * 60, false),
        ("tonight", 10, 19 * 60, false),
        ("before 6pm", 30, 17 * 60 + 59, true),
        ("before 6 pm", 30, 18 * 60, false),
        ("after 18:30", 30, 18 * 60 + 30, true),
        ("before noon", 30, 11 * 60, true),
        ("from 12am", 30, 0, true),
        ("tomorrow morning", 10, 9 * 60, true),
        ("tomorrow morning", 10, 13 * 60, false),
        ("in the evening", 30, 20 * 60, true),
        ("before friday", 10, 0, true),
        ("before friday", 11, 0, false),
        ("after this weekend", 14, 0, true),
        ("after this weekend", 13, 0, false),
    ] {
        let when = read(text);
        assert_eq!(
            when.includes(date(2026, 12, day), minute, TODAY),
            is_meant,
            "{text} {day} {minute}"
        );
    }
}

#[test]
fn what_is_no_time_is_none() {
    for text in
        ["", "berlin", "on", "at 25:00", "12", "the 32nd", "before", "after 13pm", "next", "may be"]
    {
        let words = said(text);
        let read = When::read(&words);
        assert!(read.is_none_or(|(taken, _)| taken < words.len()), "{text}: {read:?}");
    }
    assert!(read("today").and(read("tomorrow")).is_none());
    assert!(read("today").and(read("before 6pm")).is_some());
}
