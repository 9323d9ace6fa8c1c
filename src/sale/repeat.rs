//! Who may read a paid answer: the one rule for every paid tool.
//!
//! A settled payment is public. The calldata of its transaction holds the authorization and the signature, and the
//! arguments of a call are often public too, so showing a payment proves nothing. An answer is given for a
//! [`MayRead`] only, and there are three ways to get one: this call has just settled the payment; the caller shows an
//! exact copy of a payment that holds a secret that is never on the chain; or the wallet that paid signs in with this
//! call (x402 extension `sign-in-with-x`).

use serde_json::Value;

use crate::base::id::EventId;
use crate::chain::usage::TransactionId;
use crate::ledger::payments::{self, Payment, Settled};
use crate::ports::{Sql, SqlError};
use crate::rails::outcome::Failure;
use crate::rails::quote::PaidCall;
use crate::rails::x402::wire::PaymentPayload;
use crate::sale::answers::proof_needed;
use crate::sale::key::payload_digest;

/// A wallet that signed in with this call. Its nonce is used up.
#[derive(Clone, Debug)]
pub struct ProvenPayer {
    /// The wallet's address (EIP-55).
    wallet: String,
    /// The chain (CAIP-2) whose contract accepted the signature: a contract at the same address on another chain may
    /// have other owners. `None` if a key signed, which is the same on all chains.
    contract_on: Option<&'static str>,
}

impl ProvenPayer {
    /// A wallet whose proof was accepted and whose nonce is used up. `contract_on`: see the field.
    #[must_use]
    pub const fn new(wallet: String, contract_on: Option<&'static str>) -> Self {
        Self { wallet, contract_on }
    }

    /// The wallet's address (EIP-55).
    #[must_use]
    pub fn wallet(&self) -> &str {
        &self.wallet
    }

    /// The only network on which the proof counts, if the wallet is a contract.
    #[must_use]
    pub const fn network(&self) -> Option<&'static str> {
        self.contract_on
    }

    /// The newest payment of this wallet for this call.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if SQLite refuses.
    pub fn newest_of(&self, sql: &impl Sql, call: &PaidCall) -> Result<Option<Payment>, SqlError> {
        payments::newest_of(sql, &call.digest, &self.wallet, self.contract_on)
    }

    /// The payment of this wallet for a seat at this event.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if SQLite refuses.
    pub fn seat_of(&self, sql: &impl Sql, event: &EventId) -> Result<Option<Payment>, SqlError> {
        payments::seat_of(sql, event, &self.wallet, self.contract_on)
    }

    /// Whether this wallet made the payment.
    pub fn paid(&self, payment: &Payment) -> bool {
        self.wallet == payment.payer
            && self.contract_on.is_none_or(|network| network == payment.network)
    }
}

/// What a caller shows about an earlier payment.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// The payment that came with the call. `None` also if it proves nothing.
    pub copy: Option<&'a PaymentPayload>,
    /// The wallet that signed in.
    pub proven: Option<&'a ProvenPayer>,
    /// The transaction that the caller names.
    pub transaction: Option<TransactionId>,
}

/// Why an answer may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// It is the first answer, to the call that settled the payment.
    First,
    /// The caller repeats the payment with a secret that is never on the chain.
    Copy,
    /// The wallet that paid signed in.
    SignedIn,
}

/// The right to read the answer to one settled payment. Only this module makes one.
#[derive(Debug)]
pub struct MayRead {
    settled: Settled,
    ground: Ground,
}

impl MayRead {
    /// For the call that has just settled the payment.
    pub fn first(settled: Settled) -> Self {
        Self { settled, ground: Ground::First }
    }

    /// For a later call.
    ///
    /// # Errors
    ///
    /// `proof_needed` if a reader of the chain could show the same.
    pub fn again(settled: Settled, shown: Shown<'_>) -> Result<Self, Failure> {
        let payment = settled.payment();
        let ground = if shown.proven.is_some_and(|wallet| wallet.paid(payment)) {
            Ground::SignedIn
        } else if shown.copy.is_some_and(|copy| is_private_copy(payment, copy)) {
            Ground::Copy
        } else {
            return Err(proof_needed().into());
        };
        Ok(Self { settled, ground })
    }

    pub fn settled(&self) -> &Settled {
        &self.settled
    }

    /// Why the answer may be read.
    pub fn ground(&self) -> Ground {
        self.ground
    }
}

/// A stored answer, which only a caller with the right to read it gets.
pub struct Kept(Value);

impl Kept {
    pub fn new(answer: Value) -> Self {
        Self(answer)
    }

    /// The stored answer of a delivered payment.
    pub fn of(payment: &Payment) -> Option<Self> {
        payment.answer.clone().map(Self)
    }

    /// The answer, for a caller with the right to read it.
    pub fn open(self, _: &MayRead) -> Value {
        self.0
    }
}

/// Whether the copy equals the payment of that row completely, not only its authorization. Rows that are older than
/// the digest count as equal.
pub fn is_exact(known: &Payment, copy: &PaymentPayload) -> bool {
    known.payload_digest.as_ref().is_none_or(|digest| *digest == payload_digest(copy))
}

/// Whether only the maker of that row's payment can show this copy.
fn is_private_copy(known: &Payment, copy: &PaymentPayload) -> bool {
    known.payload_digest.is_some() && is_exact(known, copy) && copy.is_private()
}
