//! The sale as a type-state machine. Each step consumes the one before it, so none can be skipped:
//!
//! ```text
//! Quoted ─verify→ Checked ─lock→ Locked ─look→ Looked ─vouch→ Vouched ─claim→ Claimed
//!                          (in memory)   (chain)       (contract          (sync: row)
//!                                                       wallets)
//!        Claimed ─claim_payee→ Exclusive ─reserve→ Reserved ─settle→ Settled
//!                                        (sync: seat, intent, staged effect)
//! ```
//!
//! Nothing is written before the claim, so that storage cannot be filled without a valid signature and money.
//!
//! Fulfilment takes a [`Settled`], which is made from a settled row only.

#![deny(clippy::arithmetic_side_effects)]

mod settling;
mod stop;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::id::{PaymentId, ScopeId};
use crate::base::time::UnixSeconds;
use crate::chain::eip3009::Via;
use crate::chain::rpc::{Rpc, RpcError};
use crate::chain::solana::networks::Chain;
use crate::chain::standing::Standing;
use crate::facilitator::client::{Facilitator, Question, Trouble, VerifyOutcome};
use crate::ledger::payments::{self, Bar, Key, NewPayment, Settled, State, Step};
use crate::ports::{Level, PayeeClaim, SqlError, World, within};
use crate::rails::quote::Quote;
use crate::rails::x402::verify::{self, Checked, Mismatch, Payer, Signature};
use crate::rails::x402::wire::{Means, PaymentPayload};
pub use crate::sale::flow::settling::{Again, is_ours, move_again, next_check, settle_again};
pub use crate::sale::flow::stop::{GivenUp, InTheWay, Stop};
use crate::sale::key::{key_of, payload_digest};
use crate::sale::lock::{Lock, Locks, NotLocked};

/// Timeout of the call to the payout address's object, milliseconds.
const PAYEE_MILLIS: u32 = 10_000;

/// A sale in state `S`.
#[derive(Debug)]
pub struct Call<S> {
    quote: Quote,
    state: S,
}

/// The price is known.
#[derive(Debug)]
pub struct Quoted(());

/// No other call judges this payment.
#[derive(Debug)]
pub struct Locked {
    checked: Checked,
    lock: Lock,
}

/// The payer's balance and nonce on the chain allow the payment. Solana is not asked.
#[derive(Debug)]
pub struct Looked {
    checked: Checked,
    lock: Lock,
    /// `None` if the chain could not be asked.
    standing: Option<Standing>,
}

/// The signature is valid, as far as that can be known now.
#[derive(Debug)]
pub struct Vouched {
    checked: Checked,
    lock: Lock,
    standing: Option<Standing>,
}

/// The payment is claimed for this call.
#[derive(Debug)]
pub struct Claimed {
    claim: payments::Claim,
    checked: Checked,
}

/// No other host with the same payout address has this payment or can get it.
#[derive(Debug)]
pub struct Exclusive {
    claim: payments::Claim,
    checked: Checked,
}

/// The seat is held, and the intent to settle is stored.
#[derive(Debug)]
pub struct Reserved {
    claim: payments::Claim,
    checked: Checked,
}

impl Call<Quoted> {
    /// Starts a sale with its price.
    #[must_use]
    pub fn new(quote: Quote) -> Self {
        Self { quote, state: Quoted(()) }
    }

    /// Compares the payment with the quote, without any request. `payer` limits the validity of the authorization.
    ///
    /// # Errors
    ///
    /// The quote, and the difference.
    pub fn verify(
        self,
        payment: PaymentPayload,
        payer: Payer,
        now: UnixSeconds,
    ) -> Result<Call<Checked>, Box<(Quote, Mismatch)>> {
        match verify::check(&self.quote, payment, payer, now) {
            Ok(state) => Ok(Call { quote: self.quote, state }),
            Err(mismatch) => Err(Box::new((self.quote, mismatch))),
        }
    }
}

impl Call<Checked> {
    /// The payment of this call.
    #[must_use]
    pub fn checked(&self) -> &Checked {
        &self.state
    }

    /// Locks the payment in memory, so that no other call judges it meanwhile. The key includes the signature, so
    /// that only a caller with the signature can block its maker. Writes nothing.
    ///
    /// # Errors
    ///
    /// [`InTheWay`], also if the payment is known.
    pub fn lock(self, world: &impl World, locks: &Locks) -> Result<Call<Locked>, InTheWay> {
        let checked = self.state;
        let key = key_of(checked.chain(), checked.payment());
        let identifier = checked.payment().identifier.as_ref();
        let digest = &self.quote.call.digest;
        if let Some(bar) = payments::bar(world, &key, digest, identifier, world.now())? {
            return Err(in_the_way(bar, digest));
        }
        let Key { network, asset, payer, nonce, signature_digest } = key;
        let key = format!("{network}/{asset}/{payer}/{nonce}/{signature_digest}");
        let lock = locks.take(key, digest).map_err(|why| match why {
            NotLocked::SameCall => InTheWay::Busy,
            NotLocked::OtherCall => InTheWay::OtherCall,
            NotLocked::Full => InTheWay::Crowded,
        })?;
        Ok(Call { quote: self.quote, state: Locked { checked, lock } })
    }
}

impl Call<Locked> {
    /// Reads the payer's balance, code and nonce from the chain before anything is held. If the chain gives no
    /// answer, the call continues, and later steps are stricter.
    ///
    /// # Errors
    ///
    /// [`Stop`]; the facilitator was not asked, and nothing was written.
    pub async fn look(
        self,
        world: &impl World,
        rpc_urls: &BTreeMap<String, String>,
    ) -> Result<Call<Looked>, Stop> {
        let Locked { checked, lock } = self.state;
        let (Chain::Evm(network), Means::Evm { authorization, .. }) =
            (checked.chain(), &checked.payment().means)
        else {
            // The facilitator simulates the transaction. That it is ours, and new, is known from its memo and its message.
            return Ok(Call { quote: self.quote, state: Looked { checked, lock, standing: None } });
        };
        let standing = match rpc_urls.get(network.caip2).map(|url| Rpc { url: url.clone() }) {
            Some(rpc) => rpc.standing(world, network, authorization).await,
            None => Err(RpcError::Unavailable),
        };
        if let Err(why) = &standing {
            let why = why.to_string();
            let what = "the chain cannot be asked before a payment";
            world.line(Level::Warn, what, &[("why", &why)]);
        }
        let standing = match (standing, authorization.via) {
            (Ok(standing), Via::Token | Via::Permit2) => Some(standing),
            (Err(_), Via::Token) => None,
            // Whether Permit2 may move the money at all is known to the chain only.
            (Err(why), Via::Permit2) => {
                return Err(Stop::Unavailable(Trouble::answered(why.to_string())));
            }
        };
        if standing.is_some_and(|standing| standing.is_used) {
            return Err(Stop::UsedBefore);
        }
        if standing.is_some_and(|standing| standing.balance < authorization.value) {
            return Err(Stop::Refused("insufficient_funds".to_owned()));
        }
        let approved = standing.map(|standing| standing.allowance);
        if approved.flatten().is_some_and(|approved| approved < authorization.value) {
            return Err(Stop::Refused("permit2_allowance_required".to_owned()));
        }
        if standing.is_none_or(|standing| standing.has_code) {
            checked.check_ahead(Payer::Stranger, world.now()).map_err(Stop::Mismatch)?;
        }
        Ok(Call { quote: self.quote, state: Looked { checked, lock, standing } })
    }
}

impl Call<Looked> {
    /// Lets the facilitator judge a signature that we cannot judge ourselves.
    ///
    /// # Errors
    ///
    /// [`Stop`]; nothing was written.
    pub async fn vouch(
        self,
        world: &impl World,
        facilitator: &Facilitator,
        scope: &ScopeId,
    ) -> Result<Call<Vouched>, Stop> {
        let Looked { checked, lock, standing } = self.state;
        if checked.signature() == Signature::NeedsChain {
            let payer = checked.payer();
            match facilitator.verify(world, &question(&checked, &payer, scope)).await {
                VerifyOutcome::Valid => {}
                VerifyOutcome::Invalid(reason) => return Err(Stop::Refused(reason)),
                VerifyOutcome::Unavailable(why) => return Err(Stop::Unavailable(why)),
            }
        }
        Ok(Call { quote: self.quote, state: Vouched { checked, lock, standing } })
    }
}

impl Call<Vouched> {
    /// Claims the payment for this call. Its row replaces the lock. There is no `await` between the last check and
    /// the write.
    ///
    /// # Errors
    ///
    /// [`InTheWay`]; nothing was written.
    pub fn claim(self, world: &impl World) -> Result<Call<Claimed>, InTheWay> {
        let Vouched { checked, lock, standing } = self.state;
        let digest = &self.quote.call.digest;
        let new = NewPayment {
            key: key_of(checked.chain(), checked.payment()),
            tool: &self.quote.call.tool,
            digest,
            arguments: self.quote.call.arguments.to_string(),
            wanted: self.quote.wanted.as_deref(),
            seats: self.quote.seats.as_ref(),
            amount: self.quote.amount,
            pay_to: self.quote.pay_to_on(checked.chain()),
            valid_before: checked.valid_before(),
            x402_version: checked.payment().version.number(),
            payment: checked.payment().raw.to_string(),
            requirements: checked.requirements().to_string(),
            identifier: checked.payment().identifier.clone(),
            payload_digest: payload_digest(checked.payment()),
            state: match checked.signature() {
                Signature::Recovered => State::Claimed,
                Signature::NeedsChain => State::Verified,
            },
            unused_at: standing.map(|standing| standing.head),
        };
        let now = world.now();
        // Before the row, so that every row has an alarm.
        world.wake_at(now.plus(payments::CLAIM_SECONDS));
        world.note_open();
        let claim = payments::claim(world, PaymentId::random(world), &new, now)?;
        drop(lock);
        match claim {
            Ok(claim) => Ok(Call { quote: self.quote, state: Claimed { claim, checked } }),
            Err(bar) => Err(in_the_way(bar, digest)),
        }
    }
}

impl Call<Claimed> {
    /// Claims the payment for `scope` among all hosts with the same payout address.
    ///
    /// # Errors
    ///
    /// [`Stop`]; the claim is released.
    pub async fn claim_payee(
        self,
        world: &impl World,
        scope: &ScopeId,
    ) -> Result<Call<Exclusive>, Stop> {
        let Claimed { claim, checked } = self.state;
        let key = key_of(checked.chain(), checked.payment());
        let wanted = PayeeClaim {
            pay_to: self.quote.pay_to_on(checked.chain()),
            payment: format!("{}/{}/{}/{}", key.network, key.asset, key.payer, key.nonce),
            holder: scope.clone(),
            valid_before: checked.valid_before(),
        };
        let why = match within(world, PAYEE_MILLIS, world.claim(wanted)).await {
            Some(Ok(true)) => {
                return Ok(Call { quote: self.quote, state: Exclusive { claim, checked } });
            }
            Some(Ok(false)) => {
                payments::release(world, &claim, "claimed by another host", world.now())?;
                return Err(Stop::Elsewhere);
            }
            Some(Err(error)) => error.to_string(),
            None => "no answer of the payee in time".to_owned(),
        };
        payments::release(world, &claim, "the payee is unavailable", world.now())?;
        Err(Stop::Unavailable(Trouble::answered(why)))
    }
}

impl Call<Exclusive> {
    /// Holds the seat and stores the intent to settle, if `check` agrees; `check` returns what is stored with the
    /// payment. There is no `await` between the check and the write.
    ///
    /// # Errors
    ///
    /// The error of `check`; the claim is released. [`GivenUp`] if it was released before.
    pub fn reserve<E: From<SqlError> + From<GivenUp>>(
        self,
        world: &impl World,
        check: impl FnOnce(&str, &PaymentId) -> Result<Option<Value>, E>,
    ) -> Result<Call<Reserved>, E> {
        let Exclusive { claim, checked } = self.state;
        // The alarm may have released the claim while the call waited, and the same payment may have been claimed
        // again.
        let payer = checked.payer();
        if !payments::open_of(world, &payer)?.has_claim(&claim) {
            return Err(GivenUp.into());
        }
        let staged = match check(&payer, claim.id()) {
            Ok(staged) => staged,
            Err(error) => {
                payments::release(world, &claim, "not available any more", world.now())?;
                return Err(error);
            }
        };
        match payments::mark_settling(world, &claim, staged.as_ref(), world.now())? {
            Step::Taken => Ok(Call { quote: self.quote, state: Reserved { claim, checked } }),
            Step::TooLate => Err(GivenUp.into()),
        }
    }
}

impl Call<Reserved> {
    /// Lets the facilitator move the money.
    ///
    /// # Errors
    ///
    /// [`Stop`]; after [`Stop::Unknown`] claim and seat stay, and the alarm determines the outcome.
    pub async fn settle(
        self,
        world: &impl World,
        facilitator: &Facilitator,
        scope: &ScopeId,
    ) -> Result<Settled, Stop> {
        let Reserved { claim, checked } = self.state;
        let payer = checked.payer();
        let outcome = facilitator.settle(world, &question(&checked, &payer, scope)).await;
        settling::record(world, &claim, 0, outcome)
    }
}

/// Translates the reason for this call's digest.
fn in_the_way(bar: Bar, digest: &str) -> InTheWay {
    match bar {
        Bar::Known(payment) if payment.digest == digest => InTheWay::Again(payment),
        Bar::Known(_) | Bar::OtherSignature => InTheWay::OtherCall,
        Bar::Busy => InTheWay::Busy,
        Bar::UnknownBefore => InTheWay::UnknownBefore,
        Bar::IdentifierConflict => InTheWay::IdentifierConflict,
    }
}

fn question<'a>(checked: &'a Checked, payer: &'a str, scope: &'a ScopeId) -> Question<'a> {
    Question {
        x402_version: checked.payment().version.number(),
        payment: &checked.payment().raw,
        requirements: checked.requirements(),
        payer,
        scope,
    }
}
