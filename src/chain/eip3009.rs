//! `TransferWithAuthorization` (EIP-3009) and its signature (EIP-712).

use std::borrow::Cow;

use alloy_primitives::{Address, B256, Signature, U256};
use alloy_sol_types::{Eip712Domain, SolStruct, sol};

use crate::chain::networks::Network;

/// What a payer signs: this much from here to there, in this window, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// Who pays.
    pub from: Address,
    /// Who is paid.
    pub to: Address,
    /// How much, smallest unit.
    pub value: U256,
    /// Valid from, Unix seconds.
    pub valid_after: U256,
    /// Valid until, Unix seconds.
    pub valid_before: U256,
    /// Chosen by the payer; the token takes each only once.
    pub nonce: B256,
}

sol! {
    struct TransferWithAuthorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }
}

/// The EIP-712 digest that the payer signs.
#[must_use]
pub fn digest(network: &Network, authorization: &Authorization) -> B256 {
    let domain = Eip712Domain {
        name: Some(Cow::Borrowed(network.eip712_name)),
        version: Some(Cow::Borrowed(network.eip712_version)),
        chain_id: Some(U256::from(network.chain_id)),
        verifying_contract: Some(network.usdc),
        salt: None,
    };
    let message = TransferWithAuthorization {
        from: authorization.from,
        to: authorization.to,
        value: authorization.value,
        validAfter: authorization.valid_after,
        validBefore: authorization.valid_before,
        nonce: authorization.nonce,
    };
    message.eip712_signing_hash(&domain)
}

/// The wallet whose key made a 65-byte signature, as USDC judges it: `v` is 27 or 28 and `s` lies
/// in the lower half. `None` for everything else.
#[must_use]
pub fn recover_eoa(
    network: &Network,
    authorization: &Authorization,
    signature: &[u8],
) -> Option<Address> {
    let v = *signature.get(64)?;
    if signature.len() != 65 || !matches!(v, 27 | 28) {
        return None;
    }
    let signature = Signature::from_raw(signature).ok()?;
    if signature.normalize_s().is_some() {
        return None;
    }
    signature.recover_address_from_prehash(&digest(network, authorization)).ok()
}
