//! A wallet in the user's browser. Its signature is verified before it is used.

use alloy_primitives::{Address, B256, Bytes, hex};

use crate::chain::erc1271::accepts;
use crate::chain::rpc::{Rpc, RpcError};
use crate::chain::signature::{Factories, Given, KEY_SIGNATURE_BYTES, recover};
use crate::ports::Http;

/// The longest signature, bytes. That of an undeployed wallet contains its factory call.
const SIGNATURE_BYTES_MAX: usize = 8 * 1024;

/// Why a signature is refused. The messages are for the user who signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// Not hex, or too long.
    #[error("the signature must be hex digits after 0x, at most 8 KB of them; sign again")]
    NotASignature,
    /// The ERC-6492 wrapper cannot be decoded.
    #[error("the signature's ERC-6492 wrapper cannot be read; sign again")]
    Wrapper,
    /// Made by the key of another account, or for another message.
    #[error(
        "this is not a signature of {wanted} for this payment but one of {made_by}; choose the account {wanted} in the wallet, and sign what was asked"
    )]
    OtherAccount {
        wanted: Address,
        /// The account whose key fits the signature.
        made_by: Address,
    },
    /// The wallet's contract refuses the signature, or its factory is not allowed.
    #[error(
        "the wallet {0} does not accept this signature; sign again. A contract wallet that is not on the chain yet must come from a factory that this service knows (WALLET_FACTORIES)"
    )]
    NotAccepted(Address),
    /// The chain gives no answer, so the signature may be valid.
    #[error("the signature cannot be checked now: {0}")]
    Unchecked(#[from] RpcError),
}

/// Verifies a signature of `signer` under an EIP-712 digest, by key or by contract, deployed or not. Returns it in the
/// form that USDC accepts.
///
/// # Errors
/// [`BadSignature`]; all but [`BadSignature::Unchecked`] are final.
pub async fn check(
    http: &impl Http,
    rpc: &Rpc,
    factories: &Factories,
    signer: Address,
    digest: B256,
    signature: &str,
) -> Result<Bytes, BadSignature> {
    let bytes = read(signature)?;
    let usual = with_usual_v(&bytes);
    if recover(digest, &usual) == Some(signer) {
        return Ok(usual);
    }
    let given = Given::read(&bytes).map_err(|_| BadSignature::Wrapper)?;
    if accepts(http, rpc, factories, signer, digest, &given).await? {
        return Ok(bytes);
    }
    Err(match recover(digest, &usual) {
        Some(made_by) => BadSignature::OtherAccount { wanted: signer, made_by },
        None => BadSignature::NotAccepted(signer),
    })
}

fn read(signature: &str) -> Result<Bytes, BadSignature> {
    let digits = signature.trim().strip_prefix("0x").unwrap_or_default();
    let is_long = digits.len() > SIGNATURE_BYTES_MAX.saturating_mul(2);
    if digits.is_empty() || is_long {
        return Err(BadSignature::NotASignature);
    }
    hex::decode(digits).map(Bytes::from).map_err(|_| BadSignature::NotASignature)
}

/// Changes a `v` of 0 or 1, which some hardware wallets write and USDC refuses, to 27 or 28.
fn with_usual_v(bytes: &Bytes) -> Bytes {
    match bytes.split_last() {
        Some((v @ (0 | 1), rest)) if bytes.len() == KEY_SIGNATURE_BYTES => {
            Bytes::from([rest, &[v.saturating_add(27)]].concat())
        }
        Some(_) | None => bytes.clone(),
    }
}
