//! Our own facilitator: signs and sends with the relayer's key what payers have authorized.
//!
//! One object for each network and key, because a key's transactions are numbered one after the other.
//! A settlement goes through these steps:
//!
//! ```text
//! read → look at the chain → [ nonce, sign, write down, send ] → wait for the block → answer
//!        (simulate exactly     one at a time; nothing leaves    (side by side;
//!         what will be sent)   before it is written down)        the alarm goes on)
//! ```
//!
//! # What the key can do
//!
//! The key pays for gas. It can move a payer's money only to the signed `payTo`, in the signed amount, once. Only two
//! transactions are ever signed: one made by [`crate::chain::transaction::transfer`] from an [`Order`], and an empty
//! one to the relayer itself that fills a nonce gap. The first calls USDC's `transferWithAuthorization`: the token
//! compares recipient and amount with the payer's signature, and accepts its nonce once. For a wallet that is not
//! deployed yet, the same call follows a call of a factory from our list, and both go through Multicall3, which owns
//! nothing and has no rights anywhere; so even a hostile factory gets no money and no privilege of ours. A payment of the
//! scheme `upto` calls x402's proxy instead, where the key decides how much of what the payer allows is taken; to whom is
//! signed. No transaction carries a value. A thief of the key can waste its gas money, and take of a permit that it has seen
//! all that its payer allows, for the signed `payTo`; it cannot move any other funds.
//!
//! # Who gets the answer
//!
//! An authorization is public once it is in a block, so any caller may show it. The first caller that asks for a
//! settlement is its claimant. The same payment from the same claimant joins the settlement in flight, or gets its
//! outcome; any other caller gets `invalid_exact_evm_nonce_already_used`. A claimant is a host of this deployment, an
//! access token, or, if the facilitator is open to all, a network address.
//!
//! # What gas may cost
//!
//! Payers decide what we spend gas on, and it costs them nothing. So a payment is simulated exactly as it will be sent,
//! must be worth its gas, and is tried once: a revert is a refusal. The gas of a day is limited in money for each host,
//! caller and payer, and in total ([`gas::GasPolicy`]). Contracts that behave differently in the block wait
//! (`standing.rs`).
//!
//! # What may fail
//!
//! A transaction is stored before it is sent. So a crash, a lost answer or a dropped block is repaired by sending *the
//! same* transaction again: it has one nonce, and so has its authorization. A stuck transaction is replaced by one with
//! the same nonce and higher fees. Whether money moved is read from the chain: from the receipt with the transfer's own
//! log or, if another sender used the authorization first, from the log of its use. "It did not move, and will not" is
//! said only when it is final (`verdict.rs`).
//!
//! The alarm never fails, sets itself again in every case, and handles each row separately (`alarm.rs`).

#![deny(clippy::arithmetic_side_effects)]

mod account;
mod alarm;
pub mod api;
mod budget;
mod confirm;
mod follow;
pub mod gas;
pub mod judge;
pub mod order;
pub mod refusal;
mod send;
mod standing;
mod store;
mod verdict;

use std::cell::{Cell, RefCell};

use alloy_primitives::{B256, U256};
use futures_util::lock::Mutex;

use crate::base::rate_limit::RateLimiter;
use crate::base::time::UnixSeconds;
use crate::chain::networks::Network;
use crate::chain::rpc::Rpc;
use crate::chain::signature::Factories;
use crate::chain::transaction::RelayerKey;
use crate::facilitator::own::budget::Owners;
use crate::facilitator::own::gas::{GasPolicy, Micros};
use crate::facilitator::own::judge::Access;
use crate::facilitator::own::order::Order;
use crate::facilitator::own::refusal::{Reason, Refusal, Unavailable};
use crate::facilitator::own::standing::Contract;
pub use crate::facilitator::own::store::MIGRATIONS;
use crate::facilitator::own::store::{Settlement, State};
use crate::ports::{Alarm, Clock, Directory, Http, Log, Sql, SqlError, Timer, storage};

/// All that a relayer asks of the world.
pub trait RelayerWorld: Clock + Sql + Http + Alarm + Directory + Timer + Log {}

impl<T: Clock + Sql + Http + Alarm + Directory + Timer + Log> RelayerWorld for T {}

/// How often a payment is tried whose transaction was never in a block. One that reverted is not retried, because
/// each attempt costs gas.
const ATTEMPTS_MAX: u32 = 3;

/// The settings of one relayer.
pub struct Settings {
    pub network: &'static Network,
    pub rpc: Rpc,
    pub key: RelayerKey,
    /// Factories that may deploy wallets.
    pub factories: Factories,
    pub policy: GasPolicy,
}

/// The relayer of one network.
pub struct Relayer<W> {
    world: W,
    settings: Settings,
    migrated: Cell<bool>,
    /// Held from taking a nonce until its transaction is sent.
    sending: Mutex<()>,
    /// Held while receipts are requested. Other callers wait for the result.
    looking: Mutex<()>,
    seen: Cell<Seen>,
    /// Rate limiter by source.
    asked: RefCell<RateLimiter>,
    /// Settlements that were seen in a block and are not stored yet.
    landed: RefCell<Vec<Landed>>,
}

/// A settlement's transaction that was seen in a block.
#[derive(Clone, Debug)]
struct Landed {
    id: String,
    nonce: u64,
    hash: B256,
    /// What the transaction cost, wei.
    cost: Option<u128>,
}

/// The outcome of a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The money moved in this transaction.
    Settled(B256),
    /// Nothing was to be taken (scheme `upto`), so nothing was sent.
    Nothing,
    /// It was sent in this transaction, which is in no block yet.
    Pending(B256),
}

/// The relayer's account as it was last seen.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    balance: U256,
    block: u64,
    at: UnixSeconds,
    warned_at: UnixSeconds,
    /// The estimated cost of the last settlement.
    cost: Micros,
}

/// What is stored about a payment before it is settled.
enum Known {
    /// Nothing, or a failed attempt that may be retried.
    New,
    /// It failed, and is not retried.
    Over(Reason),
    /// It is in flight.
    Live,
    /// Its money moved; the same outcome is answered again.
    Settled(Box<Settlement>),
}

impl<W: RelayerWorld> Relayer<W> {
    #[must_use]
    pub fn new(world: W, settings: Settings) -> Self {
        Self {
            world,
            settings,
            migrated: Cell::new(false),
            sending: Mutex::new(()),
            looking: Mutex::new(()),
            seen: Cell::default(),
            asked: RefCell::default(),
            landed: RefCell::default(),
        }
    }

    /// For the shell around the service.
    #[must_use]
    pub fn world(&self) -> &W {
        &self.world
    }

    /// Moves the money of `order` for `claimant`, or returns the earlier outcome.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: this call moved no money.
    pub async fn settle(&self, order: &Order, claimant: &str) -> Result<Outcome, Refusal> {
        self.open()?;
        if order.takes_nothing() {
            judge::verify(&self.world, self.access(), order).await?;
            return Ok(Outcome::Nothing);
        }
        let id = order.key();
        match self.known(order, claimant)? {
            Known::Live => return self.follow(&id).await,
            Known::Settled(settlement) => return self.settled_before(&settlement).await,
            Known::Over(reason) => {
                let found = self.sent_by_another(order, claimant).await?;
                return found.ok_or(Refusal::Invalid(reason, Some(order.authorization.from)));
            }
            Known::New => {}
        }
        let payer = order.payer();
        // Before any request to the chain, so that a call over the limit costs nothing.
        self.check_budget(&Owners { claimant, payer: &payer }, 1)?;
        wait(standing::payer_waits(&self.world, &payer, self.world.now())?)?;
        let prepared = match judge::prepare(&self.world, self.access(), order).await {
            Err(Refusal::Invalid(Reason::NonceUsed | Reason::PermitUsed, payer)) => {
                let found = self.sent_by_another(order, claimant).await?;
                // A node shows the use as soon as it has the transaction, which another call of the claimant may have sent.
                return match (found, self.known(order, claimant)?) {
                    (Some(found), _) => Ok(found),
                    (None, Known::Live | Known::Settled(_)) => self.follow(&id).await,
                    (None, Known::Over(_) | Known::New) => {
                        Err(Refusal::Invalid(order.used(), payer))
                    }
                };
            }
            prepared => prepared?,
        };
        self.check_gas_money(&prepared)?;
        self.send(order, claimant, &prepared).await?;
        self.follow(&id).await
    }

    /// The outcome of a settlement that `claimant` has asked for. Sends nothing. If the settlement failed, a later
    /// use of the authorization proves nothing: it may have been for another seller with the same payee.
    ///
    /// # Errors
    ///
    /// [`Refusal`], also if this claimant never asked, or its settlement failed.
    pub async fn outcome(&self, order: &Order, claimant: &str) -> Result<Outcome, Refusal> {
        self.open()?;
        match self.known(order, claimant)? {
            Known::Live => self.follow(&order.key()).await,
            Known::Settled(settlement) => Ok(Outcome::Settled(settlement.hash)),
            Known::Over(_) | Known::New => {
                Err(Refusal::Invalid(order.used(), Some(order.authorization.from)))
            }
        }
    }

    fn access(&self) -> Access<'_> {
        let Settings { rpc, key, factories, policy, .. } = &self.settings;
        Access { rpc, relayer: key.address(), factories, policy }
    }

    /// Checks whether a payer with code has to wait ([`standing`]).
    fn check_contract(
        &self,
        payer: &str,
        claimant: &str,
        code: Option<&str>,
    ) -> Result<(), Refusal> {
        let Some(code) = code else { return Ok(()) };
        let contract = Contract { payer, code, claimant };
        wait(contract.waits(&self.world, self.world.now())?)?;
        if contract.is_newcomer(&self.world)? && store::is_under_way(&self.world, payer)? {
            return wait(standing::IN_FLIGHT_SECONDS);
        }
        Ok(())
    }

    /// What is stored about the payment, as far as this claimant may know it.
    fn known(&self, order: &Order, claimant: &str) -> Result<Known, Refusal> {
        let Some(settlement) = store::find(&self.world, &order.key())? else {
            return Ok(Known::New);
        };
        let is_theirs = is_of(&settlement, order, claimant);
        match settlement.state {
            State::Failed(reason)
                if settlement.is_reverted || settlement.attempts >= ATTEMPTS_MAX =>
            {
                Ok(Known::Over(reason))
            }
            State::Failed(_) => Ok(Known::New),
            State::Sent | State::Settled if !is_theirs => {
                Err(Refusal::Invalid(order.used(), Some(order.authorization.from)))
            }
            State::Sent => Ok(Known::Live),
            State::Settled => Ok(Known::Settled(Box::new(settlement))),
        }
    }

    /// An attempt of this claimant failed, and then another sender used the authorization.
    async fn sent_by_another(
        &self,
        order: &Order,
        claimant: &str,
    ) -> Result<Option<Outcome>, Refusal> {
        let begun = store::find(&self.world, &order.key())?;
        let begun = begun.filter(|settlement| is_of(settlement, order, claimant));
        let Some(settlement) = begun else { return Ok(None) };
        self.take_over_use(&settlement).await?;
        let found = store::find(&self.world, &settlement.id)?;
        let found = found.filter(|found| found.state == State::Settled);
        Ok(found.map(|found| Outcome::Settled(found.hash)))
    }

    /// Runs once in each instance: migrates the storage, and sets the alarm for what an earlier instance left open.
    fn open(&self) -> Result<(), SqlError> {
        if !self.migrated.get() {
            self.migrate()?;
            self.rearm()?;
        }
        self.write_down()
    }

    fn migrate(&self) -> Result<(), SqlError> {
        if !self.migrated.get() {
            storage::migrate(&self.world, MIGRATIONS, self.world.now())?;
            self.migrated.set(true);
        }
        Ok(())
    }
}

/// Refuses if the payer must wait.
fn wait(seconds: i64) -> Result<(), Refusal> {
    if seconds > 0 {
        return Err(Refusal::Unavailable(Unavailable::PayerWaits(seconds)));
    }
    Ok(())
}

/// Whether the settlement is of exactly this payment, for this claimant.
fn is_of(settlement: &Settlement, order: &Order, claimant: &str) -> bool {
    settlement.claimant == claimant
        && settlement.fingerprint == order.fingerprint().to_string()
        // How much is taken by `upto` is not signed.
        && settlement.authorization == order.authorization
}

impl From<SqlError> for Refusal {
    fn from(_: SqlError) -> Self {
        Self::Unavailable(Unavailable::Storage)
    }
}
