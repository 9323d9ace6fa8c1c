//! The limits of a host's server for one wallet and one network address: paid calls in a minute, dollars in a day.

use serde::{Deserialize, Serialize};

use crate::base::fields::{self, InvalidField};
use crate::base::money::Usdc;
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError, SqlValue};

/// The limits of a server for one wallet and one source (a network address).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Paid calls of one wallet in a minute.
    pub calls_per_minute: u32,
    /// The amount that one wallet may pay in 24 hours.
    pub usd_per_day: Usdc,
    /// Calls of one source in a minute that end without a payment.
    pub unpaid_per_minute: u32,
}

/// The limits as the host sees them; dollars as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct LimitsView {
    calls_per_minute: u32,
    usd_per_day: String,
    unpaid_per_minute: u32,
}

/// A host's change of its limits. Missing fields keep their value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitChanges {
    calls_per_minute: Option<u32>,
    usd_per_day: Option<String>,
    unpaid_per_minute: Option<u32>,
}

const USD_PER_DAY: Usdc = match Usdc::from_atomic(1_000_000_000) {
    Ok(dollars) => dollars,
    Err(_) => Usdc::MAX,
};
pub const DAY_SECONDS: i64 = 86_400;
const PER_MINUTE_MAX: u32 = 100_000;

impl Default for Limits {
    fn default() -> Self {
        Self { calls_per_minute: 30, usd_per_day: USD_PER_DAY, unpaid_per_minute: 300 }
    }
}

impl Limits {
    /// The host's limits, with defaults for those that are not set.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn load(sql: &impl Sql) -> Result<Self, SqlError> {
        let usual = Self::default();
        let statement =
            "SELECT calls_per_minute, usd_per_day, unpaid_per_minute FROM profile WHERE id = 1";
        let Some(mut columns) = first(sql, statement, &[])? else { return Ok(usual) };
        let small = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok());
        let calls = small(columns.optional_int()?);
        let dollars = columns.optional_int()?.and_then(|atomic| u64::try_from(atomic).ok());
        let unpaid = small(columns.optional_int()?);
        Ok(Self {
            calls_per_minute: calls.unwrap_or(usual.calls_per_minute),
            usd_per_day: dollars
                .and_then(|atomic| Usdc::from_atomic(atomic).ok())
                .unwrap_or(usual.usd_per_day),
            unpaid_per_minute: unpaid.unwrap_or(usual.unpaid_per_minute),
        })
    }

    /// Stores the limits in the host's profile.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn save(self, sql: &impl Sql) -> Result<(), SqlError> {
        let statement = "UPDATE profile SET calls_per_minute = ?1, usd_per_day = ?2, \
             unpaid_per_minute = ?3 WHERE id = 1";
        let parameters: [SqlValue; 3] =
            [self.calls_per_minute.into(), self.usd_per_day.into(), self.unpaid_per_minute.into()];
        sql.run(statement, &parameters).map(drop)
    }

    /// Applies a change.
    ///
    /// # Errors
    /// [`InvalidField`] names the refused field.
    pub fn changed(self, changes: &LimitChanges) -> Result<Self, InvalidField> {
        let per_minute = |field: &'static str, wanted: Option<u32>, now: u32| match wanted {
            None => Ok(now),
            Some(wanted) if (1..=PER_MINUTE_MAX).contains(&wanted) => Ok(wanted),
            Some(_) => Err(fields::bad(field, format!("must be from 1 to {PER_MINUTE_MAX}"))),
        };
        let usd_per_day = match changes.usd_per_day.as_deref() {
            None => self.usd_per_day,
            Some(text) => Usdc::from_dollars(text)
                .map_err(|error| fields::bad("limits.usdPerDay", error.to_string()))?,
        };
        Ok(Self {
            calls_per_minute: per_minute(
                "limits.callsPerMinute",
                changes.calls_per_minute,
                self.calls_per_minute,
            )?,
            usd_per_day,
            unpaid_per_minute: per_minute(
                "limits.unpaidPerMinute",
                changes.unpaid_per_minute,
                self.unpaid_per_minute,
            )?,
        })
    }

    /// The view for the host.
    #[must_use]
    pub fn view(self) -> LimitsView {
        LimitsView {
            calls_per_minute: self.calls_per_minute,
            usd_per_day: self.usd_per_day.to_string(),
            unpaid_per_minute: self.unpaid_per_minute,
        }
    }
}
