//! `TransferWithAuthorization` (EIP-3009) and its EIP-712 digest.

use std::borrow::Cow;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{Eip712Domain, SolStruct, sol};

use crate::chain::networks::Network;

/// A transfer that a payer signs. Any account may submit it, once and within its time window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    pub from: Address,
    pub to: Address,
    /// The amount in the token's smallest unit.
    pub value: U256,
    /// Valid in blocks after this time, Unix seconds.
    pub valid_after: U256,
    /// Valid in blocks before this time, Unix seconds.
    pub valid_before: U256,
    /// Chosen by the payer. `via` accepts each nonce of a payer once.
    pub nonce: B256,
    pub via: Via,
}

/// The contract that a payer has authorized, and that knows which nonces were used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The token itself (EIP-3009).
    Token,
    /// Permit2, for the scheme `upto`: the amount is taken of the most that the payer allows (`chain/permit2.rs`).
    Permit2,
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

#[cfg(test)]
mod tests {
    use alloy_primitives::Bytes;
    use serde::Deserialize;

    use super::*;
    use crate::chain::networks::NETWORKS;
    use crate::chain::signature::recover;

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        network: String,
        domain: Domain,
        authorization: Fields,
        digest: B256,
        signature: Bytes,
        signer: Option<Address>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Domain {
        name: String,
        version: String,
        chain_id: u64,
        verifying_contract: Address,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Fields {
        from: Address,
        to: Address,
        value: String,
        valid_after: String,
        valid_before: String,
        nonce: B256,
    }

    impl Fields {
        fn read(&self) -> Authorization {
            Authorization {
                from: self.from,
                to: self.to,
                value: self.value.parse().unwrap(),
                valid_after: self.valid_after.parse().unwrap(),
                valid_before: self.valid_before.parse().unwrap(),
                nonce: self.nonce,
                via: Via::Token,
            }
        }
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str(include_str!("../../tests/vectors/eip3009.json")).unwrap()
    }

    #[test]
    fn digests_and_signers_are_those_of_viem() {
        for vector in vectors() {
            let network = Network::by_caip2(&vector.network).unwrap();
            let authorization = vector.authorization.read();
            assert_eq!(digest(network, &authorization), vector.digest, "{}", vector.name);
            let signer = recover(digest(network, &authorization), &vector.signature);
            assert_eq!(signer, vector.signer, "{}", vector.name);
        }
    }

    #[test]
    fn the_domain_of_every_token_is_that_of_the_reference() {
        let vectors = vectors();
        for network in NETWORKS {
            let vector = vectors.iter().find(|vector| vector.network == network.caip2).unwrap();
            let Domain { name, version, chain_id, verifying_contract } = &vector.domain;
            assert_eq!(
                (name.as_str(), version.as_str()),
                (network.eip712_name, network.eip712_version)
            );
            assert_eq!((*chain_id, *verifying_contract), (network.chain_id, network.usdc));
        }
    }

    #[test]
    fn a_signature_holds_for_one_network_and_one_payment() {
        let vectors = vectors();
        let signed = vectors.first().unwrap();
        let payer = signed.signer;
        let base = Network::by_caip2(&signed.network).unwrap();
        let other = Network::by_caip2("eip155:84532").unwrap();
        let authorization = signed.authorization.read();
        assert_ne!(recover(digest(other, &authorization), &signed.signature), payer);
        let dearer = Authorization { value: U256::from(50_001), ..authorization };
        assert_ne!(recover(digest(base, &dearer), &signed.signature), payer);
    }
}
