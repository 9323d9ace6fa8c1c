//! The cost of each request, and the budgets of a source.
//!
//! The gateway counts in memory, each isolate for itself, and refuses without asking an object. Cheap and expensive
//! requests have separate budgets, so that a flood of sign-ins does not stop purchases from the same network address.
//! Requests that leave something behind also have budgets for an hour and a day.

use crate::base::rate_limit::{Budget, RateLimiter};
use crate::base::time::UnixSeconds;
use crate::http::route::{AtFacilitator, AtHost, Own, Route};
use crate::http::source::Source;

const HOUR_SECONDS: i64 = 3_600;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;
/// The factor for all budgets of a local deployment's own machine.
const OWN_MACHINE: u32 = 1_000;

/// The budgets of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// Tool calls, pages, the host's lists.
    Calls,
    /// Requests that prove an identity, send mail, or make an object.
    Identity,
}

/// The cost of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    purpose: Purpose,
    points: u32,
}

/// The cost of a request without a route, and of a preflight.
pub const NOTHING: Cost = Cost { purpose: Purpose::Calls, points: 1 };
/// The additional cost of a new guest session: 60 in a minute.
pub const NEW_SESSION: Cost = Cost { purpose: Purpose::Identity, points: 45 };
/// The additional cost of a wallet's proof, as of a sign-in: 300 in a minute.
pub const PROOF: Cost = Cost { purpose: Purpose::Identity, points: 10 };
/// The additional cost of a signature that a chain must judge: 20 in a minute.
pub const CONTRACT_SIGN_IN: Cost = Cost { purpose: Purpose::Identity, points: 140 };

impl Cost {
    #[must_use]
    pub const fn of(route: &Route) -> Self {
        let (purpose, points) = match route {
            Route::Nonce
            | Route::Settings
            | Route::MailWebhook
            | Route::Cover(_)
            | Route::Facilitator(AtFacilitator::Supported)
            | Route::Host(_, AtHost::Mcp | AtHost::Tool(_) | AtHost::ToolPrice(_)) => {
                (Purpose::Calls, 1)
            }
            Route::Own(Own::Register) => (Purpose::Identity, 50),
            // It copies everything that a host has.
            // Copies everything that a host has, asks many objects, or draws a picture.
            Route::Own(Own::Export)
            | Route::Faucet
            | Route::Tickets
            | Route::Host(_, AtHost::Share(_)) => (Purpose::Calls, 100),
            Route::Own(_)
            | Route::Host(
                _,
                AtHost::Manifest
                | AtHost::ServerCard
                | AtHost::HostPage
                | AtHost::EventPage(_)
                | AtHost::Calendar(_)
                | AtHost::Picture(_)
                | AtHost::Ticket(_)
                | AtHost::Question(_)
                | AtHost::Reader(_)
                | AtHost::SetReader(_),
            ) => (Purpose::Calls, 5),
            // Each asks a relayer's object, or the chain.
            Route::Health
            | Route::Explorer(_)
            | Route::Facilitator(AtFacilitator::Verify | AtFacilitator::Settle) => {
                (Purpose::Calls, 20)
            }
            Route::Market(_) | Route::Facilitator(AtFacilitator::Resources) => (Purpose::Calls, 10),
            Route::Agent => (Purpose::Identity, 5),
            Route::Siwe | Route::SignOut => (Purpose::Identity, 10),
            Route::CheckCode => (Purpose::Identity, 30),
            Route::SendCode => (Purpose::Identity, 150),
        };
        Self { purpose, points }
    }
}

impl Purpose {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Calls => "calls ",
            Self::Identity => "identity ",
        }
    }

    /// For one source in a minute.
    const fn budget(self) -> Budget {
        match self {
            Self::Calls => Budget::per_minute(30_000),
            Self::Identity => Budget::per_minute(3_000),
        }
    }
}

/// Something that stays or costs money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rare {
    /// A new guest session.
    Session,
    /// The registration of a host.
    Host,
    /// A mail with a code.
    Code,
}

impl Rare {
    const fn prefixes(self) -> [&'static str; 2] {
        match self {
            Self::Session => ["session/h ", "session/d "],
            Self::Host => ["host/h ", "host/d "],
            Self::Code => ["code/h ", "code/d "],
        }
    }

    /// For one source, in an hour and in a day.
    const fn budgets(self) -> [Budget; 2] {
        let (hour, day) = match self {
            Self::Session => (600, 2_000),
            Self::Host => (20, 60),
            Self::Code => (30, 100),
        };
        [Budget { max: hour, seconds: HOUR_SECONDS }, Budget { max: day, seconds: DAY_SECONDS }]
    }
}

/// The counters of one isolate.
#[derive(Debug, Default)]
pub struct Admission {
    by_minute: RateLimiter,
    /// Counters with a longer period have a table of their own, so that a flood of calls does not evict them.
    by_day: RateLimiter,
}

impl Admission {
    /// Charges a request. `is_local`: the deployment runs on a developer's machine.
    ///
    /// # Errors
    ///
    /// How many seconds to wait.
    pub fn admit(
        &mut self,
        source: &Source,
        is_local: bool,
        cost: Cost,
        now: UnixSeconds,
    ) -> Result<(), i64> {
        let budget = generous(source, is_local, cost.purpose.budget());
        source.admit(&mut self.by_minute, cost.purpose.prefix(), cost.points, budget, now)
    }

    /// Charges something that stays.
    ///
    /// # Errors
    ///
    /// How many seconds to wait.
    pub fn admit_rare(
        &mut self,
        source: &Source,
        is_local: bool,
        rare: Rare,
        now: UnixSeconds,
    ) -> Result<(), i64> {
        let ([hourly, daily], [hour, day]) = (rare.prefixes(), rare.budgets());
        let [hour, day] = [hour, day].map(|budget| generous(source, is_local, budget));
        source.admit(&mut self.by_day, hourly, 1, hour, now)?;
        let admitted = source.admit(&mut self.by_day, daily, 1, day, now);
        if admitted.is_err() {
            source.take_back(&mut self.by_day, hourly, 1);
        }
        admitted
    }

    /// Refunds a charge: nothing stays.
    pub fn take_back(&mut self, source: &Source, rare: Rare) {
        for prefix in rare.prefixes() {
            source.take_back(&mut self.by_day, prefix, 1);
        }
    }
}

/// On a local machine all requests have the same source.
fn generous(source: &Source, is_local: bool, budget: Budget) -> Budget {
    let is_own = is_local && source.is_own_machine();
    let times = if is_own { OWN_MACHINE } else { 1 };
    Budget { max: budget.max.saturating_mul(times), ..budget }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::route::parse;

    const SCOPE: &str = "0123456789abcdef0123456789abcdef";

    fn cost(method: &str, path: &str) -> Cost {
        Cost::of(&parse(method, path).unwrap())
    }

    /// Requests of one source that are admitted at once.
    fn most(cost: Cost, source: &str, is_local: bool) -> u32 {
        let (mut admission, source) = (Admission::default(), Source::parse(source));
        let now = UnixSeconds::new(0);
        let asked = 0..50_000;
        let admitted =
            asked.filter(|_| admission.admit(&source, is_local, cost, now).is_ok()).count();
        u32::try_from(admitted).unwrap()
    }

    #[test]
    fn every_request_counts_by_what_it_costs_us() {
        for (method, path, per_minute) in [
            ("POST", format!("/mcp/users/{SCOPE}"), 30_000),
            ("POST", format!("/x402/users/{SCOPE}/tools/listEvents"), 30_000),
            ("GET", format!("/e/{SCOPE}"), 6_000),
            ("GET", format!("/e/{SCOPE}/evt_0123456789abcdef01234567/share.png"), 300),
            ("GET", "/api/users/me".to_owned(), 6_000),
            ("GET", "/api/users/export".to_owned(), 300),
            ("GET", "/api/tickets".to_owned(), 300),
            ("GET", "/health".to_owned(), 1_500),
            ("GET", format!("/explorer/tx/0x{}", "1".repeat(64)), 1_500),
            ("POST", "/api/auth/nonce".to_owned(), 30_000),
            ("POST", "/api/auth/siwe".to_owned(), 300),
            ("POST", "/api/auth/otp/verify".to_owned(), 100),
            ("POST", "/api/auth/otp".to_owned(), 20),
            ("POST", "/api/users/mcp".to_owned(), 60),
            ("GET", "/agent".to_owned(), 600),
        ] {
            assert_eq!(most(cost(method, &path), "203.0.113.1", false), per_minute, "{path}");
        }
        assert_eq!(most(NOTHING, "203.0.113.1", true), 30_000, "a stranger at a local one");
        assert_eq!(most(NOTHING, "", false), 30_000, "the platform always names a source");
        assert_eq!(most(NOTHING, "127.0.0.1", true), 50_000);
    }

    #[test]
    fn a_flood_of_contract_sign_ins_asks_the_chain_twenty_times_and_stops_no_call() {
        let (mut admission, source) = (Admission::default(), Source::parse("203.0.113.1"));
        let now = UnixSeconds::new(0);
        let mut asked = 0;
        for _ in 0..10_000 {
            let sign_in = admission.admit(&source, false, cost("POST", "/api/auth/siwe"), now);
            let mut chain = || admission.admit(&source, false, CONTRACT_SIGN_IN, now);
            asked += u32::from(sign_in.is_ok() && chain().is_ok());
        }
        assert_eq!(asked, 20);
        let call = cost("POST", &format!("/mcp/users/{SCOPE}"));
        assert_eq!(admission.admit(&source, false, call, now), Ok(()));
        assert_eq!(admission.admit(&Source::parse("203.0.113.2"), false, NEW_SESSION, now), Ok(()));
    }

    #[test]
    fn hosts_sessions_and_codes_of_one_source_are_counted_by_hour_and_day() {
        for (rare, hour, day) in
            [(Rare::Host, 20, 60), (Rare::Code, 30, 100), (Rare::Session, 600, 2_000)]
        {
            let (mut admission, source) = (Admission::default(), Source::parse("2001:db8::1"));
            let mut admitted = 0;
            for hours in 0..20 {
                let now = UnixSeconds::new(hours * HOUR_SECONDS);
                let in_hour = (0..700)
                    .filter(|_| admission.admit_rare(&source, false, rare, now).is_ok())
                    .count();
                assert!(in_hour <= hour, "{rare:?}");
                admitted += in_hour;
            }
            assert_eq!(admitted, day, "{rare:?}");
            let now = UnixSeconds::new(20 * HOUR_SECONDS);
            assert_eq!(admission.admit_rare(&source, false, rare, now), Err(4 * HOUR_SECONDS));
            admission.take_back(&source, rare);
            assert_eq!(admission.admit_rare(&source, false, rare, now), Ok(()));
        }
    }

    #[test]
    fn a_flood_of_calls_from_everywhere_does_not_renew_what_is_counted_by_the_day() {
        let (mut admission, source) = (Admission::default(), Source::parse("203.0.113.1"));
        let now = UnixSeconds::new(0);
        for _ in 0..20 {
            assert_eq!(admission.admit_rare(&source, false, Rare::Host, now), Ok(()));
        }
        for number in 0..20_000_u32 {
            let other = Source::V4(number.into());
            assert_eq!(admission.admit(&other, false, NOTHING, now), Ok(()));
        }
        assert!(admission.admit_rare(&source, false, Rare::Host, now).is_err());
    }
}
