//! What a challenge offers on Solana. The memo that it asks for binds the payment: it is random, and a keyed hash of the call,
//! the host and the fee payer. So nothing is stored for a call that is not paid, a payment buys what it was asked for and
//! nothing else, and a transaction on the chain is known as ours.

use alloy_primitives::hex;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::base::id::ScopeId;
use crate::chain::solana::address::SolanaAddress;
use crate::chain::solana::networks::SolanaNetwork;
use crate::chain::solana::transfer::SolanaTransfer;
use crate::identity::keys::Keys;
use crate::rails::quote::{PAYMENT_SECONDS, Quote, SolanaOffer};
use crate::rails::x402::dialects::MIME_TYPE;
use crate::rails::x402::wire::Version;

/// Random bytes of a memo, and bytes of its keyed hash. Both are in it as hex.
pub const MEMO_BYTES: usize = 16;

/// Who makes memos, and knows them again: one host, for one call.
#[derive(Clone, Copy)]
pub struct Binder<'a> {
    pub keys: &'a Keys,
    pub scope: &'a ScopeId,
    /// Digest of tool and arguments.
    pub digest: &'a str,
}

impl Binder<'_> {
    /// The memo for a payment whose fee this account pays.
    #[must_use]
    pub fn memo(
        &self,
        network: &SolanaNetwork,
        fee_payer: SolanaAddress,
        random: &[u8; MEMO_BYTES],
    ) -> String {
        let random = hex::encode(random);
        let bound = format!("solana|{}|{fee_payer}|{}|{random}", network.caip2, self.digest);
        let mac = self.keys.sign_payment(self.scope, bound.as_bytes());
        format!("{random}{}", hex::encode(mac.get(..MEMO_BYTES).unwrap_or_default()))
    }

    /// The offer that this payment was made for: another of this host's for this call has another memo, and another fee payer
    /// if the facilitator has several. If it was made for none, the offer stays, and the payment does not fit it.
    #[must_use]
    pub fn taken(&self, offer: &SolanaOffer, transfer: &SolanaTransfer) -> SolanaOffer {
        let random = transfer.memo.get(..MEMO_BYTES.saturating_mul(2)).unwrap_or_default();
        let random = hex::decode_to_array::<_, MEMO_BYTES>(random).unwrap_or_default();
        let ours = self.memo(offer.network, transfer.fee_payer, &random);
        if bool::from(ours.as_bytes().ct_eq(transfer.memo.as_bytes())) {
            return SolanaOffer { fee_payer: transfer.fee_payer, memo: ours, ..offer.clone() };
        }
        offer.clone()
    }
}

/// Our requirements on Solana.
#[must_use]
pub fn requirements(quote: &Quote, offer: &SolanaOffer, version: Version) -> Value {
    let SolanaOffer { network, pay_to, fee_payer, memo, .. } = offer;
    let amount = quote.amount.atomic().to_string();
    let mut ours = json!({
        "scheme": "exact",
        "asset": network.usdc,
        "payTo": pay_to.to_string(),
        "maxTimeoutSeconds": PAYMENT_SECONDS,
        "extra": {"feePayer": fee_payer.to_string(), "memo": memo},
    });
    let more = match version {
        Version::V1 => vec![
            ("network", network.v1_name),
            ("maxAmountRequired", amount.as_str()),
            ("resource", quote.resource_url.as_str()),
            ("description", quote.description.as_str()),
            ("mimeType", MIME_TYPE),
        ],
        Version::V2 => vec![("network", network.caip2), ("amount", amount.as_str())],
    };
    if let Some(members) = ours.as_object_mut() {
        members.extend(more.into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
    }
    ours
}

/// Whether `theirs` repeats everything of `ours`. What it has besides is not ours.
#[must_use]
pub fn is_repeated(ours: &Value, theirs: &Value) -> bool {
    match ours.as_object() {
        None => ours == theirs,
        Some(members) => members
            .iter()
            .all(|(name, value)| theirs.get(name).is_some_and(|theirs| is_repeated(value, theirs))),
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;

    use super::*;
    use crate::chain::solana::networks::SOLANA_NETWORKS;
    use crate::identity::master_key::MasterKey;

    #[test]
    fn a_memo_is_known_again_for_its_call_host_and_fee_payer_only() {
        let keys = Keys::derive(&MasterKey::parse(&"1".repeat(64)).unwrap());
        let other_keys = Keys::derive(&MasterKey::parse(&"2".repeat(64)).unwrap());
        let [scope, other] = ["a", "b"].map(|digit| ScopeId::parse(&digit.repeat(32)).unwrap());
        let [fee_payer, rotated] = [7, 8].map(|byte| SolanaAddress::from_bytes([byte; 32]));
        let binder = Binder { keys: &keys, scope: &scope, digest: "call" };
        let network = &SOLANA_NETWORKS[1];
        let offer = SolanaOffer {
            network,
            pay_to: rotated,
            fee_payer: rotated,
            has_v1: true,
            memo: binder.memo(network, rotated, &[2; 16]),
        };
        let transfer = SolanaTransfer {
            digest: B256::ZERO,
            signature_digest: String::new(),
            fee_payer,
            payer: rotated,
            destination: rotated,
            mint: rotated,
            amount: 1,
            memo: binder.memo(network, fee_payer, &[1; 16]),
            blockhash: rotated,
        };
        let taken = binder.taken(&offer, &transfer);
        assert_eq!((taken.fee_payer, &taken.memo), (fee_payer, &transfer.memo));
        for stranger in [
            Binder { keys: &other_keys, ..binder },
            Binder { scope: &other, ..binder },
            Binder { digest: "other", ..binder },
        ] {
            assert_eq!(stranger.taken(&offer, &transfer), offer);
        }
        let upper = transfer.memo.to_uppercase();
        for memo in ["", "00", "é".repeat(40).as_str(), upper.as_str(), &transfer.memo[..63]] {
            let forged = SolanaTransfer { memo: memo.to_owned(), ..transfer.clone() };
            assert_eq!(binder.taken(&offer, &forged), offer, "{memo}");
        }
        let forged = SolanaTransfer { fee_payer: rotated, ..transfer.clone() };
        assert_eq!(binder.taken(&offer, &forged), offer, "another fee payer");
        let elsewhere = SolanaOffer { network: &SOLANA_NETWORKS[0], ..offer };
        assert_eq!(binder.taken(&elsewhere, &transfer), elsewhere, "another network");
    }
}
