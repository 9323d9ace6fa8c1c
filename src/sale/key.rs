//! What identifies a payment: its network, its key in storage, and a digest of all of it.

use alloy_primitives::{B256, hex};
use sha2::{Digest, Sha256};

use crate::chain::eip3009::Via;
use crate::chain::solana::networks::Chain;
use crate::ledger::payments::Key;
use crate::rails::x402::wire::{Means, PaymentPayload, Version};

/// Before the stored nonce of a permit: token and Permit2 count the nonces of a payer each for itself.
const PERMIT2_NONCE: &str = "permit2:";

/// Reads a stored nonce.
#[must_use]
pub fn read_nonce(stored: &str) -> Option<(Via, B256)> {
    let (via, nonce) = match stored.strip_prefix(PERMIT2_NONCE) {
        Some(nonce) => (Via::Permit2, nonce),
        None => (Via::Token, stored),
    };
    Some((via, nonce.parse().ok()?))
}

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
    let (book, nonce, signature_digest) = match &payment.means {
        Means::Evm { authorization, signature, .. } => {
            let book = match authorization.via {
                Via::Token => "",
                Via::Permit2 => PERMIT2_NONCE,
            };
            (book, authorization.nonce, hex::encode(Sha256::digest(signature)))
        }
        Means::Solana(transfer) => ("", transfer.digest, transfer.signature_digest.clone()),
    };
    Key {
        network: network.caip2(),
        asset: network.usdc(),
        payer: payment.payer(),
        nonce: format!("{book}{}", hex::encode_prefixed(nonce)),
        signature_digest,
    }
}

/// A digest of the whole payment: SHA-256, hex.
#[must_use]
pub fn payload_digest(payment: &PaymentPayload) -> String {
    hex::encode(Sha256::digest(payment.raw.to_string()))
}
