//! Sign-In with Ethereum (EIP-4361) for wallets with a key of their own.
//!
//! A nonce carries its own end and a MAC, so nothing is stored for strangers. That it is used only
//! once is the business of the caller, who stores it for the wallet that has proven itself.

use std::iter::Peekable;

use alloy_primitives::{Address, Signature, hex};
use subtle::ConstantTimeEq;

use crate::identity::keys::Keys;
use crate::ports::Random;
use crate::time::UnixSeconds;

/// How long a nonce, and a message, may be used, seconds.
pub const SIGN_IN_SECONDS: i64 = 5 * 60;
const CLOCK_SKEW_SECONDS: i64 = 60;
const MESSAGE_BYTES_MAX: usize = 4096;
/// Hex digits of a nonce: 8 of its end, 24 random, 32 of its MAC.
const NONCE_DIGITS: usize = 64;

/// The proof that somebody holds a wallet's key. Only [`verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenWallet {
    address: Address,
    nonce: String,
    nonce_expires_at: UnixSeconds,
}

/// What a message has to say to be meant for us.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Our host, with its port if it is not the usual one.
    pub domain: &'a str,
    /// Our address.
    pub uri_origin: &'a str,
    /// Chains that we accept.
    pub chain_ids: &'a [u64],
}

/// A message, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiweMessage {
    /// Who asks for the sign-in.
    pub domain: String,
    /// Who signs in.
    pub address: Address,
    /// What the sign-in is for.
    pub uri: String,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// From us.
    pub nonce: String,
    /// When it was made.
    pub issued_at: UnixSeconds,
    /// When it ends, if it says so.
    pub expiration_time: Option<UnixSeconds>,
    /// When it begins, if it says so.
    pub not_before: Option<UnixSeconds>,
}

/// Why a sign-in is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiweError {
    /// Not an EIP-4361 message.
    #[error(
        "the message is not a Sign-In with Ethereum message (EIP-4361): {0} is missing or malformed"
    )]
    Malformed(&'static str),
    /// Meant for another site.
    #[error("the message was made for another site; its domain and URI must be this service's")]
    OtherSite,
    /// For a chain that we do not know.
    #[error("the message names a chain that this service does not use")]
    OtherChain,
    /// Not a nonce of ours, or too old.
    #[error("the nonce is not valid any more; ask for a new one and sign again")]
    Nonce,
    /// Made too long ago, not valid yet, or not any more.
    #[error("the message is not valid at this time; ask for a new nonce and sign again")]
    Time,
    /// A signature that is not one of a key.
    #[error("this signature is not one of an ordinary key; contract wallets cannot sign in yet")]
    NotAKey,
    /// Somebody else signed.
    #[error("the signature is not that of the address in the message")]
    Signature,
}

impl ProvenWallet {
    /// The wallet.
    #[must_use]
    pub fn address(&self) -> Address {
        self.address
    }

    /// The nonce, to be used up.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Until when the nonce has to be remembered.
    #[must_use]
    pub fn nonce_expires_at(&self) -> UnixSeconds {
        self.nonce_expires_at
    }
}

/// A nonce for a message, and when it ends.
#[must_use]
pub fn new_nonce(keys: &Keys, random: &impl Random, now: UnixSeconds) -> (String, UnixSeconds) {
    let expires_at = now.plus(SIGN_IN_SECONDS);
    let payload = format!("{:08x}{}", expires_at.get(), hex::encode(random.bytes::<12>()));
    let mac = nonce_mac(keys, &payload);
    (payload + &mac, expires_at)
}

/// Proves a wallet by its signature under `message`.
///
/// # Errors
/// [`SiweError`] is the first thing that is wrong.
pub fn verify(
    message: &str,
    signature: &str,
    expected: &Expected<'_>,
    keys: &Keys,
    now: UnixSeconds,
) -> Result<ProvenWallet, SiweError> {
    let read = SiweMessage::parse(message)?;
    let same_origin = read
        .uri
        .strip_prefix(expected.uri_origin)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']));
    if read.domain != expected.domain || !same_origin {
        return Err(SiweError::OtherSite);
    }
    if !expected.chain_ids.contains(&read.chain_id) {
        return Err(SiweError::OtherChain);
    }
    let nonce_expires_at = check_nonce(keys, &read.nonce, now)?;
    let age = now.since(read.issued_at);
    let in_window = (-CLOCK_SKEW_SECONDS..=SIGN_IN_SECONDS + CLOCK_SKEW_SECONDS).contains(&age)
        && read.expiration_time.is_none_or(|end| now < end)
        && read.not_before.is_none_or(|begin| begin <= now);
    if !in_window {
        return Err(SiweError::Time);
    }
    let bytes = hex::decode(signature).map_err(|_| SiweError::Signature)?;
    if bytes.len() != 65 {
        return Err(SiweError::NotAKey);
    }
    let signature = Signature::from_raw(&bytes).map_err(|_| SiweError::Signature)?;
    let signer = signature.recover_address_from_msg(message).map_err(|_| SiweError::Signature)?;
    if signature.normalize_s().is_some() || signer != read.address {
        return Err(SiweError::Signature);
    }
    Ok(ProvenWallet { address: read.address, nonce: read.nonce, nonce_expires_at })
}

impl SiweMessage {
    /// Reads a message, strictly in the order of EIP-4361.
    ///
    /// # Errors
    /// [`SiweError::Malformed`] names the first line that is wrong.
    pub fn parse(message: &str) -> Result<Self, SiweError> {
        use SiweError::Malformed;
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(Malformed("its length"));
        }
        let mut lines = message.split('\n').peekable();
        let first = lines.next().unwrap_or_default();
        let domain = first
            .strip_suffix(" wants you to sign in with your Ethereum account:")
            .ok_or(Malformed("the first line"))?;
        let domain = domain.split_once("://").map_or(domain, |(_, rest)| rest).to_owned();
        let address = lines.next().unwrap_or_default();
        let address = Address::parse_checksummed(address, None)
            .map_err(|_| Malformed("the address in EIP-55 spelling"))?;
        skip_statement(&mut lines)?;
        let mut field = |tag: &'static str| {
            lines
                .next_if(|line| line.starts_with(tag))
                .map(|line| line.get(tag.len()..).unwrap_or_default())
        };
        let required = |value: Option<&str>, tag| value.map(str::to_owned).ok_or(Malformed(tag));
        let moment =
            |value: &str, tag| UnixSeconds::from_rfc3339(value).map_err(|_| Malformed(tag));
        let uri = required(field("URI: "), "URI")?;
        if field("Version: ") != Some("1") {
            return Err(Malformed("Version"));
        }
        let chain_id =
            field("Chain ID: ").and_then(|id| id.parse().ok()).ok_or(Malformed("Chain ID"))?;
        let nonce = required(field("Nonce: "), "Nonce")?;
        let issued_at = moment(field("Issued At: ").unwrap_or_default(), "Issued At")?;
        let expiration_time =
            field("Expiration Time: ").map(|value| moment(value, "Expiration Time")).transpose()?;
        let not_before =
            field("Not Before: ").map(|value| moment(value, "Not Before")).transpose()?;
        field("Request ID: ");
        let has_resources = field("Resources:").is_some();
        if lines.any(|line| !has_resources || !line.starts_with("- ")) {
            return Err(Malformed("the order of lines"));
        }
        Ok(Self { domain, address, uri, chain_id, nonce, issued_at, expiration_time, not_before })
    }
}

/// An empty line, and optionally a statement, and another empty line, which some wallets leave out
/// where there is no statement.
fn skip_statement<'a>(
    lines: &mut Peekable<impl Iterator<Item = &'a str>>,
) -> Result<(), SiweError> {
    let malformed = Err(SiweError::Malformed("the empty line after the address"));
    if lines.next() != Some("") {
        return malformed;
    }
    if lines.peek().is_some_and(|line| line.starts_with("URI: ")) {
        return Ok(());
    }
    match lines.next() {
        Some("") => Ok(()),
        Some(_) if lines.next() == Some("") => Ok(()),
        Some(_) | None => malformed,
    }
}

fn check_nonce(keys: &Keys, nonce: &str, now: UnixSeconds) -> Result<UnixSeconds, SiweError> {
    let (payload, mac) = nonce.split_at_checked(32).ok_or(SiweError::Nonce)?;
    let is_ours = nonce.len() == NONCE_DIGITS
        && bool::from(nonce_mac(keys, payload).as_bytes().ct_eq(mac.as_bytes()));
    let end = payload.get(..8).and_then(|digits| i64::from_str_radix(digits, 16).ok());
    match end.map(UnixSeconds::new) {
        Some(end) if is_ours && now < end => Ok(end),
        Some(_) | None => Err(SiweError::Nonce),
    }
}

fn nonce_mac(keys: &Keys, payload: &str) -> String {
    let mac = keys.sign_nonce(payload.as_bytes());
    hex::encode(mac.get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;
    use k256::ecdsa::SigningKey;

    use super::*;
    use crate::identity::keys::MasterKey;

    struct Fixed;

    impl Random for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    const NOW: UnixSeconds = UnixSeconds::new(1_795_262_400);
    const EXPECTED: Expected<'static> = Expected {
        domain: "localhost:8787",
        uri_origin: "http://localhost:8787",
        chain_ids: &[84532],
    };

    fn keys() -> Keys {
        Keys::derive(&MasterKey::parse(&"1".repeat(64)).unwrap())
    }

    fn key() -> SigningKey {
        SigningKey::from_slice(&[9; 32]).unwrap()
    }

    fn message() -> String {
        let (nonce, _) = new_nonce(&keys(), &Fixed, NOW);
        let address = Address::from_private_key(&key());
        format!(
            "localhost:8787 wants you to sign in with your Ethereum account:\n{address}\n\nOpen my door.\n\nURI: http://localhost:8787\nVersion: 1\nChain ID: 84532\nNonce: {nonce}\nIssued At: {NOW}"
        )
    }

    fn sign(message: &str) -> String {
        let prefixed = format!("\x19Ethereum Signed Message:\n{}{message}", message.len());
        let (signature, recovery) =
            key().sign_prehash_recoverable(keccak256(prefixed).as_slice()).unwrap();
        let mut bytes = signature.to_bytes().to_vec();
        bytes.push(27 + recovery.to_byte());
        hex::encode_prefixed(bytes)
    }

    #[test]
    fn the_holder_of_the_key_is_proven() {
        let message = message();
        let proven = verify(&message, &sign(&message), &EXPECTED, &keys(), NOW).unwrap();
        assert_eq!(proven.address(), Address::from_private_key(&key()));
        assert_eq!(proven.nonce_expires_at(), NOW.plus(300));
    }

    #[test]
    fn whatever_was_not_meant_for_us_now_is_refused() {
        let check = |from: &str, to: &str, error: SiweError| {
            let message = message().replace(from, to);
            assert_eq!(
                verify(&message, &sign(&message), &EXPECTED, &keys(), NOW),
                Err(error),
                "{to}"
            );
        };
        check("localhost:8787 wants", "evil.example wants", SiweError::OtherSite);
        check("URI: http://localhost:8787", "URI: http://localhost:87870", SiweError::OtherSite);
        check("Chain ID: 84532", "Chain ID: 1", SiweError::OtherChain);
        check("Version: 1", "Version: 2", SiweError::Malformed("Version"));
        check("Nonce: ", "Nonce: 0", SiweError::Nonce);
        check("0707", "0808", SiweError::Nonce);
        check("Issued At: 2026", "Issued At: 2025", SiweError::Time);
        check("Issued At: 2026", "Issued At: 2027", SiweError::Time);
        check("\nURI", "\nextra\nURI", SiweError::Malformed("URI"));
        let end = "Issued At: 2026-11-21T12:00:00Z";
        check(end, &format!("{end}\nExpiration Time: 2026-11-21T12:00:00Z"), SiweError::Time);
        check(end, &format!("{end}\nNot Before: 2026-11-21T12:00:01Z"), SiweError::Time);
        check(end, &format!("{end}\nmore"), SiweError::Malformed("the order of lines"));
    }

    #[test]
    fn a_nonce_ends() {
        let message = message();
        let late = NOW.plus(300);
        assert_eq!(
            verify(&message, &sign(&message), &EXPECTED, &keys(), late),
            Err(SiweError::Nonce)
        );
    }

    #[test]
    fn somebody_elses_signature_is_refused() {
        let message = message();
        let other = sign(&message.replace("Open", "Shut"));
        assert_eq!(verify(&message, &other, &EXPECTED, &keys(), NOW), Err(SiweError::Signature));
        assert_eq!(verify(&message, "0x1234", &EXPECTED, &keys(), NOW), Err(SiweError::NotAKey));
        assert_eq!(verify(&message, "zz", &EXPECTED, &keys(), NOW), Err(SiweError::Signature));
    }
}
