//! What identifies a payment: its network, its key in storage, and a digest of all of it.

use alloy_primitives::hex;
use sha2::{Digest, Sha256};

use crate::chain::networks::Network;
use crate::ledger::payments::Key;
use crate::rails::x402::wire::{PaymentPayload, Version};

/// The network of the payment, if we know it.
#[must_use]
pub fn network_of(payment: &PaymentPayload) -> Option<&'static Network> {
    match payment.version {
        Version::V1 => Network::by_v1_name(&payment.network),
        Version::V2 => Network::by_caip2(&payment.network),
    }
}

/// The identity of a payment.
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

/// A digest of the whole payment: SHA-256, hex.
#[must_use]
pub fn payload_digest(payment: &PaymentPayload) -> String {
    hex::encode(Sha256::digest(payment.raw.to_string()))
}
