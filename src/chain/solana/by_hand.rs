//! Looks for a transfer of USDC on Solana that somebody has sent by hand.
//!
//! A node says of every transaction what the token accounts that it touches held before and after, and whose they are. So
//! nothing has to be read of its instructions: one owner has exactly so much more, and the other one so much less.
//!
//! The fee of a payment over x402 is paid by its facilitator, never by its payer. So a transfer whose sender has paid the
//! fee itself is none: what somebody has bought is not counted as money that went back.

use serde_json::{Value, json};

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::chain::rpc::{Rpc, RpcError};
use crate::chain::solana::address::SolanaSignature;
use crate::chain::solana::lookup::FINALIZED;
use crate::chain::solana::networks::SolanaNetwork;
use crate::ports::Http;

/// The transfer that is looked for.
#[derive(Clone, Copy, Debug)]
pub struct SolanaByHand<'a> {
    pub network: &'static SolanaNetwork,
    /// Any of these has sent it (base58).
    pub from: &'a [String],
    /// Whose token account got it (base58).
    pub to: &'a str,
    pub amount: Usdc,
    /// The block is not older.
    pub since: UnixSeconds,
}

/// Why a final transaction is not such a transfer, for who has named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotByHand {
    #[error("transaction: it has failed on the chain and moved nothing")]
    Failed,
    #[error("transaction: it was made before this money was owed")]
    Older,
    #[error("transaction: the guest's wallet did not get exactly this amount of USDC in it")]
    Payee,
    #[error("transaction: the amount did not come from the host's payout address in it")]
    Sender,
    #[error(
        "transaction: its network fee was paid by another account than the payout address, as for a purchase"
    )]
    Fee,
}

impl Rpc {
    /// The slot of a final transaction that is such a transfer, or why it is none. One request.
    ///
    /// # Errors
    ///
    /// [`RpcError`] if the endpoint does not show all of it, also while it is not final; it says nothing about the transfer.
    pub async fn solana_sent_by_hand(
        &self,
        http: &impl Http,
        wanted: &SolanaByHand<'_>,
        signature: SolanaSignature,
    ) -> Result<Result<u64, NotByHand>, RpcError> {
        let signature = signature.to_string();
        let options = json!({"commitment": FINALIZED, "encoding": "json", "maxSupportedTransactionVersion": 0});
        let found: Value = self.call(http, "getTransaction", json!([signature, options])).await?;
        if found.is_null() {
            return Err(RpcError::Unavailable);
        }
        wanted.judge(&found, &signature).ok_or(RpcError::Malformed)
    }
}

impl SolanaByHand<'_> {
    /// What a node shows of the transaction; `None` if that is not all of it, or another one.
    fn judge(&self, found: &Value, signature: &str) -> Option<Result<u64, NotByHand>> {
        let text = |place: &str| found.pointer(place).and_then(Value::as_str);
        let fee_payer = text("/transaction/message/accountKeys/0")?;
        let slot = found.get("slot")?.as_u64()?;
        let at = UnixSeconds::new(found.get("blockTime")?.as_i64()?);
        let meta = found.get("meta")?;
        if text("/transaction/signatures/0")? != signature {
            return None;
        }
        if !meta.get("err")?.is_null() {
            return Some(Err(NotByHand::Failed));
        }
        if at < self.since {
            return Some(Err(NotByHand::Older));
        }
        let held = |owner: &str| {
            let at = |when: &str| self.held(meta.get(when)?, owner);
            Some((at("preTokenBalances")?, at("postTokenBalances")?))
        };
        let amount = self.amount.atomic();
        let (before, after) = held(self.to)?;
        if after.checked_sub(before) != Some(amount) {
            return Some(Err(NotByHand::Payee));
        }
        let mut outcome = Err(NotByHand::Sender);
        for from in self.from {
            let (before, after) = held(from)?;
            if before.checked_sub(after).is_some_and(|sent| sent >= amount) {
                outcome = Err(NotByHand::Fee);
                if from == fee_payer {
                    return Some(Ok(slot));
                }
            }
        }
        Some(outcome)
    }

    /// How much USDC an owner has in all its accounts of the list; an account that is not there holds nothing.
    fn held(&self, balances: &Value, owner: &str) -> Option<u64> {
        let mut sum: u64 = 0;
        for one in balances.as_array()? {
            let text = |place: &str| one.pointer(place).and_then(Value::as_str);
            if text("/mint")? == self.network.usdc && text("/owner")? == owner {
                sum = sum.checked_add(text("/uiTokenAmount/amount")?.parse().ok()?)?;
            }
        }
        Some(sum)
    }
}
