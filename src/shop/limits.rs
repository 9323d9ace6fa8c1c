//! In-memory rate limits by network address and by wallet. Eviction resets them, which is safe because only idle
//! objects are evicted.

use crate::base::code::Code;
use crate::base::money::Usdc;
use crate::base::rate_limit::Budget;
use crate::chain::permit2::signer;
use crate::chain::solana::networks::Chain;
use crate::http::source::Source;
use crate::identity::access::Caller;
use crate::ledger::limits::{DAY_SECONDS, Limits};
use crate::ledger::wallets;
use crate::ports::{Sql, SqlError, World};
use crate::rails::outcome::{Abort, Failure, Money};
use crate::rails::x402::wire::{Means, PaymentPayload};
use crate::sale::key::network_of;
use crate::shop::memory::Memory;

/// The cost of a tool call in a source's budget.
pub const CALL_COST: u32 = 10;
/// The cost of any other request (`initialize`, `ping`, lists of tools), which searches no storage.
pub const LIST_COST: u32 = 1;

/// The budget that a call was charged to.
pub enum Charged {
    /// The budget of the source.
    Source,
    /// A wallet's, by its key.
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

impl Memory {
    /// Charges a call that is not paid for yet.
    pub fn admit_unpaid(
        &self,
        world: &impl World,
        source: &Source,
        cost: u32,
    ) -> Result<(), Failure> {
        self.count_unpaid(world, source, cost)?.map_err(|seconds| {
            let detail = format!(
                "too many calls that were not paid for came from your address; wait {seconds} seconds"
            );
            rate_limited(detail, seconds)
        })
    }

    /// Charges a free call. What the host's side calls costs nothing.
    pub fn admit_stranger(
        &self,
        world: &impl World,
        caller: &Caller,
        source: &Source,
    ) -> Result<(), Failure> {
        if caller.is_owner_side() { Ok(()) } else { self.admit_unpaid(world, source, CALL_COST) }
    }

    /// Charges a call that may bring a payment. If the source's budget is used up, a wallet that has paid here before
    /// has a budget of its own, so that neighbours behind one network address (a cloud's, an office's) cannot keep it
    /// from buying. An invented wallet and a copied or forged payment gain nothing.
    pub fn admit_payer(
        &self,
        world: &impl World,
        source: &Source,
        payment: Option<&PaymentPayload>,
    ) -> Result<Charged, Failure> {
        let Err(failure) = self.admit_unpaid(world, source, CALL_COST) else {
            return Ok(Charged::Source);
        };
        let payer = payment.map(|payment| good_payer(world, payment)).transpose()?.flatten();
        let Some(payer) = payer else { return Err(failure) };
        let budget = Budget::per_minute(Limits::load(world)?.calls_per_minute);
        let charged = Charged::Payer(format!("payer {payer}"));
        let admitted = self.unpaid.borrow_mut().admit(charged.key(), 1, budget, world.now());
        admitted.map(|()| charged).map_err(|_| failure)
    }

    /// Refunds the charge of a call that was paid for.
    pub fn give_back(&self, source: &Source, charged: &Charged) {
        let limiter = &mut self.unpaid.borrow_mut();
        match charged {
            Charged::Source => source.take_back(limiter, "", CALL_COST),
            Charged::Payer(_) => limiter.take_back(charged.key(), 1),
        }
    }

    /// Charges the source. The inner error is the wait in seconds.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if SQLite refuses.
    pub fn count_unpaid(
        &self,
        world: &impl World,
        source: &Source,
        cost: u32,
    ) -> Result<Result<(), i64>, SqlError> {
        let calls = Limits::load(world)?.unpaid_per_minute;
        let budget = Budget::per_minute(calls.saturating_mul(CALL_COST));
        let limiter = &mut self.unpaid.borrow_mut();
        Ok(source.admit(limiter, "", cost, budget, world.now()))
    }

    /// Checks the wallet's limits for a paid call of `amount`. Its signature is known to be valid, so no other caller
    /// can use up its budget.
    pub fn admit_wallet(
        &self,
        world: &impl World,
        payer: &str,
        amount: Usdc,
    ) -> Result<(), Failure> {
        let now = world.now();
        let limits = Limits::load(world)?;
        let (spent, since) = wallets::spent(world, payer, now.plus(-DAY_SECONDS))?;
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
}

/// The payer, if it has paid here before and its key signed this payment.
fn good_payer(sql: &impl Sql, payment: &PaymentPayload) -> Result<Option<String>, SqlError> {
    let Some(network) = network_of(payment) else { return Ok(None) };
    // Who signed on Solana is known to the facilitator only.
    let (Chain::Evm(network), Means::Evm { authorization, permit, signature, .. }) =
        (network, &payment.means)
    else {
        return Ok(None);
    };
    let payer = payment.payer();
    // The cheap check first: few wallets have paid.
    if wallets::reputation(sql, &payer)?.settled == 0 {
        return Ok(None);
    }
    let signed_by = signer(network, authorization, permit.as_deref(), signature);
    Ok((signed_by == Some(authorization.from)).then_some(payer))
}

fn rate_limited(detail: String, seconds: i64) -> Failure {
    let abort = Abort::new(Code::RateLimited, detail).with_money(Money::NotMoved);
    Abort { retry_after: Some(seconds), ..abort }.into()
}
