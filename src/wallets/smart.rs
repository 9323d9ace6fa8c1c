//! Our own smart wallet: a contract with one owner key, derived from the identity keys and the owner's name. It has an
//! address and can receive and pay before it is deployed.

use alloy_primitives::{Address, B256, Bytes, Signature};
use alloy_sol_types::{SolCall, SolValue, sol};
use k256::ecdsa::SigningKey;

use crate::chain::rpc::{Ask, Rpc, RpcError};
use crate::chain::signature::{Wrapper, wrap};
use crate::identity::keys::Keys;
use crate::ports::Http;

/// The first byte of a wallet's signature, which gives it another length than a key's.
const MARKER: u8 = 1;
/// The salt of the factory. It is constant, so each owner has one wallet.
const SALT: B256 = B256::ZERO;

sol! {
    interface Factory {
        function addressOf(address owner, bytes32 salt) external view returns (address);
        function create(address owner, bytes32 salt) external returns (address);
    }
}

/// A wallet with its owner key. There is no `Debug`, so the key is never shown.
pub struct SmartWallet {
    key: SigningKey,
    factory: Address,
}

impl SmartWallet {
    /// Derives the wallet of an owner. It depends on the identity keys, the owner's name and the factory only.
    #[must_use]
    pub fn derive(keys: &Keys, owner: &str, factory: Address) -> Self {
        Self { key: keys.wallet_key(owner), factory }
    }

    /// The address of the owner key. It never holds money.
    #[must_use]
    pub fn owner(&self) -> Address {
        Address::from_private_key(&self.key)
    }

    /// The address of the wallet, deployed or not, as its factory computes it.
    ///
    /// # Errors
    /// [`RpcError`] if the chain gives no answer; [`RpcError::Malformed`] if there is no factory at its address.
    pub async fn address(&self, http: &impl Http, rpc: &Rpc) -> Result<Address, RpcError> {
        let call = Factory::addressOfCall { owner: self.owner(), salt: SALT };
        let Ask { method, params } = Ask::contract(self.factory, &call.abi_encode());
        let answer: Bytes = rpc.call(http, method, params).await?;
        let address = Address::abi_decode_validate(&answer).map_err(|_| RpcError::Malformed)?;
        if address.is_zero() { Err(RpcError::Malformed) } else { Ok(address) }
    }

    /// Whether the wallet is deployed.
    ///
    /// # Errors
    /// [`RpcError`] if the chain gives no answer.
    pub async fn is_deployed(
        &self,
        http: &impl Http,
        rpc: &Rpc,
        address: Address,
    ) -> Result<bool, RpcError> {
        super::is_deployed(http, rpc, address).await
    }

    /// The factory call that deploys the wallet.
    #[must_use]
    pub fn maker(&self) -> Wrapper {
        let call = Factory::createCall { owner: self.owner(), salt: SALT };
        Wrapper { factory: self.factory, call: call.abi_encode().into() }
    }

    /// Signs an EIP-712 digest in the form that the wallet accepts (ERC-1271). For an undeployed wallet the signature is
    /// wrapped with the factory call (ERC-6492). `None` if the curve refuses the digest, which practically never happens.
    #[must_use]
    pub fn sign(&self, digest: B256, deployed: bool) -> Option<Bytes> {
        let signature = self.key.sign_prehash_recoverable(digest.as_slice()).ok()?;
        let signature = Signature::from(signature).as_bytes();
        let bare = Bytes::from([&[MARKER], signature.as_slice()].concat());
        Some(if deployed { bare } else { wrap(&self.maker(), &bare) })
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{address, b256, hex, keccak256};

    use super::*;
    use crate::chain::signature::{Given, recover};
    use crate::identity::master_key::MasterKey;

    const FACTORY: Address = address!("00000000000000000000000000000000fac70001");
    const DIGEST: B256 = b256!("1111111111111111111111111111111111111111111111111111111111111111");

    fn wallet(owner: &str) -> SmartWallet {
        let keys = Keys::derive(&MasterKey::parse(&"1".repeat(64)).unwrap());
        SmartWallet::derive(&keys, owner, FACTORY)
    }

    #[test]
    fn a_wallet_on_the_chain_signs_with_marker_and_owner() {
        let wallet = wallet("session:a");
        let signature = wallet.sign(DIGEST, true).unwrap();
        let (marker, bare) = signature.split_first().unwrap();
        assert_eq!((*marker, bare.len()), (MARKER, 65));
        assert_eq!(recover(DIGEST, bare), Some(wallet.owner()));
        assert_ne!(recover(B256::ZERO, bare), Some(wallet.owner()));
    }

    #[test]
    fn a_wallet_that_is_not_there_yet_says_how_it_is_made() {
        let wallet = wallet("session:a");
        let given = Given::read(&wallet.sign(DIGEST, false).unwrap()).unwrap();
        assert_eq!(given.signature, wallet.sign(DIGEST, true).unwrap());
        let maker = given.wrapper.unwrap();
        assert_eq!(maker.factory, FACTORY);
        // The selector in the local chain's list of factories.
        let owner = hex::encode(wallet.owner());
        let call = format!("a3def923{owner:0>64}{}", "0".repeat(64));
        assert_eq!(hex::encode(&maker.call), call);
    }

    #[test]
    fn signatures_are_those_that_viem_makes_and_the_local_chain_accepts() {
        // Made with viem from the same key. MiniWallet accepts it before and after its deployment.
        for (deployed, hash) in [
            (false, b256!("7c3dbaf5356d20c2dce1ad8aa832ecab33fd0d1c758a5c26fd99e1a593249bf3")),
            (true, b256!("2ea49aa64028aac1ab0a388c804b0617b1a98da43b70e23d4197ebff1dfa201e")),
        ] {
            let signature = wallet("session:a").sign(DIGEST, deployed).unwrap();
            assert_eq!(keccak256(&signature), hash, "{deployed}");
        }
    }

    #[test]
    fn every_owner_has_a_wallet_of_their_own() {
        assert_eq!(wallet("session:a").owner(), wallet("session:a").owner());
        assert_ne!(wallet("session:a").owner(), wallet("session:b").owner());
    }
}
