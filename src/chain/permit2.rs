//! Payments of x402's scheme `upto`: a payer allows at most an amount, and how much is taken is known only at settlement. Permit2
//! moves the money, asked by a proxy contract of x402 that lets only the named facilitator settle (x402, `scheme_upto_evm`).

use std::borrow::Cow;

use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_sol_types::{Eip712Domain, SolCall, SolEvent, SolStruct, sol};

use crate::chain::eip3009::{self, Authorization};
use crate::chain::networks::Network;
use crate::chain::rpc::{Ask, RpcError, read};
use crate::chain::signature::Given;

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

sol! {
    struct TokenPermissions {
        address token;
        uint256 amount;
    }

    struct Witness {
        address to;
        address facilitator;
        uint256 validAfter;
    }

    struct PermitWitnessTransferFrom {
        TokenPermissions permitted;
        address spender;
        uint256 nonce;
        uint256 deadline;
        Witness witness;
    }

    struct PermitTransferFrom {
        TokenPermissions permitted;
        uint256 nonce;
        uint256 deadline;
    }

    function settle(PermitTransferFrom permit, uint256 amount, address owner, Witness witness, bytes signature) external;
    function nonceBitmap(address owner, uint256 word) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
    event Settled();
}

/// The EIP-712 digest that the payer signs. How much is taken is not in it.
#[must_use]
pub fn digest(network: &Network, authorization: &Authorization, permit: &Permit) -> B256 {
    let domain = Eip712Domain {
        name: Some(Cow::Borrowed("Permit2")),
        version: None,
        chain_id: Some(U256::from(network.chain_id)),
        verifying_contract: Some(PERMIT2),
        salt: None,
    };
    let message = PermitWitnessTransferFrom {
        permitted: TokenPermissions { token: permit.token, amount: permit.max },
        spender: permit.spender,
        nonce: number(authorization),
        deadline: authorization.valid_before,
        witness: witness(authorization, permit),
    };
    message.eip712_signing_hash(&domain)
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

/// The call of [`UPTO_PROXY`] that moves `authorization.value`, which only the named facilitator can send.
#[must_use]
pub fn settlement(authorization: &Authorization, permit: &Permit, given: &Given) -> Bytes {
    let call = settleCall {
        permit: PermitTransferFrom {
            permitted: TokenPermissions { token: permit.token, amount: permit.max },
            nonce: number(authorization),
            deadline: authorization.valid_before,
        },
        amount: authorization.value,
        owner: authorization.from,
        witness: witness(authorization, permit),
        signature: given.signature.clone(),
    };
    call.abi_encode().into()
}

/// Whether a call of the proxy settles exactly this: no log names the nonce of a permit.
#[must_use]
pub fn settles(to: Option<Address>, data: &[u8], authorization: &Authorization) -> bool {
    let Ok(call) = settleCall::abi_decode_validate(data) else { return false };
    to == Some(UPTO_PROXY)
        && call.owner == authorization.from
        && call.permit.nonce == number(authorization)
        && call.amount == authorization.value
        && call.witness.to == authorization.to
}

/// Whether the nonce was used or made void: Permit2 keeps a bit for each.
#[must_use]
pub(super) fn ask_used(authorization: &Authorization, block: &serde_json::Value) -> Ask {
    let word: U256 = number(authorization) >> 8;
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

/// The topic of the log with which the proxy ends a settlement.
pub(super) const SETTLED: B256 = Settled::SIGNATURE_HASH;

const fn witness(authorization: &Authorization, permit: &Permit) -> Witness {
    Witness {
        to: authorization.to,
        facilitator: permit.facilitator,
        validAfter: authorization.valid_after,
    }
}

const fn number(authorization: &Authorization) -> U256 {
    U256::from_be_bytes(authorization.nonce.0)
}
