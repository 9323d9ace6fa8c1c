//! Credentials of a host's own programs: `mcp_{scope}_{43 characters}`, 256 random bits.
//!
//! The scope leads to the host's object, also on routes whose URL does not name it. The token is not stored; the object
//! holds its SHA-256. A plain hash suffices for 256 random bits.

use std::fmt;

use alloy_primitives::hex;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::base::id::ScopeId;
use crate::ports::Random;

const PREFIX: &str = "mcp_";
const SECRET_BYTES: usize = 32;
const HINT_CHARS: usize = 4;

/// A token in clear text: exists in the one answer that shows it, and while a request is read. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    scope: ScopeId,
    secret: String,
}

/// The stored form of a token: its SHA-256 in hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenDigest(String);

/// Text that is not a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a credential of the form mcp_<32 hex digits>_<43 characters>")]
pub struct NoToken;

impl Token {
    /// A new token for a program of the host with this scope.
    #[must_use]
    pub fn random(scope: ScopeId, random: &impl Random) -> Self {
        Self { scope, secret: URL_SAFE_NO_PAD.encode(random.bytes::<SECRET_BYTES>()) }
    }

    /// Whether a bearer token has the prefix of credentials. It is then never read as a session token.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// Parses untrusted text.
    ///
    /// # Errors
    /// [`NoToken`] if the text does not have this form.
    pub fn parse(text: &str) -> Result<Self, NoToken> {
        let parts = text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_'));
        let (scope, secret) = parts.ok_or(NoToken)?;
        let scope = ScopeId::parse(scope).map_err(|_| NoToken)?;
        // Only the canonical base64 of 32 bytes is accepted, so that one token has one digest.
        let bytes = URL_SAFE_NO_PAD.decode(secret).map_err(|_| NoToken)?;
        if bytes.len() != SECRET_BYTES {
            return Err(NoToken);
        }
        Ok(Self { scope, secret: secret.to_owned() })
    }

    /// The scope of the host that issued the token, as the token claims.
    #[must_use]
    pub const fn scope(&self) -> &ScopeId {
        &self.scope
    }

    /// The digest that is stored.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(hex::encode(Sha256::digest(self.expose())))
    }

    /// The first characters of the random part, to recognize the token in a list.
    #[must_use]
    pub fn hint(&self) -> String {
        self.secret.chars().take(HINT_CHARS).collect()
    }

    /// The token in clear text, for the one answer that shows it.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}_{}", self.scope, self.secret)
    }
}

impl TokenDigest {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPE: &str = "0123456789abcdef0123456789abcdef";

    struct Sevens;

    impl Random for Sevens {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    fn token() -> Token {
        Token::random(ScopeId::parse(SCOPE).unwrap(), &Sevens)
    }

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let text = token().expose();
        assert_eq!(text, format!("mcp_{SCOPE}_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"));
        assert_eq!(text.len(), 4 + 32 + 1 + 43);
        assert!(Token::is_meant(&text));
        assert_eq!(Token::parse(&text), Ok(token()));
        assert_eq!((token().scope().as_str(), token().hint().as_str()), (SCOPE, "BwcH"));
    }

    #[test]
    fn its_digest_is_the_sha_256_of_the_text() {
        // printf %s "$TOKEN" | sha256sum
        let known = "6c46c46c0d2e4cdf8a09451c03d73a769c6c79026d8e4f8aacdbf170b49f71a6";
        assert_eq!(token().digest().as_str(), known);
    }

    #[test]
    fn what_is_not_written_exactly_so_is_no_token() {
        let good = token().expose();
        let (head, _) = good.rsplit_once('_').unwrap();
        for text in [
            "",
            "mcp_",
            "mcp_nothing",
            head,
            &format!("{head}_"),
            // One character more or less, padding, other digits, non-zero trailing bits.
            &format!("{good}B"),
            good.get(..good.len() - 1).unwrap(),
            &format!("{good}="),
            &good.to_uppercase(),
            &good.replace("wc", "w+"),
            &format!("{}d", good.get(..good.len() - 1).unwrap()),
            &format!(" {good}"),
            &good.replace("mcp_", "MCP_"),
            &"mcp_".repeat(10_000),
        ] {
            assert_eq!(Token::parse(text), Err(NoToken), "{text}");
        }
    }

    #[test]
    fn a_token_is_not_shown_by_accident() {
        assert_eq!(format!("{:?}", token()), "Token(…)");
    }
}
