//! Input of hosts and buyers about secrets: shapes, limits, and errors that name the field.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::fields::{InvalidField, bad, future, line, null_or, price, text};
use crate::base::id::SecretId;
use crate::base::money::Usdc;
use crate::base::text::is_blank;
use crate::base::time::UnixSeconds;
use crate::products::vault::{Plain, Secret};

/// The longest value of a secret, bytes.
pub const VALUE_BYTES_MAX: usize = 16 * 1024;
/// The price of a secret if the host sets none.
pub const PRICE_DEFAULT: Usdc = Usdc::from_cents(5);

/// The arguments of the tool `listSecrets`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ListSecrets {
    /// nextCursor of the page before.
    pub cursor: Option<String>,
    /// How many secrets at the most, 1 to 100. Default 50.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
}

/// Arguments of the tools that name one secret.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OneSecret {
    /// The secret's id, as listSecrets gives it.
    pub secret_id: String,
}

/// Arguments of `storeSecret`, and what `POST /api/users/secrets` takes.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoreSecret {
    /// One line, at most 200 characters, for everybody to see.
    // Programs also say `secretName` and `secretValue`; both names at once are refused.
    #[serde(alias = "secretName")]
    pub name: String,
    /// The secret itself, at most 16384 bytes. It is sealed at once and shown to nobody who has not paid.
    #[serde(alias = "secretValue")]
    pub value: String,
    /// What it is good for, at most 2000 characters, for everybody to see.
    #[serde(default)]
    pub description: String,
    /// Price of reading it in US dollars. Default "0.05".
    pub price: Option<String>,
    /// From when on nobody can read it, RFC 3339. Left out: never.
    pub expires_at: Option<String>,
}

/// Changes of a secret. A member that is left out stays.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SecretChanges {
    #[serde(alias = "secretName")]
    name: Option<String>,
    /// Replaces the value. Buyers of the old value must buy the new one.
    #[serde(alias = "secretValue")]
    value: Option<String>,
    description: Option<String>,
    price: Option<String>,
    /// `null` for no end.
    #[serde(deserialize_with = "null_or")]
    expires_at: Option<Option<String>>,
}

impl StoreSecret {
    /// Checks a new secret and its value.
    ///
    /// # Errors
    ///
    /// [`InvalidField`] names the first invalid field, and never repeats a value.
    pub fn into_secret(
        self,
        id: SecretId,
        now: UnixSeconds,
    ) -> Result<(Secret, Plain), InvalidField> {
        let expires_at =
            self.expires_at.as_deref().map(|end| future("expiresAt", end, now)).transpose()?;
        let secret = Secret {
            id,
            name: line("name", &self.name, 1, 200)?,
            description: text("description", &self.description, 2_000)?,
            price: self.price.as_deref().map_or(Ok(PRICE_DEFAULT), price)?,
            version: 1,
            expires_at,
            revoked_at: None,
            retrievals: 0,
            created_at: now,
            updated_at: now,
        };
        Ok((secret, value(self.value)?))
    }
}

impl SecretChanges {
    /// Applies the changes; returns the new value if there is one.
    ///
    /// # Errors
    ///
    /// [`InvalidField`] names the first invalid field.
    pub fn apply(
        self,
        mut secret: Secret,
        now: UnixSeconds,
    ) -> Result<(Secret, Option<Plain>), InvalidField> {
        if let Some(name) = self.name {
            secret.name = line("name", &name, 1, 200)?;
        }
        if let Some(description) = self.description {
            secret.description = text("description", &description, 2_000)?;
        }
        if let Some(dollars) = self.price {
            secret.price = price(&dollars)?;
        }
        if let Some(end) = self.expires_at {
            secret.expires_at =
                end.as_deref().map(|end| future("expiresAt", end, now)).transpose()?;
        }
        let value = self.value.map(value).transpose()?;
        if value.is_some() {
            secret.version = secret.version.saturating_add(1);
        }
        secret.updated_at = now;
        Ok((secret, value))
    }
}

/// Parses the id of a secret.
///
/// # Errors
/// [`InvalidField`] for `secretId`.
pub fn secret_id(text: &str) -> Result<SecretId, InvalidField> {
    SecretId::parse(text).map_err(|error| bad("secretId", error))
}

/// Never shows the value.
impl fmt::Debug for StoreSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreSecret").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Never shows the value.
impl fmt::Debug for SecretChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretChanges").finish_non_exhaustive()
    }
}

fn value(text: String) -> Result<Plain, InvalidField> {
    if is_blank(&text) {
        return Err(bad("value", "must not be empty: nobody can see anything of it"));
    }
    if text.len() > VALUE_BYTES_MAX {
        return Err(bad("value", format!("must have at most {VALUE_BYTES_MAX} bytes")));
    }
    Ok(Plain::new(text))
}
