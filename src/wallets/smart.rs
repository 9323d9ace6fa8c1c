//! A smart wallet of our own: a contract with one owner, whose key is derived from the identity keys and
//! the owner's name. It has an address, and can be paid and pay, before it is on the chain.

use alloy_primitives::{Address, B256, Bytes, Signature};
use alloy_sol_types::{SolCall, SolValue, sol};
use k256::ecdsa::SigningKey;

use crate::chain::rpc::{Ask, Rpc, RpcError};
use crate::chain::signature::{Wrapper, wrap};
use crate::identity::keys::Keys;
use crate::ports::Http;

/// Before the owner's signature, so that a wallet's signature never looks like a key's.
const MARKER: u8 = 1;
/// One wallet for each owner.
const SALT: B256 = B256::ZERO;

sol! {
    interface Factory {
        function addressOf(address owner, bytes32 salt) external view returns (address);
        function create(address owner, bytes32 salt) external returns (address);
    }
}

/// A wallet whose owner's key we hold. The key is never shown; there is no `Debug`.
pub struct SmartWallet {
    key: SigningKey,
    factory: Address,
}

impl SmartWallet {
    /// The wallet of an owner: always the same, as long as key, name and factory are.
    #[must_use]
    pub fn derive(keys: &Keys, owner: &str, factory: Address) -> Self {
        Self { key: keys.wallet_key(owner), factory }
    }

    /// The address of the key that owns the wallet. It never holds money.
    #[must_use]
    pub fn owner(&self) -> Address {
        Address::from_private_key(&self.key)
    }

    /// Where the wallet is or will be, as its factory says.
    ///
    /// # Errors
    /// [`RpcError`]; [`RpcError::Malformed`] if there is no factory at its address.
    pub async fn address(&self, http: &impl Http, rpc: &Rpc) -> Result<Address, RpcError> {
        let call = Factory::addressOfCall { owner: self.owner(), salt: SALT };
        let Ask { method, params } = Ask::contract(self.factory, &call.abi_encode());
        let answer: Bytes = rpc.call(http, method, params).await?;
        let address = Address::abi_decode_validate(&answer).map_err(|_| RpcError::Malformed)?;
        if address.is_zero() { Err(RpcError::Malformed) } else { Ok(address) }
    }

    /// Whether the wallet is on the chain ([`super::is_deployed`]).
    ///
    /// # Errors
    /// [`RpcError`]
    pub async fn is_deployed(
        &self,
        http: &impl Http,
        rpc: &Rpc,
        address: Address,
    ) -> Result<bool, RpcError> {
        super::is_deployed(http, rpc, address).await
    }

    /// How the wallet is made.
    #[must_use]
    pub fn maker(&self) -> Wrapper {
        let call = Factory::createCall { owner: self.owner(), salt: SALT };
        Wrapper { factory: self.factory, call: call.abi_encode().into() }
    }

    /// A signature that the wallet accepts under an EIP-712 digest (ERC-1271), and that makes the
    /// wallet first while it is not on the chain (ERC-6492). `None` if the curve refuses the digest,
    /// which has never been seen.
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
        // The selector that the local chain's list of factories has.
        let owner = hex::encode(wallet.owner());
        let call = format!("a3def923{owner:0>64}{}", "0".repeat(64));
        assert_eq!(hex::encode(&maker.call), call);
    }

    #[test]
    fn signatures_are_those_that_viem_makes_and_the_local_chain_accepts() {
        // Made with viem from the same key, and accepted by MiniWallet before and after it was there.
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
