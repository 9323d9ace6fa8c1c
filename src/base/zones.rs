//! The rules of time zones, from whoever has them: the runtime of a Worker, which the edge installs, or the IANA database
//! that native tests link. A Worker that carried the database would be a twentieth larger.

use std::cell::Cell;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A zone at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// Local time minus UTC, seconds.
    pub offset: i64,
    /// The abbreviation of the zone's time, such as `CET`, or its offset if there is none.
    pub name: String,
}

/// A source of the rules.
pub trait Zones {
    /// The spelling of a zone's IANA name, which may come in any case; `None` if there is no such zone.
    fn spelling(&self, name: &str) -> Option<String>;

    /// The zone of this name at a moment; `None` if there is no such zone.
    fn at(&self, name: &str, moment: Timestamp) -> Option<Local>;
}

thread_local! {
    static PLATFORM: Cell<&'static dyn Zones> = const { Cell::new(&Linked) };
}

/// Replaces the source of all rules from now on.
pub fn install(zones: &'static dyn Zones) {
    PLATFORM.set(zones);
}

/// The source that is installed.
pub(super) fn zones() -> &'static dyn Zones {
    PLATFORM.get()
}

/// The database that is linked with this program; none in a Worker.
struct Linked;

impl Zones for Linked {
    fn spelling(&self, name: &str) -> Option<String> {
        TimeZone::get(name).ok()?.iana_name().map(str::to_owned)
    }

    fn at(&self, name: &str, moment: Timestamp) -> Option<Local> {
        let zone = TimeZone::get(name).ok()?;
        let info = zone.to_offset_info(moment);
        Some(Local { offset: info.offset().seconds().into(), name: info.abbreviation().to_owned() })
    }
}
