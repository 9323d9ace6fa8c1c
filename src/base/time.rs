//! Moments and time zones. The current time is always a parameter; nothing here reads a clock.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use crate::base::zones::{Local, zones};

const UTC: &str = "UTC";

/// A moment, in whole seconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixSeconds(i64);

/// Why text is not a moment or a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not a date-time of RFC 3339, section 5.6.
    #[error("must be a date and time with an offset, such as 2027-03-01T18:30:00Z (RFC 3339)")]
    NotRfc3339,
    /// Before 1970 or after 9999.
    #[error("must lie between the years 1970 and 9999")]
    OutOfRange,
    /// Not in the IANA database.
    #[error("must be an IANA time zone such as Europe/Berlin")]
    UnknownZone,
}

impl UnixSeconds {
    /// 9999-12-30T22:00:00Z, the last moment that jiff can print in every zone.
    const MAX: i64 = 253_402_207_200;
    /// Stands for "never" in storage. It fits the integers of SQLite.
    pub const STORABLE_MAX: i64 = Self::MAX;

    /// From seconds since 1970.
    #[must_use]
    pub const fn new(seconds: i64) -> Self {
        Self(seconds)
    }

    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// This moment plus `seconds`, saturating.
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this moment; negative if this moment is the earlier one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whether there is such a moment, and it has come.
    #[must_use]
    pub fn has_come(moment: Option<Self>, now: Self) -> bool {
        moment.is_some_and(|moment| moment <= now)
    }

    /// Parses RFC 3339 text.
    ///
    /// # Errors
    /// [`TimeError::NotRfc3339`] or [`TimeError::OutOfRange`].
    pub fn from_rfc3339(text: &str) -> Result<Self, TimeError> {
        let moment: Timestamp = text.parse().map_err(|_| TimeError::NotRfc3339)?;
        Self::in_range(moment.as_second())
    }

    /// From milliseconds since 1970.
    ///
    /// # Errors
    /// [`TimeError::OutOfRange`].
    pub fn from_millis(millis: i64) -> Result<Self, TimeError> {
        Self::in_range(millis.div_euclid(1000))
    }

    fn in_range(seconds: i64) -> Result<Self, TimeError> {
        if (0..=Self::MAX).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(TimeError::OutOfRange)
        }
    }

    /// Human-readable, in `zone`: `Mon 1 Mar 2027, 18:30 CET`.
    #[must_use]
    pub fn to_words(self, zone: &ZoneName) -> String {
        let Local { offset, name } = self.local(zone);
        format!("{} {name}", self.plus(offset).timestamp().strftime("%a %-d %b %Y, %H:%M"))
    }

    /// As people write it, in `zone`: `Sat 12 Dec, 18:30`; with the year if that is another than at `now`.
    #[must_use]
    pub fn to_plain_words(self, zone: &ZoneName, now: Self) -> String {
        let local = self.civil(zone);
        let is_this_year = local.year() == now.civil(zone).year();
        let form = if is_this_year { "%a %-d %b, %H:%M" } else { "%a %-d %b %Y, %H:%M" };
        local.strftime(form).to_string()
    }

    /// The date and the time of day in `zone`.
    #[must_use]
    pub fn civil(self, zone: &ZoneName) -> DateTime {
        let Local { offset, .. } = self.local(zone);
        Offset::UTC.to_datetime(self.plus(offset).timestamp())
    }

    /// Short and in ASCII, with the city of the zone: `12 Dec 2026 18:30 Berlin`.
    #[must_use]
    pub fn to_short_words(self, zone: &ZoneName) -> String {
        let city = zone.city();
        let Local { offset, .. } = self.local(zone);
        format!("{} {city}", self.plus(offset).timestamp().strftime("%-d %b %Y %H:%M"))
    }

    /// The day in `zone`: `Saturday 12 December 2026`.
    #[must_use]
    pub fn to_long_day(self, zone: &ZoneName) -> String {
        self.written(zone, "%A %-d %B %Y")
    }

    /// The day in `zone`, with its year only if that is not the year of `now`: `Sat 12 Dec`.
    #[must_use]
    pub fn to_short_day(self, zone: &ZoneName, now: Self) -> String {
        let is_this_year = self.written(zone, "%Y") == now.written(zone, "%Y");
        self.written(zone, if is_this_year { "%a %-d %b" } else { "%a %-d %b %Y" })
    }

    /// Day and month in `zone`: `12 December`.
    #[must_use]
    pub fn to_day_and_month(self, zone: &ZoneName) -> String {
        self.written(zone, "%-d %B")
    }

    /// The month in `zone`, `Dec`, and the day of the month, `12`.
    #[must_use]
    pub fn to_tile(self, zone: &ZoneName) -> (String, String) {
        (self.written(zone, "%b"), self.written(zone, "%-d"))
    }

    /// The time of the day in `zone`: `18:30`.
    #[must_use]
    pub fn to_clock(self, zone: &ZoneName) -> String {
        self.written(zone, "%H:%M")
    }

    /// The zone in words, as it is at this moment: `Berlin time (CET)`.
    #[must_use]
    pub fn zone_in_words(self, zone: &ZoneName) -> String {
        let Local { name, .. } = self.local(zone);
        if zone.0 == UTC { name } else { format!("{} time ({name})", zone.city()) }
    }

    fn written(self, zone: &ZoneName, format: &str) -> String {
        let Local { offset, .. } = self.local(zone);
        self.plus(offset).timestamp().strftime(format).to_string()
    }

    /// The zone at this moment. UTC needs no rules, and stands in for a zone that is not known any more.
    fn local(self, zone: &ZoneName) -> Local {
        let known = (zone.0 != UTC).then(|| zones().at(&zone.0, self.timestamp())).flatten();
        known.unwrap_or_else(|| Local { offset: 0, name: UTC.to_owned() })
    }

    /// The iCalendar form `YYYYMMDDTHHMMSSZ` (RFC 5545, 3.3.5).
    #[must_use]
    pub fn to_ics(self) -> String {
        self.timestamp().strftime("%Y%m%dT%H%M%SZ").to_string()
    }

    /// `YYYY-MM-DD` in UTC, for totals by day.
    #[must_use]
    pub fn to_day(self) -> String {
        self.timestamp().strftime("%Y-%m-%d").to_string()
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_second(self.0.clamp(0, Self::MAX)).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// RFC 3339 in UTC: `2027-03-01T18:30:00Z`.
impl fmt::Display for UnixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

/// The name of a time zone in the IANA database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ZoneName(String);

impl ZoneName {
    /// UTC, the default zone.
    #[must_use]
    pub fn utc() -> Self {
        Self(UTC.to_owned())
    }

    /// Finds a zone by its IANA name, in any case. The result has the spelling of the database.
    ///
    /// # Errors
    /// [`TimeError::UnknownZone`].
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        if text == UTC {
            return Ok(Self::utc());
        }
        zones().spelling(text).map(Self).ok_or(TimeError::UnknownZone)
    }

    /// The place that gives the zone its name.
    fn city(&self) -> String {
        self.0.rsplit('/').next().unwrap_or_default().replace('_', " ")
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_comes_back_in_utc() {
        let moment = UnixSeconds::from_rfc3339("2027-03-01T19:30:00+01:00").unwrap();
        assert_eq!(moment.to_string(), "2027-03-01T18:30:00Z");
        assert_eq!(moment.to_ics(), "20270301T183000Z");
        assert_eq!(moment.to_day(), "2027-03-01");
    }

    #[test]
    fn moments_that_cannot_be_meant_are_refused() {
        assert_eq!(UnixSeconds::from_rfc3339("2027-03-01"), Err(TimeError::NotRfc3339));
        assert_eq!(UnixSeconds::from_rfc3339("1969-03-01T00:00:00Z"), Err(TimeError::OutOfRange));
        assert_eq!(UnixSeconds::from_millis(i64::MAX), Err(TimeError::OutOfRange));
        assert_eq!(UnixSeconds::from_millis(1_800_000_000_999).unwrap().get(), 1_800_000_000);
    }

    #[test]
    fn zones_are_those_of_iana() {
        let berlin = ZoneName::parse("europe/berlin").unwrap();
        assert_eq!(berlin.as_str(), "Europe/Berlin");
        let moment = UnixSeconds::from_rfc3339("2027-03-01T18:30:00Z").unwrap();
        assert_eq!(moment.to_words(&berlin), "Mon 1 Mar 2027, 19:30 CET");
        assert_eq!(moment.to_short_words(&berlin), "1 Mar 2027 19:30 Berlin");
        let new_year = UnixSeconds::from_rfc3339("2026-12-31T23:30:00Z").unwrap();
        assert_eq!(moment.to_plain_words(&berlin, new_year), "Mon 1 Mar, 19:30");
        assert_eq!(moment.to_plain_words(&ZoneName::utc(), new_year), "Mon 1 Mar 2027, 18:30");
        assert_eq!(moment.to_short_words(&ZoneName::utc()), "1 Mar 2027 18:30 UTC");
        let (long, short) = (moment.to_long_day(&berlin), moment.to_short_day(&berlin, moment));
        assert_eq!([long.as_str(), short.as_str()], ["Monday 1 March 2027", "Mon 1 Mar"]);
        let new_year = UnixSeconds::from_rfc3339("2027-12-31T23:30:00Z").unwrap();
        assert_eq!(new_year.to_short_day(&berlin, moment), "Sat 1 Jan 2028");
        assert_eq!(new_year.to_tile(&berlin), ("Jan".to_owned(), "1".to_owned()));
        assert_eq!(new_year.to_clock(&berlin), "00:30");
        assert_eq!(new_year.to_day_and_month(&berlin), "1 January");
        assert_eq!(moment.zone_in_words(&berlin), "Berlin time (CET)");
        assert_eq!(moment.zone_in_words(&ZoneName::utc()), "UTC");
        assert_eq!(ZoneName::parse("Mars/Olympus"), Err(TimeError::UnknownZone));
    }
}
