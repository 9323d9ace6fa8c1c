//! Why a sign-in is refused, and how long one may take.

/// How long a nonce, and a message, may be used, seconds.
pub const SIGN_IN_SECONDS: i64 = 5 * 60;

/// Why a sign-in is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiweError {
    /// Not an EIP-4361 message.
    #[error(
        "the message is not a Sign-In with Ethereum message (EIP-4361): {0:?} is missing or malformed; write it anew and sign again"
    )]
    Malformed(&'static str),
    /// Meant for another site.
    #[error("the message was made for another site; its domain and URI must be this service's")]
    OtherSite,
    /// For a chain that we do not know.
    #[error(
        "the message names a chain that this service does not use; use the one that its server names"
    )]
    OtherChain,
    /// Not a nonce of ours, or too old.
    #[error("the nonce is not valid any more; ask for a new one and sign again")]
    Nonce,
    /// Made too long ago, not valid yet, or not any more.
    #[error(
        "the message is not valid at this time; check your clock, ask for a new nonce and sign again"
    )]
    Time,
    /// The chain cannot be asked.
    #[error("the chain cannot be asked about this contract wallet now; try again in a minute")]
    Chain,
    /// Somebody else signed, or something else was signed.
    #[error(
        "the signature is not that of the address in the message; sign exactly this message with personal_sign (EIP-191)"
    )]
    Signature,
}
