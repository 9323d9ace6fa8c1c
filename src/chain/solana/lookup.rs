//! What became of a payment on Solana, as an endpoint tells it (JSON-RPC of a Solana node).
//!
//! The id of a transaction is the signature of its fee payer, which only the facilitator knows, so the transaction is found
//! among those of its payer, by the memo, and compared by its message. That it can never come any more is known once its
//! block hash is too old in a final block, and no transaction of the payer up to there is it.

use serde_json::{Value, json};

use crate::base::time::UnixSeconds;
use crate::chain::rpc::{Ask, Rpc, RpcError};
use crate::chain::solana::address::SolanaSignature;
use crate::chain::solana::transfer::{SolanaTransfer, digest_of};
use crate::chain::usage::Usage;
use crate::ports::Http;

/// How much later than its expected end a payment counts as ended, if the chain agrees, seconds.
const RAN_OUT_SECONDS: i64 = 60;
/// How long after its end the list of transactions proves that a payment never came, seconds: nodes forget the oldest ones.
const LISTED_SECONDS_MAX: i64 = 43_200;
/// Transactions of the payer in one answer; more cannot be asked for at a time.
const LISTED_MAX: usize = 1_000;
/// How much earlier than the payment a block may say that it was made, seconds: clocks differ.
const CLOCK_SECONDS: i64 = 600;
/// Transactions that are compared, in one request. More have the memo of this payment, or none that the endpoint tells, only if
/// the payer wants it so.
const COMPARED_MAX: usize = 100;

const CONFIRMED: &str = "confirmed";
pub(super) const FINALIZED: &str = "finalized";

/// A payment to ask about.
#[derive(Clone, Copy, Debug)]
pub struct WantedTransfer<'a> {
    pub transfer: &'a SolanaTransfer,
    /// When it came here.
    pub created_at: UnixSeconds,
    /// When it is expected to end.
    pub ends_at: UnixSeconds,
    /// A transaction to look at first.
    pub transaction: Option<SolanaSignature>,
}

/// What one transaction says about a payment.
enum Said {
    /// It is another one, or it is not there.
    Nothing,
    Moved(u64),
    /// It is in a block, and has failed.
    Failed,
}

impl Rpc {
    /// What became of a payment. At most four requests.
    ///
    /// # Errors
    ///
    /// [`RpcError`] if an answer is missing; it says nothing about the payment.
    pub async fn solana_usage(
        &self,
        http: &impl Http,
        wanted: &WantedTransfer<'_>,
        now: UnixSeconds,
    ) -> Result<Usage<String>, RpcError> {
        if let Some(named) = wanted.transaction {
            let named = named.to_string();
            let found = self.compared(http, wanted, &[named.as_str()], CONFIRMED).await?;
            if let Some((_, Said::Moved(slot))) = found {
                return Ok(Usage::Moved(named, slot));
            }
        }
        let is_due = now > wanted.ends_at.plus(RAN_OUT_SECONDS);
        let over = if is_due { self.over_at(http, wanted).await? } else { None };
        let level = if over.is_some() { FINALIZED } else { CONFIRMED };
        let listed = self.listed(http, wanted, level, over).await?;
        let is_cut = listed.len() >= LISTED_MAX
            && listed.last().is_none_or(|oldest| is_of_its_time(oldest, wanted));
        let candidates = listed.iter().filter(|one| may_be(one, wanted));
        let candidates = candidates.map(|one| one.get("signature").and_then(Value::as_str));
        let candidates: Vec<&str> = candidates.collect::<Option<_>>().ok_or(RpcError::Malformed)?;
        let compared = candidates.get(..COMPARED_MAX).unwrap_or(&candidates);
        match self.compared(http, wanted, compared, level).await? {
            Some((signature, Said::Moved(slot))) => {
                return Ok(Usage::Moved(signature.to_owned(), slot));
            }
            // It cannot come again: the network takes a transaction once.
            Some((_, Said::Failed)) if over.is_some() => return Ok(Usage::RanOut),
            Some((_, Said::Failed)) => {
                return Ok(Usage::Unclear("it has failed in a block that may go".to_owned()));
            }
            Some((_, Said::Nothing)) | None => {}
        }
        Ok(match over {
            _ if is_cut || candidates.len() > COMPARED_MAX => {
                Usage::Unclear("the payer has too many transactions to search them".to_owned())
            }
            Some(_) if now > wanted.ends_at.plus(LISTED_SECONDS_MAX) => {
                Usage::Unclear("it is too long ago to be found or missed".to_owned())
            }
            Some(_) => Usage::RanOut,
            None => Usage::Unused(0),
        })
    }

    /// The final slot in which its block hash is too old; `None` while it may come.
    async fn over_at(
        &self,
        http: &impl Http,
        wanted: &WantedTransfer<'_>,
    ) -> Result<Option<u64>, RpcError> {
        let hash = wanted.transfer.blockhash.to_string();
        let params = json!([hash, {"commitment": FINALIZED}]);
        let answer: Value = self.call(http, "isBlockhashValid", params).await?;
        let slot = answer.pointer("/context/slot").and_then(Value::as_u64);
        let (Some(slot), Some(is_valid)) = (slot, answer.get("value").and_then(Value::as_bool))
        else {
            return Err(RpcError::Malformed);
        };
        Ok((!is_valid).then_some(slot))
    }

    /// The newest transactions of the payer. `from`: the slot that the answer has to reach.
    async fn listed(
        &self,
        http: &impl Http,
        wanted: &WantedTransfer<'_>,
        level: &str,
        from: Option<u64>,
    ) -> Result<Vec<Value>, RpcError> {
        let mut options = json!({"commitment": level, "limit": LISTED_MAX});
        if let (Some(slot), Some(members)) = (from, options.as_object_mut()) {
            members.insert("minContextSlot".to_owned(), json!(slot));
        }
        let params = json!([wanted.transfer.payer.to_string(), options]);
        match self.call(http, "getSignaturesForAddress", params).await? {
            Value::Array(listed) => Ok(listed),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => Err(RpcError::Malformed),
        }
    }

    /// The one of these transactions that is the payment, with what it says. One request for all of them.
    async fn compared<'a>(
        &self,
        http: &impl Http,
        wanted: &WantedTransfer<'_>,
        signatures: &[&'a str],
        level: &str,
    ) -> Result<Option<(&'a str, Said)>, RpcError> {
        if signatures.is_empty() {
            return Ok(None);
        }
        let options =
            json!({"commitment": level, "encoding": "base64", "maxSupportedTransactionVersion": 0});
        let ask = |signature: &&str| Ask::new("getTransaction", json!([signature, options]));
        let asks: Vec<Ask> = signatures.iter().map(ask).collect();
        for (signature, answer) in signatures.iter().zip(self.batch(http, &asks).await?) {
            match said(&answer?, wanted)? {
                Said::Nothing => {}
                said @ (Said::Moved(_) | Said::Failed) => return Ok(Some((*signature, said))),
            }
        }
        Ok(None)
    }
}

fn said(found: &Value, wanted: &WantedTransfer<'_>) -> Result<Said, RpcError> {
    let bytes = found.pointer("/transaction/0").and_then(Value::as_str);
    if bytes.and_then(digest_of) != Some(wanted.transfer.digest) {
        return Ok(Said::Nothing);
    }
    // Without its outcome nothing is known.
    let slot = found.get("slot").and_then(Value::as_u64).ok_or(RpcError::Malformed)?;
    let error = found.pointer("/meta/err").ok_or(RpcError::Malformed)?;
    Ok(if error.is_null() { Said::Moved(slot) } else { Said::Failed })
}

/// A memo is listed as its length and its text. An endpoint that tells none says nothing.
fn may_be(one: &Value, wanted: &WantedTransfer<'_>) -> bool {
    let memo = one.get("memo").and_then(Value::as_str);
    memo.map_or_else(|| is_of_its_time(one, wanted), |memo| memo.contains(&wanted.transfer.memo))
}

fn is_of_its_time(one: &Value, wanted: &WantedTransfer<'_>) -> bool {
    let earliest = wanted.created_at.plus(-CLOCK_SECONDS);
    let time = one.get("blockTime").and_then(Value::as_i64);
    time.is_none_or(|at| UnixSeconds::new(at) >= earliest)
}
