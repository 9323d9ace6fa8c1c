//! What became of an authorization. A host asks this of a payment whose outcome it does not know, and our own facilitator
//! of a settlement whose transaction is gone.

use std::fmt;

use alloy_primitives::B256;

use crate::base::time::UnixSeconds;
use crate::chain::eip3009::{Authorization, Via};
use crate::chain::networks::Network;
use crate::chain::rpc::{Rpc, RpcError};
use crate::chain::solana::address::SolanaSignature;
use crate::chain::solana::networks::is_solana;
use crate::chain::transfers::{Use, Window};
use crate::ports::Http;

/// How much later than its end a block has to be in which an authorization is unused, for it to have run out, seconds:
/// a chain drops its newest blocks now and then.
const RAN_OUT_SECONDS: i64 = 60;

/// What became of an authorization. `T`: how its transaction is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Usage<T = B256> {
    /// It moved its money in this transaction, in this block.
    Moved(T, u64),
    /// It was cancelled, or its nonce was used for something else.
    Elsewhere,
    /// It was used, and the endpoint has no log that says how.
    NotFound,
    /// It was not used, and cannot be used any more.
    RanOut,
    /// It was not used in this block, and can still be used.
    Unused(u64),
    /// The chain gives no answer. Why.
    Unclear(String),
}

impl Usage {
    /// The same, with its transaction as the books name it.
    #[must_use]
    pub fn in_words(self) -> Usage<String> {
        match self {
            Self::Moved(transaction, block) => Usage::Moved(transaction.to_string(), block),
            Self::Elsewhere => Usage::Elsewhere,
            Self::NotFound => Usage::NotFound,
            Self::RanOut => Usage::RanOut,
            Self::Unused(block) => Usage::Unused(block),
            Self::Unclear(why) => Usage::Unclear(why),
        }
    }
}

/// The id of a transaction on either kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionId {
    Evm(B256),
    Solana(SolanaSignature),
}

impl TransactionId {
    /// Parses a hash (`0x` and 64 hex digits), or the signature of a fee payer (base58).
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let solana = || SolanaSignature::parse(text).map(Self::Solana);
        read_hash(text).map(Self::Evm).or_else(solana)
    }

    /// Whether it names a transaction of this kind of network (CAIP-2 id).
    #[must_use]
    pub fn is_of(&self, network: &str) -> bool {
        match self {
            Self::Evm(_) => !is_solana(network),
            Self::Solana(_) => is_solana(network),
        }
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Evm(hash) => hash.fmt(f),
            Self::Solana(signature) => signature.fmt(f),
        }
    }
}

/// An authorization to ask about.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub network: &'static Network,
    pub authorization: &'a Authorization,
    /// The blocks in which its use is searched.
    pub window: Window,
    /// A transaction to look at first.
    pub transaction: Option<B256>,
}

/// The hash of a transaction: `0x` and 64 hex digits in any case.
#[must_use]
pub fn read_hash(text: &str) -> Option<B256> {
    text.strip_prefix("0x").filter(|digits| digits.len() == 64)?;
    text.parse().ok()
}

impl Rpc {
    /// [`Usage::Unused`] or [`Usage::RanOut`], or `None` if it was used: [`Self::use_of`] then says how. `ends_at`: when
    /// the authorization ends. Two requests.
    ///
    /// Behind one address are many nodes, and the second request may reach one that lags. What it saw in its own newest
    /// block proves nothing about this one, so it is asked about this very block.
    ///
    /// # Errors
    /// As [`Rpc::head_time`].
    pub async fn unused_at_head(
        &self,
        http: &impl Http,
        wanted: &Wanted<'_>,
        ends_at: UnixSeconds,
    ) -> Result<Option<Usage>, RpcError> {
        let (head, time) = self.head(http).await?;
        let is_used = self.was_used_at(http, wanted.network, wanted.authorization, head).await?;
        Ok(match is_used {
            true => None,
            false if time > ends_at.plus(RAN_OUT_SECONDS) => Some(Usage::RanOut),
            false => Some(Usage::Unused(head)),
        })
    }

    /// How an authorization was used that was used.
    ///
    /// # Errors
    /// As [`Rpc::head_time`].
    pub async fn use_of(&self, http: &impl Http, wanted: &Wanted<'_>) -> Result<Usage, RpcError> {
        let Wanted { network, authorization, window, transaction } = wanted;
        if let Some(hash) = *transaction
            && let Ok(Some(block)) = self.moved_in(http, network, authorization, hash).await
        {
            return Ok(Usage::Moved(hash, block));
        }
        match authorization.via {
            Via::Token => {}
            // No log names the nonce of a permit. Whom it names to settle it knows what it has sent.
            Via::Permit2 => return Ok(Usage::NotFound),
        }
        Ok(match self.find_transfer(http, network, authorization, window).await? {
            Use::Moved(hash, block) => Usage::Moved(hash, block),
            Use::Elsewhere => Usage::Elsewhere,
            Use::NotFound => Usage::NotFound,
            Use::Unsearched => Usage::Unclear("not every block could be searched".to_owned()),
        })
    }
}
