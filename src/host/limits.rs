//! Bounds for what strangers may do at a server: calls in a minute, dollars in a day.

use serde::{Deserialize, Serialize};

use crate::base::money::Usdc;
use crate::base::rate_limit::Budget;
use crate::chain::eip3009::recover_eoa;
use crate::host::Host;
use crate::host::command::Command;
use crate::host::paid::network_of;
use crate::http::source::Source;
use crate::ledger::wallets;
use crate::mcp::eras::Fault;
use crate::ports::storage::first;
use crate::ports::{Sql, SqlError, SqlValue, World};
use crate::rails::outcome::{Abort, Failure, Money};
use crate::rails::x402::wire::PaymentPayload;

/// What a call of a tool uses of a source's share.
pub(super) const CALL_COST: u32 = 10;
/// What everything else at a server uses of it (`initialize`, `ping`, lists of tools): no storage is searched.
pub(super) const LIST_COST: u32 = 1;

/// What one wallet, and one source, may do at a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Paid calls of one wallet in a minute.
    pub calls_per_minute: u32,
    /// What one wallet may pay in 24 hours.
    pub usd_per_day: Usdc,
    /// Calls of one source in a minute that are not paid for in the end.
    pub unpaid_per_minute: u32,
}

/// The same as the host sees them; dollars as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct LimitsView {
    calls_per_minute: u32,
    usd_per_day: String,
    unpaid_per_minute: u32,
}

/// What a host sends to change them; what is left out stays.
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
const DAY_SECONDS: i64 = 86_400;
const PER_MINUTE_MAX: u32 = 100_000;

impl Default for Limits {
    fn default() -> Self {
        Self { calls_per_minute: 30, usd_per_day: USD_PER_DAY, unpaid_per_minute: 300 }
    }
}

impl Limits {
    /// The host's own limits, and the usual ones where it set none.
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

    /// Stores them.
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

    /// With the changes that a host asks for.
    ///
    /// # Errors
    /// [`Failure`] names the field that cannot be.
    pub fn changed(self, changes: &LimitChanges) -> Result<Self, Failure> {
        let per_minute = |field: &str, wanted: Option<u32>, now: u32| match wanted {
            None => Ok(now),
            Some(wanted) if (1..=PER_MINUTE_MAX).contains(&wanted) => Ok(wanted),
            Some(_) => Err(bad(field, &format!("must be from 1 to {PER_MINUTE_MAX}"))),
        };
        let usd_per_day = match changes.usd_per_day.as_deref() {
            None => self.usd_per_day,
            Some(text) => Usdc::from_dollars(text)
                .map_err(|error| bad("limits.usdPerDay", &error.to_string()))?,
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

    /// As the host sees them.
    #[must_use]
    pub fn view(self) -> LimitsView {
        LimitsView {
            calls_per_minute: self.calls_per_minute,
            usd_per_day: self.usd_per_day.to_string(),
            unpaid_per_minute: self.unpaid_per_minute,
        }
    }
}

/// Whose share a call has used.
pub(super) enum Charged {
    /// The source's.
    Source,
    /// That of a wallet, by its key.
    Payer(String),
}

impl Charged {
    fn key(&self) -> &str {
        match self {
            Self::Source => "",
            Self::Payer(key) => key,
        }
    }
}

impl<W: World> Host<W> {
    /// Counts a call that is not paid for yet.
    pub(super) fn admit_unpaid(&self, source: &Source, cost: u32) -> Result<(), Failure> {
        self.count_unpaid(source, cost)?.map_err(|seconds| {
            let detail = format!(
                "too many calls that were not paid for came from your address; wait {seconds} seconds"
            );
            rate_limited(detail, seconds)
        })
    }

    /// The same for a call that may bring a payment. When the source's share is used up, a wallet that has paid here
    /// before still has one of its own, so that neighbours behind one network address (a cloud's, an office's)
    /// do not keep it from buying. An invented wallet, and a copied or forged payment, gain nothing.
    pub(super) fn admit_payer(
        &self,
        source: &Source,
        payment: Option<&PaymentPayload>,
    ) -> Result<Charged, Failure> {
        let Err(failure) = self.admit_unpaid(source, CALL_COST) else { return Ok(Charged::Source) };
        let payer = payment.map(|payment| self.good_payer(payment)).transpose()?.flatten();
        let Some(payer) = payer else { return Err(failure) };
        let budget = Budget::per_minute(Limits::load(&self.world)?.calls_per_minute);
        let charged = Charged::Payer(format!("payer {payer}"));
        let admitted = self.unpaid.borrow_mut().admit(charged.key(), 1, budget, self.world.now());
        admitted.map(|()| charged).map_err(|_| failure)
    }

    /// Gives back what a call used that was paid for in the end.
    pub(super) fn give_back(&self, source: &Source, charged: &Charged) {
        let limiter = &mut self.unpaid.borrow_mut();
        match charged {
            Charged::Source => source.take_back(limiter, "", CALL_COST),
            Charged::Payer(_) => limiter.take_back(charged.key(), 1),
        }
    }

    /// The payer, if it has paid here before and its key has signed this payment.
    fn good_payer(&self, payment: &PaymentPayload) -> Result<Option<String>, SqlError> {
        let Some(network) = network_of(payment) else { return Ok(None) };
        let payer = payment.authorization.from.to_checksum(None);
        // The cheap question first: only few wallets have paid.
        if wallets::reputation(&self.world, &payer)?.settled == 0 {
            return Ok(None);
        }
        let signer = recover_eoa(network, &payment.authorization, &payment.signature);
        Ok((signer == Some(payment.authorization.from)).then_some(payer))
    }

    /// The same for what is asked over MCP besides calls of tools.
    pub(super) fn count_list(&self, command: &Command, cost: u32) -> Result<(), Fault> {
        match self.count_unpaid(&command.source, cost) {
            Ok(admitted) => admitted.map_err(|seconds| Fault::RateLimited { seconds }),
            Err(error) => Err(self.internal(&error, command)),
        }
    }

    /// How long to wait, if the source's share is used up.
    fn count_unpaid(&self, source: &Source, cost: u32) -> Result<Result<(), i64>, SqlError> {
        let calls = Limits::load(&self.world)?.unpaid_per_minute;
        let budget = Budget::per_minute(calls.saturating_mul(CALL_COST));
        let limiter = &mut self.unpaid.borrow_mut();
        Ok(source.admit(limiter, "", cost, budget, self.world.now()))
    }

    /// Whether a wallet may make one more paid call for `amount`. Its signature is judged by now, so
    /// nobody else can use up its share.
    pub(super) fn admit_wallet(&self, payer: &str, amount: Usdc) -> Result<(), Failure> {
        let now = self.world.now();
        let limits = Limits::load(&self.world)?;
        let (spent, since) = wallets::spent(&self.world, payer, now.plus(-DAY_SECONDS))?;
        if spent.checked_add(amount).is_none_or(|sum| sum > limits.usd_per_day) {
            let wait = since.map_or(DAY_SECONDS, |since| since.plus(DAY_SECONDS).since(now).max(1));
            let detail = format!(
                "this server takes at most ${} from one wallet in 24 hours, and this one has paid ${spent}; try again later or with another wallet",
                limits.usd_per_day
            );
            return Err(rate_limited(detail, wait));
        }
        let admitted = self.wallet_calls.borrow_mut().admit(
            payer,
            1,
            Budget::per_minute(limits.calls_per_minute),
            now,
        );
        admitted.map_err(|seconds| {
            let detail = format!(
                "this server takes at most {} paid calls from one wallet in a minute; wait {seconds} seconds",
                limits.calls_per_minute
            );
            rate_limited(detail, seconds)
        })
    }

    /// A host hears at once that nobody could pay a price, or that it is below what settling it costs. What
    /// was priced lower before stays on sale.
    pub(super) fn check_own_price(&self, amount: Usdc) -> Result<(), Failure> {
        let min = self.config.price_min;
        if amount < min {
            let remedy =
                format!("must be at least ${min}: to move less costs more than it is worth");
            return Err(bad("price", &remedy));
        }
        let max = Limits::load(&self.world)?.usd_per_day;
        if amount <= max {
            return Ok(());
        }
        let remedy = format!(
            "is above the ${max} that your server takes from one wallet in 24 hours; first raise limits.usdPerDay (PATCH /api/users/me)"
        );
        Err(bad("price", &remedy))
    }

    /// Nobody is asked to pay a price that no wallet may pay.
    pub(super) fn check_price(&self, amount: Usdc) -> Result<(), Failure> {
        let max = Limits::load(&self.world)?.usd_per_day;
        if amount <= max {
            return Ok(());
        }
        let detail = format!(
            "the price is above the ${max} that this server takes from one wallet in 24 hours; its host can raise that (limits.usdPerDay at /api/users/me)"
        );
        Err(Abort::new("price_above_limit", 409, detail).with_money(Money::NotMoved).into())
    }
}

fn rate_limited(detail: String, seconds: i64) -> Failure {
    let abort = Abort::new("rate_limited", 429, detail).with_money(Money::NotMoved);
    Abort { retry_after: Some(seconds), ..abort }.into()
}

fn bad(field: &str, remedy: &str) -> Failure {
    Abort::new("invalid_arguments", 422, format!("{field}: {remedy}")).into()
}
