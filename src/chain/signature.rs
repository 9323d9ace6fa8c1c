//! Decides who verifies a signature: a key (secp256k1), a deployed contract (ERC-1271), or a contract that is not
//! deployed yet (ERC-6492).
//!
//! The order is that of ERC-6492: a wrapper is removed first. A signer with code is asked as a contract and never
//! verified as a key; this includes EIP-7702 accounts. A wallet is deployed only through a factory and function on our
//! list, because anything else would be an arbitrary call that we pay for.

use std::collections::BTreeMap;
use std::fmt;

use alloy_primitives::{Address, B256, Bytes, FixedBytes, Signature, b256};
use alloy_sol_types::SolValue;

/// The suffix of a wrapped signature (ERC-6492).
const MAGIC: B256 = b256!("6492649264926492649264926492649264926492649264926492649264926492");
/// `r`, `s` and `v`: 32 + 32 + 1 bytes.
pub const KEY_SIGNATURE_BYTES: usize = 65;

/// The allowed factories of contract wallets, each with the selectors of its allowed functions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Factories(BTreeMap<Address, Vec<FixedBytes<4>>>);

/// A received signature without its wrapper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// How to deploy the wallet, if the signature was wrapped.
    pub wrapper: Option<Wrapper>,
    /// The signature that the wallet verifies.
    pub signature: Bytes,
}

/// The factory call that deploys a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapper {
    pub factory: Address,
    /// The calldata for the factory (ERC-6492).
    pub call: Bytes,
}

/// Who verifies a signature, given whether the signer has code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judge {
    /// The signer's key made the signature; nothing is left to verify.
    Key,
    /// The contract at the signer's address (ERC-1271).
    Contract,
    /// The contract that this factory call deploys at the signer's address (ERC-6492).
    Counterfactual(Wrapper),
}

/// Why a signature is invalid without asking a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unjudged {
    /// The signer has no code, and its key did not make this signature.
    #[error("invalid_exact_evm_signature")]
    NotTheKey,
    /// The wrapper cannot be decoded.
    #[error("invalid_exact_evm_failed_to_parse_signature")]
    Malformed,
    /// The factory or its function is not on the list.
    #[error("eip6492_factory_not_allowed")]
    Factory,
}

impl Factories {
    /// Parses a list such as `0x…:0x3ffba36f, 0x…:0x1688f0b9`: addresses with the selector of an allowed function.
    ///
    /// # Errors
    /// The first entry that cannot be parsed.
    pub fn parse(list: &str) -> Result<Self, String> {
        let mut factories: BTreeMap<Address, Vec<FixedBytes<4>>> = BTreeMap::new();
        for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let read = entry.split_once(':').and_then(|(address, selector)| {
                let is_whole = selector.starts_with("0x") && selector.len() == 10;
                Some((address.parse().ok()?, selector.parse().ok().filter(|_| is_whole)?))
            });
            let (address, selector) = read.ok_or_else(|| entry.to_owned())?;
            factories.entry(address).or_default().push(selector);
        }
        Ok(Self(factories))
    }

    fn allow(&self, wrapper: &Wrapper) -> bool {
        let called = wrapper.call.get(..4).map(FixedBytes::<4>::from_slice);
        let allowed = self.0.get(&wrapper.factory);
        allowed.is_some_and(|allowed| called.is_some_and(|called| allowed.contains(&called)))
    }
}

impl Given {
    /// Removes the wrapper, if there is one.
    ///
    /// # Errors
    /// [`Unjudged::Malformed`].
    pub fn read(bytes: &[u8]) -> Result<Self, Unjudged> {
        let Some(wrapped) = bytes.strip_suffix(MAGIC.as_slice()) else {
            return Ok(Self { wrapper: None, signature: Bytes::copy_from_slice(bytes) });
        };
        let (factory, call, signature) =
            <(Address, Bytes, Bytes)>::abi_decode_params_validate(wrapped)
                .map_err(|_| Unjudged::Malformed)?;
        Ok(Self { wrapper: Some(Wrapper { factory, call }), signature })
    }

    /// Decides who verifies this signature of `signer` under `digest`.
    ///
    /// # Errors
    /// [`Unjudged`] if the signature is invalid.
    pub fn judge(
        &self,
        signer: Address,
        digest: B256,
        has_code: bool,
        factories: &Factories,
    ) -> Result<Judge, Unjudged> {
        match &self.wrapper {
            _ if has_code => Ok(Judge::Contract),
            // A key needs no contract: wrapping its signature must not make us pay for a deployment.
            _ if recover(digest, &self.signature) == Some(signer) => Ok(Judge::Key),
            Some(wrapper) if factories.allow(wrapper) => Ok(Judge::Counterfactual(wrapper.clone())),
            Some(_) => Err(Unjudged::Factory),
            None => Err(Unjudged::NotTheKey),
        }
    }

    /// The parts `v`, `r` and `s`, if the signature has the length of a key's. A contract's signature may have it too.
    #[must_use]
    pub fn parts(&self) -> Option<(u8, B256, B256)> {
        let bytes: &[u8; KEY_SIGNATURE_BYTES] = self.signature.as_ref().try_into().ok()?;
        let [rs @ .., v] = bytes;
        let (r, s) = rs.split_at(32);
        Some((*v, B256::from_slice(r), B256::from_slice(s)))
    }
}

/// Recovers the wallet whose key made a 65-byte signature under `digest`, with the rules of USDC: `v` is 27 or 28 and
/// `s` lies in the lower half (EIP-2). `None` for everything else.
#[must_use]
pub fn recover(digest: B256, signature: &[u8]) -> Option<Address> {
    let v = *signature.get(64)?;
    if signature.len() != KEY_SIGNATURE_BYTES || !matches!(v, 27 | 28) {
        return None;
    }
    let signature = Signature::from_raw(signature).ok()?;
    if signature.normalize_s().is_some() {
        return None;
    }
    signature.recover_address_from_prehash(&digest).ok()
}

impl fmt::Display for Factories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.0.iter().flat_map(|(factory, selectors)| {
            selectors.iter().map(move |selector| format!("{factory}:{selector}"))
        });
        f.write_str(&entries.collect::<Vec<_>>().join(", "))
    }
}

/// Wraps the signature of a wallet that is not deployed yet (ERC-6492).
#[must_use]
pub fn wrap(wrapper: &Wrapper, signature: &Bytes) -> Bytes {
    let parameters = (wrapper.factory, wrapper.call.clone(), signature.clone());
    let mut bytes = parameters.abi_encode_params();
    bytes.extend_from_slice(MAGIC.as_slice());
    bytes.into()
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{address, bytes};

    use super::*;

    const FACTORY: Address = address!("00000000000000000000000000000000fac70001");
    const SIGNER: Address = address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");

    fn factories() -> Factories {
        let list = "0x00000000000000000000000000000000fac70001:0x12345678";
        Factories::parse(list).unwrap()
    }

    fn wrapped(factory: Address, call: Bytes) -> Given {
        let wrapper = Wrapper { factory, call };
        let whole = wrap(&wrapper, &bytes!("aabb"));
        let given = Given::read(&whole).unwrap();
        assert_eq!(given, Given { wrapper: Some(wrapper), signature: bytes!("aabb") });
        given
    }

    #[test]
    fn only_a_function_of_the_list_makes_a_wallet() {
        let judge = |given: &Given| given.judge(SIGNER, B256::ZERO, false, &factories());
        let good = wrapped(FACTORY, bytes!("12345678ff"));
        assert!(matches!(judge(&good), Ok(Judge::Counterfactual(_))));
        for bad in [
            wrapped(SIGNER, bytes!("12345678ff")),
            wrapped(FACTORY, bytes!("12345679ff")),
            wrapped(FACTORY, bytes!("123456")),
        ] {
            assert_eq!(judge(&bad), Err(Unjudged::Factory));
        }
    }

    #[test]
    fn whoever_has_code_is_asked_as_a_contract() {
        let key = Given { wrapper: None, signature: Bytes::from([27; 65]) };
        let foreign = wrapped(SIGNER, bytes!("00"));
        for given in [key, foreign, wrapped(FACTORY, bytes!("12345678"))] {
            let judge = given.judge(SIGNER, B256::ZERO, true, &factories());
            assert_eq!(judge, Ok(Judge::Contract));
        }
    }

    #[test]
    fn a_wrapper_that_cannot_be_read_is_refused() {
        for inner in [&[][..], &[1; 32], &[0xff; 96], &[0; 95]] {
            let whole = [inner, MAGIC.as_slice()].concat();
            assert_eq!(Given::read(&whole), Err(Unjudged::Malformed), "{inner:?}");
        }
    }

    #[test]
    fn a_list_of_factories_names_what_it_cannot_read() {
        assert_eq!(Factories::parse(""), Ok(Factories::default()));
        let text = "0x00000000000000000000000000000000fAc70001:0x12345678";
        assert_eq!(Factories::parse(text).unwrap().to_string(), text);
        for bad in ["0x12:0x12345678", "0x00000000000000000000000000000000fac70001", "x:y"] {
            assert_eq!(Factories::parse(bad), Err(bad.to_owned()));
        }
    }
}
