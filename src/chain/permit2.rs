//! Payments of x402's scheme `upto`: a payer allows at most an amount, and how much is taken is known only at settlement. Permit2
//! moves the money, asked by a proxy contract of x402 that lets only the named facilitator settle (x402, `scheme_upto_evm`).

use alloy_primitives::{Address, B256, Bytes, U256, address, b256, keccak256};
use alloy_sol_types::{SolCall, sol};

use crate::chain::eip3009::{self, Authorization};
use crate::chain::networks::Network;
use crate::chain::rpc::{Ask, RpcError, read};
use crate::chain::signature::{Given, recover};

/// Permit2, at the same address on every network.
pub const PERMIT2: Address = address!("000000000022D473030F116dDEE9F6B43aC78BA3");
/// `x402UptoPermit2Proxy`, at the same address on every network that has it.
pub const UPTO_PROXY: Address = address!("4020A4f3b7b90ccA423B9fabCc0CE57C6C240002");

/// What a payer signs beside the members of an [`Authorization`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    /// The most that may be taken, in the token's smallest unit.
    pub max: U256,
    pub token: Address,
    /// Who may ask Permit2 to move it: [`UPTO_PROXY`], or the chain refuses.
    pub spender: Address,
    /// The only account that the proxy lets settle.
    pub facilitator: Address,
}

// EIP-712 types. A hash of a type is Keccak-256 of its text.
const DOMAIN: &[u8] = b"EIP712Domain(string name,uint256 chainId,address verifyingContract)";
const TRANSFER: &[u8] = b"PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,Witness witness)TokenPermissions(address token,uint256 amount)Witness(address to,address facilitator,uint256 validAfter)";
const PERMISSIONS: &[u8] = b"TokenPermissions(address token,uint256 amount)";
const WITNESS: &[u8] = b"Witness(address to,address facilitator,uint256 validAfter)";
/// The selector of `settle(((address,uint256),uint256,uint256),uint256,address,(address,address,uint256),bytes)`.
const SETTLE: [u8; 4] = [0xff, 0x11, 0xe7, 0xb4];
/// Where the signature begins in its arguments, bytes: after ten words.
const SIGNATURE_AT: u64 = 320;

sol! {
    function nonceBitmap(address owner, uint256 word) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
}

/// The EIP-712 digest that the payer signs. How much is taken is not in it.
///
/// The few words are written here by hand: the general encoding of nested types costs 20 kB of the Worker.
#[must_use]
pub fn digest(network: &Network, authorization: &Authorization, permit: &Permit) -> B256 {
    let Authorization { to, valid_after, valid_before, nonce, .. } = authorization;
    let Permit { max, token, spender, facilitator } = permit;
    let domain = hash(&[
        keccak256(DOMAIN),
        keccak256(b"Permit2"),
        U256::from(network.chain_id).into(),
        PERMIT2.into_word(),
    ]);
    let permitted = hash(&[keccak256(PERMISSIONS), token.into_word(), (*max).into()]);
    let witness =
        hash(&[keccak256(WITNESS), to.into_word(), facilitator.into_word(), (*valid_after).into()]);
    let message = hash(&[
        keccak256(TRANSFER),
        permitted,
        spender.into_word(),
        *nonce,
        (*valid_before).into(),
        witness,
    ]);
    keccak256([b"\x19\x01".as_slice(), domain.as_slice(), message.as_slice()].concat())
}

/// The EIP-712 digest that the payer of an authorization signs, with or without a permit.
#[must_use]
pub fn digest_of(
    network: &Network,
    authorization: &Authorization,
    permit: Option<&Permit>,
) -> B256 {
    match permit {
        None => eip3009::digest(network, authorization),
        Some(permit) => digest(network, authorization, permit),
    }
}

/// Recovers the wallet whose key signed an authorization, with the rules of [`recover`].
#[must_use]
pub fn signer(
    network: &Network,
    authorization: &Authorization,
    permit: Option<&Permit>,
    signature: &[u8],
) -> Option<Address> {
    recover(digest_of(network, authorization, permit), signature)
}

/// The call of [`UPTO_PROXY`] that moves `authorization.value`, which only the named facilitator can send.
#[must_use]
pub fn settlement(authorization: &Authorization, permit: &Permit, given: &Given) -> Bytes {
    let Authorization { from, to, value, valid_after, valid_before, nonce, .. } = authorization;
    let signature = &given.signature;
    let length = U256::from(signature.len());
    let head = words(&[
        permit.token.into_word(),
        permit.max.into(),
        *nonce,
        (*valid_before).into(),
        (*value).into(),
        from.into_word(),
        to.into_word(),
        permit.facilitator.into_word(),
        (*valid_after).into(),
        U256::from(SIGNATURE_AT).into(),
        length.into(),
    ]);
    let padding = vec![0; signature.len().next_multiple_of(32).saturating_sub(signature.len())];
    [&SETTLE, head.as_slice(), signature, &padding].concat().into()
}

/// Whether a call settles exactly this: no log names the nonce of a permit.
#[must_use]
pub fn settles(to: Option<Address>, data: &[u8], authorization: &Authorization) -> bool {
    let Authorization { from, to: payee, value, nonce, .. } = authorization;
    let wanted = words(&[(*value).into(), from.into_word(), payee.into_word()]);
    to == Some(UPTO_PROXY)
        && data.starts_with(&SETTLE)
        && data.get(4 + 64..4 + 96) == Some(nonce.as_slice())
        && data.get(4 + 128..4 + 224) == Some(wanted.as_slice())
}

/// Whether the nonce was used or made void: Permit2 keeps a bit for each.
#[must_use]
pub(super) fn ask_used(authorization: &Authorization, block: &serde_json::Value) -> Ask {
    let word: U256 = number(authorization).wrapping_shr(8);
    let call = nonceBitmapCall { owner: authorization.from, word };
    Ask::contract_at(PERMIT2, &call.abi_encode(), block)
}

/// Reads the answer to [`ask_used`].
///
/// # Errors
/// [`RpcError`] if there is no result.
pub(super) fn read_used(
    answer: Result<serde_json::Value, RpcError>,
    authorization: &Authorization,
) -> Result<bool, RpcError> {
    let bits = nonceBitmapCall::abi_decode_returns_validate(&read::<Bytes>(answer)?)
        .map_err(|_| RpcError::Malformed)?;
    Ok(bits.bit(usize::from(authorization.nonce.0[31])))
}

/// How much of the payer's tokens Permit2 may move.
#[must_use]
pub fn ask_allowance(network: &Network, payer: Address) -> Ask {
    let call = allowanceCall { owner: payer, spender: PERMIT2 };
    Ask::contract(network.usdc, &call.abi_encode())
}

/// Reads the answer to [`ask_allowance`].
///
/// # Errors
/// [`RpcError`] if there is no result.
pub fn read_allowance(answer: Result<serde_json::Value, RpcError>) -> Result<U256, RpcError> {
    allowanceCall::abi_decode_returns_validate(&read::<Bytes>(answer)?)
        .map_err(|_| RpcError::Malformed)
}

/// The topic of `Settled()`, the log with which the proxy ends a settlement.
pub(super) const SETTLED: B256 =
    b256!("97088ec3606cfe8cc112180570d03fcde05f9b8e1bfef8e27784eaf5dd5691b6");

fn words(words: &[B256]) -> Vec<u8> {
    words.iter().flat_map(|word| word.0).collect()
}

fn hash(members: &[B256]) -> B256 {
    keccak256(words(members))
}

fn number(authorization: &Authorization) -> U256 {
    U256::from_be_bytes(authorization.nonce.0)
}

#[cfg(test)]
mod tests;
