//! What identifies a payment: its network, its key in storage, and a digest of all of it.

use alloy_primitives::hex;
use sha2::{Digest, Sha256};

use crate::chain::solana::networks::Chain;
use crate::ledger::payments::Key;
use crate::rails::x402::wire::{Means, PaymentPayload, Version};

/// The network of the payment, if we know it.
#[must_use]
pub fn network_of(payment: &PaymentPayload) -> Option<Chain> {
    match payment.version {
        Version::V1 => Chain::by_v1_name(&payment.network),
        Version::V2 => Chain::by_caip2(&payment.network),
    }
}

/// The identity of a payment: the nonce of its authorization, or the digest of its message.
#[must_use]
pub fn key_of(network: Chain, payment: &PaymentPayload) -> Key {
    let (nonce, signature_digest) = match &payment.means {
        Means::Evm { authorization, signature, .. } => {
            (authorization.nonce, hex::encode(Sha256::digest(signature)))
        }
        Means::Solana(transfer) => (transfer.digest, transfer.signature_digest.clone()),
    };
    Key {
        network: network.caip2(),
        asset: network.usdc(),
        payer: payment.payer(),
        nonce: hex::encode_prefixed(nonce),
        signature_digest,
    }
}

/// A digest of the whole payment: SHA-256, hex.
#[must_use]
pub fn payload_digest(payment: &PaymentPayload) -> String {
    hex::encode(Sha256::digest(payment.raw.to_string()))
}
