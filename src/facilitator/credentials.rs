//! How a remote facilitator authenticates us: a fixed header, or a token that is signed for each request, as
//! Coinbase's API requires (a JSON Web Token, RFC 7519, for one method and URL, valid for two minutes).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::base::signing_key::{Algorithm, SigningKey};
use crate::base::web_address::Url;
use crate::ports::{Clock, Random, SignError, Signer};

/// The validity of a token, seconds.
const TOKEN_SECONDS: i64 = 120;
const HEADER_BYTES_MAX: usize = 4_096;
const ID_BYTES_MAX: usize = 256;

/// The credentials for each request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// The same header each time.
    Header(Header),
    /// A new token for each request.
    Cdp(CdpKey),
}

/// The value of an `Authorization` header. It is never logged or shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Header(String);

/// A key of Coinbase's developer platform (CDP).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CdpKey {
    id: String,
    key: SigningKey,
}

impl Header {
    /// Parses visible ASCII with single spaces in between.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        let fits = !text.is_empty() && text.len() <= HEADER_BYTES_MAX && text == text.trim();
        (is_visible && fits).then(|| Self(text.to_owned()))
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Header(…)")
    }
}

impl CdpKey {
    /// Parses `CDP_API_KEY_ID` and `CDP_API_KEY_SECRET`.
    ///
    /// # Errors
    ///
    /// The fault, which begins with the name of the setting. Neither value is repeated.
    pub fn parse(id: &str, secret: &str) -> Result<Self, &'static str> {
        let id = id.trim();
        if id.len() > ID_BYTES_MAX || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(
                "CDP_API_KEY_ID is not the id of a key: visible ASCII characters, no spaces",
            );
        }
        let key = SigningKey::parse(secret).ok_or(
            "CDP_API_KEY_SECRET is neither an Ed25519 key in base64 nor an EC key (P-256) as PEM",
        )?;
        Ok(Self { id: id.to_owned(), key })
    }

    /// A token for one request.
    async fn token(
        &self,
        world: &(impl Clock + Random + Signer),
        method: &str,
        url: &str,
    ) -> Result<String, SignError> {
        let target = target_of(url).ok_or_else(|| SignError("the address is none".to_owned()))?;
        let now = world.now().get();
        let nonce = alloy_primitives::hex::encode(world.bytes::<16>());
        let alg = match self.key.algorithm() {
            Algorithm::Ed25519 => "EdDSA",
            Algorithm::Es256 => "ES256",
        };
        let header = json!({"alg": alg, "typ": "JWT", "kid": self.id, "nonce": nonce});
        let claims = json!({
            "iss": "cdp",
            "sub": self.id,
            "aud": ["cdp_service"],
            "iat": now,
            "nbf": now,
            "exp": now.saturating_add(TOKEN_SECONDS),
            "uris": [format!("{method} {target}")],
        });
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let head = encode(header.to_string().as_bytes());
        let signed = format!("{head}.{}", encode(claims.to_string().as_bytes()));
        let signature = world.sign(&self.key, signed.as_bytes()).await?;
        Ok(format!("{signed}.{}", encode(&signature)))
    }
}

impl Credentials {
    /// The value of `Authorization` for one request.
    ///
    /// # Errors
    ///
    /// [`SignError`] if the platform does not accept the key.
    pub async fn header_value(
        &self,
        world: &(impl Clock + Random + Signer),
        method: &str,
        url: &str,
    ) -> Result<String, SignError> {
        match self {
            Self::Header(header) => Ok(header.0.clone()),
            Self::Cdp(key) => Ok(format!("Bearer {}", key.token(world, method, url).await?)),
        }
    }
}

/// Host, port and path.
fn target_of(url: &str) -> Option<String> {
    let url = Url::parse(url).filter(Url::is_web)?;
    Some(format!("{}{}", url.authority(), url.path()))
}

#[cfg(test)]
mod tests;
