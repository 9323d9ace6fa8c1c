//! A paid call, step by step. Each step consumes the one before it, so none can be left out:
//!
//! ```text
//! Quoted ─verify→ Checked ─claim→ Claimed ─vouch→ Vouched ─claim_payee→ Exclusive
//!                          (sync: row
//!                           before any await)
//!        Exclusive ─reserve→ Reserved ─settle→ Settled
//!                   (sync: seat, intent, staged effect)
//! ```
//!
//! What is bought is handed over for a [`Settled`] only, which is made from a settled row.

#![deny(clippy::arithmetic_side_effects)]

use alloy_primitives::hex;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::chain::networks::Network;
use crate::id::{PaymentId, ScopeId};
use crate::ledger::payments::{self, Claim, Key, NewPayment, NotPaid, Payment, Settled, State};
use crate::ports::{Level, PayeeClaim, SqlError, World};
use crate::time::UnixSeconds;
use crate::x402::facilitator::{
    Cause, Facilitator, Question, SettleOutcome, Trouble, VerifyOutcome,
};
use crate::x402::quote::Quote;
use crate::x402::verify::{self, Checked, Mismatch, Signature};
use crate::x402::wire::PaymentPayload;

/// A paid call in state `S`.
#[derive(Debug)]
pub struct Call<S> {
    quote: Quote,
    state: S,
}

/// The price is known.
#[derive(Debug)]
pub struct Quoted(());

/// The payment is ours alone: claimed for this call.
#[derive(Debug)]
pub struct Claimed {
    id: PaymentId,
    checked: Checked,
}

/// The signature is good as far as anybody can tell.
#[derive(Debug)]
pub struct Vouched {
    id: PaymentId,
    checked: Checked,
}

/// No other host with the same payout address has this payment, or gets it from now on.
#[derive(Debug)]
pub struct Exclusive {
    id: PaymentId,
    checked: Checked,
}

/// The seat is held and the intent to settle is written.
#[derive(Debug)]
pub struct Reserved {
    id: PaymentId,
    checked: Checked,
}

/// What became of claiming a payment.
#[derive(Debug)]
pub enum Claiming {
    /// Go on.
    Go(Box<Call<Claimed>>),
    /// This payment was seen before, for this very call; the row says how far it is.
    Again(Box<Payment>),
    /// This payment was seen before, for another call.
    OtherCall,
    /// Another paid call of this wallet is in flight.
    Busy,
    /// An earlier payment for this call has an unknown outcome.
    UnknownBefore,
    /// The caller gave the same id to another payment.
    IdentifierConflict,
}

/// The alarm gave the call up while it waited; the same payment may be under way in another call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp;

/// Why a call ends before money is known to have moved.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// No money moved; a reason code.
    Refused(String),
    /// Another host with the same payout address has the payment. We moved no money.
    Elsewhere,
    /// No money moved; the facilitator cannot be used now.
    Unavailable(Trouble),
    /// Money may have moved; the alarm finds out. What that says of the facilitator, and the transaction,
    /// if one was named.
    Unknown(Cause, Option<String>),
    /// The authorization is used on chain, perhaps for this payment; the chain is to be asked.
    AlreadyUsed(PaymentId),
    /// Our storage failed.
    Storage(SqlError),
}

impl From<SqlError> for Stop {
    fn from(error: SqlError) -> Self {
        Self::Storage(error)
    }
}

impl Call<Quoted> {
    /// Begins with the price.
    #[must_use]
    pub fn new(quote: Quote) -> Self {
        Self { quote, state: Quoted(()) }
    }

    /// Compares the payment with the price, without asking anybody.
    ///
    /// # Errors
    /// The quote again, and what differs.
    pub fn verify(
        self,
        payment: PaymentPayload,
        now: UnixSeconds,
    ) -> Result<Call<Checked>, Box<(Quote, Mismatch)>> {
        match verify::check(&self.quote, payment, now) {
            Ok(state) => Ok(Call { quote: self.quote, state }),
            Err(mismatch) => Err(Box::new((self.quote, mismatch))),
        }
    }
}

impl Call<Checked> {
    /// The payment that this call would be paid with.
    #[must_use]
    pub fn checked(&self) -> &Checked {
        &self.state
    }

    /// Claims the payment for this call. Nothing may be awaited between reading the request and
    /// this.
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn claim(self, world: &impl World) -> Result<Claiming, SqlError> {
        let now = world.now();
        let checked = self.state;
        let new = NewPayment {
            key: key_of(checked.network, &checked.payment),
            tool: &self.quote.call.tool,
            digest: &self.quote.call.digest,
            arguments: self.quote.call.arguments.to_string(),
            amount: self.quote.amount,
            pay_to: self.quote.pay_to.to_checksum(None),
            valid_before: valid_before(&checked),
            x402_version: checked.payment.version.number(),
            payment: checked.payment.raw.to_string(),
            requirements: checked.requirements.to_string(),
            identifier: checked.payment.identifier.clone(),
            payload_digest: payload_digest(&checked.payment),
        };
        Ok(match payments::claim(world, PaymentId::random(world), &new, now)? {
            Claim::New(id) => {
                Claiming::Go(Box::new(Call { quote: self.quote, state: Claimed { id, checked } }))
            }
            Claim::Known(payment) if payment.digest == self.quote.call.digest => {
                Claiming::Again(payment)
            }
            Claim::Known(_) | Claim::OtherSignature => Claiming::OtherCall,
            Claim::Busy => Claiming::Busy,
            Claim::UnknownBefore => Claiming::UnknownBefore,
            Claim::IdentifierConflict => Claiming::IdentifierConflict,
        })
    }
}

impl Call<Claimed> {
    /// Has the facilitator judge a signature that we cannot judge ourselves.
    ///
    /// # Errors
    /// [`Stop`]; the claim is given up then.
    pub async fn vouch(
        self,
        world: &impl World,
        facilitator: &Facilitator,
        scope: &ScopeId,
    ) -> Result<Call<Vouched>, Stop> {
        let Claimed { id, checked } = self.state;
        if checked.signature == Signature::NeedsChain {
            let payer = checked.payer().to_checksum(None);
            match facilitator.verify(world, &question(&checked, &payer, scope)).await {
                VerifyOutcome::Valid => payments::mark_verified(world, &id, world.now())?,
                VerifyOutcome::Invalid(reason) => {
                    payments::release(world, &id, &reason, world.now())?;
                    return Err(Stop::Refused(reason));
                }
                VerifyOutcome::Unavailable(why) => {
                    payments::release(world, &id, "verification unavailable", world.now())?;
                    return Err(Stop::Unavailable(why));
                }
            }
        }
        Ok(Call { quote: self.quote, state: Vouched { id, checked } })
    }
}

impl Call<Vouched> {
    /// Claims the payment for `scope` among all hosts with the same payout address.
    ///
    /// # Errors
    /// [`Stop`]; the claim is given up then.
    pub async fn claim_payee(
        self,
        world: &impl World,
        scope: &ScopeId,
    ) -> Result<Call<Exclusive>, Stop> {
        let Vouched { id, checked } = self.state;
        let key = key_of(checked.network, &checked.payment);
        let claim = PayeeClaim {
            pay_to: self.quote.pay_to.to_checksum(None),
            payment: format!("{}/{}/{}/{}", key.network, key.asset, key.payer, key.nonce),
            holder: scope.clone(),
            valid_before: valid_before(&checked),
        };
        match world.claim(claim).await {
            Ok(true) => Ok(Call { quote: self.quote, state: Exclusive { id, checked } }),
            Ok(false) => {
                payments::release(world, &id, "claimed by another host", world.now())?;
                Err(Stop::Elsewhere)
            }
            Err(error) => {
                payments::release(world, &id, "the payee is unavailable", world.now())?;
                Err(Stop::Unavailable(Trouble::answered(error.to_string())))
            }
        }
    }
}

impl Call<Exclusive> {
    /// Holds the seat and writes down that settlement is about to be asked for, if `check` still
    /// agrees; it gives what is staged for a tool that settles last. `check` and the writing happen
    /// without an `await` between them.
    ///
    /// # Errors
    /// Whatever `check` says; the claim is given up then. [`GivenUp`] if it has been already.
    pub fn reserve<E: From<SqlError> + From<GivenUp>>(
        self,
        world: &impl World,
        check: impl FnOnce(&str, &PaymentId) -> Result<Option<Value>, E>,
    ) -> Result<Call<Reserved>, E> {
        let Exclusive { id, checked } = self.state;
        // The alarm may have given the call up while it waited.
        let row = payments::find(world, &id)?;
        if !row.is_some_and(|row| matches!(row.state, State::Claimed | State::Verified)) {
            return Err(GivenUp.into());
        }
        let staged = match check(&checked.payer().to_checksum(None), &id) {
            Ok(staged) => staged,
            Err(error) => {
                payments::release(world, &id, "not available any more", world.now())?;
                return Err(error);
            }
        };
        let seat = self.quote.seat.as_ref();
        payments::mark_settling(world, &id, seat, staged.as_ref(), world.now())?;
        Ok(Call { quote: self.quote, state: Reserved { id, checked } })
    }
}

impl Call<Reserved> {
    /// Has the facilitator move the money, and gives the proof that it did.
    ///
    /// # Errors
    /// [`Stop`]; after [`Stop::Unknown`] claim and seat stay, and the alarm finds out.
    pub async fn settle(
        self,
        world: &impl World,
        facilitator: &Facilitator,
        scope: &ScopeId,
    ) -> Result<Settled, Stop> {
        let Reserved { id, checked } = self.state;
        // If we die from here on, the alarm takes over.
        if let Some(due) = payments::next_due(world)? {
            world.wake_at(due).await;
        }
        let payer = checked.payer().to_checksum(None);
        let outcome = facilitator.settle(world, &question(&checked, &payer, scope)).await;
        record(world, &id, 0, outcome)
    }
}

/// What a payment is known by.
#[must_use]
pub fn key_of(network: &'static Network, payment: &PaymentPayload) -> Key {
    Key {
        network: network.caip2,
        asset: network.usdc.to_checksum(None),
        payer: payment.authorization.from.to_checksum(None),
        nonce: hex::encode_prefixed(payment.authorization.nonce),
        signature_digest: hex::encode(Sha256::digest(&payment.signature)),
    }
}

/// Stands for the whole payment, to the last member: SHA-256, hex.
#[must_use]
pub fn payload_digest(payment: &PaymentPayload) -> String {
    hex::encode(Sha256::digest(payment.raw.to_string()))
}

/// Asks once more for the settlement of a payment whose outcome is unknown.
///
/// # Errors
/// [`Stop`] as for the first time, but a refusal now proves nothing (the first request may have
/// moved the money), so it stays unknown. Only that a block has refused our own transaction is sure.
pub async fn settle_again(
    world: &impl World,
    facilitator: &Facilitator,
    scope: &ScopeId,
    payment: &Payment,
) -> Result<Settled, Stop> {
    let Some(raw) = &payment.payment else {
        return Err(Stop::Unknown(Cause::Answer, None));
    };
    let question = Question {
        x402_version: payment.x402_version,
        payment: raw,
        requirements: &payment.requirements,
        payer: &payment.payer,
        scope,
    };
    let outcome = match facilitator.settle(world, &question).await {
        SettleOutcome::Refused(reason) => SettleOutcome::Unknown(Trouble::answered(reason), None),
        SettleOutcome::Unavailable(trouble) => SettleOutcome::Unknown(trouble, None),
        // The node that we asked lags behind the facilitator's.
        SettleOutcome::AlreadyUsed => {
            SettleOutcome::Unknown(Trouble::answered("the authorization is used"), None)
        }
        other @ (SettleOutcome::Settled(_)
        | SettleOutcome::Reverted(_)
        | SettleOutcome::Unknown(..)) => other,
    };
    record(world, &payment.id, payment.attempts, outcome)
}

/// Has the money of a delivered payment moved once more, because the chain has dropped it. The
/// transaction, if it did.
pub async fn move_again(
    world: &impl World,
    facilitator: &Facilitator,
    scope: &ScopeId,
    settled: &Settled,
) -> Option<String> {
    let payment = settled.payment();
    let question = Question {
        x402_version: payment.x402_version,
        payment: payment.payment.as_ref()?,
        requirements: &payment.requirements,
        payer: &payment.payer,
        scope,
    };
    match facilitator.settle(world, &question).await {
        SettleOutcome::Settled(transaction) => Some(transaction),
        SettleOutcome::Refused(_)
        | SettleOutcome::Reverted(_)
        | SettleOutcome::Unavailable(_)
        | SettleOutcome::AlreadyUsed
        | SettleOutcome::Unknown(..) => None,
    }
}

/// When to look again at a payment of unknown outcome: 3 s, 6 s, 12 s … up to 5 minutes.
#[must_use]
pub fn next_check(attempts: u32, now: UnixSeconds) -> UnixSeconds {
    now.plus(3_i64.saturating_mul(2_i64.saturating_pow(attempts.min(10))).min(300))
}

fn record(
    world: &impl World,
    id: &PaymentId,
    attempts: u32,
    outcome: SettleOutcome,
) -> Result<Settled, Stop> {
    let now = world.now();
    let row = payments::find(world, id)?;
    // A second look may have settled it while this answer was on its way …
    if let Some(settled) = row.as_ref().and_then(Payment::settled) {
        return Ok(settled);
    }
    // … or be asking for it right now; then a refusal of the first request says nothing of that one.
    let is_alone = row.is_some_and(|row| row.attempts <= attempts.saturating_add(1));
    let outcome = match outcome {
        SettleOutcome::Refused(why) if !is_alone => {
            SettleOutcome::Unknown(Trouble::answered(why), None)
        }
        SettleOutcome::Unavailable(trouble) if !is_alone => SettleOutcome::Unknown(trouble, None),
        other @ (SettleOutcome::Settled(_)
        | SettleOutcome::Refused(_)
        | SettleOutcome::Reverted(_)
        | SettleOutcome::Unavailable(_)
        | SettleOutcome::AlreadyUsed
        | SettleOutcome::Unknown(..)) => other,
    };
    let step = match &outcome {
        SettleOutcome::Settled(_) => "settled",
        SettleOutcome::Refused(_) | SettleOutcome::Reverted(_) => "settlement refused",
        SettleOutcome::Unavailable(_) => "settlement unavailable",
        SettleOutcome::AlreadyUsed | SettleOutcome::Unknown(..) => "settlement unknown",
    };
    world.line(Level::Info, step, &[("payment", id.as_str())]);
    match outcome {
        SettleOutcome::Settled(transaction) => {
            Ok(payments::mark_settled(world, id, &transaction, now)?)
        }
        SettleOutcome::Refused(reason) | SettleOutcome::Reverted(reason) => {
            give_up(world, id, &reason)?;
            Err(Stop::Refused(reason))
        }
        SettleOutcome::Unavailable(trouble) => {
            give_up(world, id, "settlement unavailable")?;
            Err(Stop::Unavailable(trouble))
        }
        SettleOutcome::AlreadyUsed => {
            payments::mark_unknown(world, id, "the authorization is used", now, now)?;
            Err(Stop::AlreadyUsed(id.clone()))
        }
        SettleOutcome::Unknown(trouble, transaction) => {
            payments::mark_unknown(world, id, &trouble.why, next_check(attempts, now), now)?;
            Err(Stop::Unknown(trouble.cause, transaction))
        }
    }
}

/// `verify::check` has bounded it, so it fits; the far future is the safe side.
fn valid_before(checked: &Checked) -> UnixSeconds {
    let seconds = i64::try_from(checked.payment.authorization.valid_before);
    UnixSeconds::new(seconds.unwrap_or(i64::MAX))
}

fn give_up(world: &impl World, id: &PaymentId, reason: &str) -> Result<(), SqlError> {
    payments::mark_not_paid(world, id, NotPaid::Refused, reason, world.now())
}

fn question<'a>(checked: &'a Checked, payer: &'a str, scope: &'a ScopeId) -> Question<'a> {
    Question {
        x402_version: checked.payment.version.number(),
        payment: &checked.payment.raw,
        requirements: &checked.requirements,
        payer,
        scope,
    }
}
