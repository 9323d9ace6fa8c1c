//! The errors of a sign-in, and its time limit.

/// Validity of a nonce and of a message, seconds.
pub const SIGN_IN_SECONDS: i64 = 5 * 60;

/// Why a sign-in is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiweError {
    /// Not an EIP-4361 message.
    #[error(
        "the message is not a Sign-In with Ethereum message (EIP-4361): {0:?} is missing or malformed; write it anew and sign again"
    )]
    Malformed(&'static str),
    /// The message is for another site.
    #[error("the message was made for another site; its domain and URI must be this service's")]
    OtherSite,
    /// The message names a chain that the deployment does not use.
    #[error(
        "the message names a chain that this service does not use; use the one that its server names"
    )]
    OtherChain,
    /// The nonce is not ours, is for another purpose, or has expired.
    #[error("the nonce is not valid any more; ask for a new one and sign again")]
    Nonce,
    /// The message is too old, not valid yet, or expired.
    #[error(
        "the message is not valid at this time; check your clock, ask for a new nonce and sign again"
    )]
    Time,
    /// The chain gives no answer about a contract wallet.
    #[error("the chain cannot be asked about this contract wallet now; try again in a minute")]
    Chain,
    /// The signature is from another wallet or for another message.
    #[error(
        "the signature is not that of the address in the message; sign exactly this message with personal_sign (EIP-191)"
    )]
    Signature,
}
