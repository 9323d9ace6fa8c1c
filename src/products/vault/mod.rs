//! The vault: a host's secrets, each sold for its own price. A value is sealed ([`seal`]) when it arrives. It is
//! opened only for an answer to a caller who has paid for it, and is never in clear in storage, KV, lists, logs or
//! errors.
//!
//! A buyer of a secret reads it again for free while the value that was bought is current. A value that was
//! withdrawn, expired or replaced is kept, sealed, for every buyer who has paid and was not given it yet, and for
//! [`READ_AGAIN_SECONDS`] after it was first given, because an answer can be lost. Then it is destroyed. The version
//! that a payment buys is fixed when the payment is reserved.
//!
//! A settled transaction is public with everything that was signed for it, so the signed payment alone proves nothing
//! afterwards. The same payment counts as proof only if it holds a secret that is never on the chain
//! ([`crate::rails::x402::wire::PaymentPayload::is_private`]). Other callers sign in ([`crate::identity::siwx`]).

pub mod bought;
pub mod input;
pub mod manage;
pub mod reseal;
pub mod retrievals;
pub mod sale;
pub mod seal;
pub mod store;
pub mod tools;
pub mod views;

pub use sale::call;

use std::fmt;

use serde::Serialize;

use crate::base::id::SecretId;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;

/// The name of this product in settings and storage.
pub const NAME: &str = "vault";

/// How long a buyer can read an off-sale value after it was first given, seconds: the first answer may have been
/// lost.
pub const READ_AGAIN_SECONDS: i64 = 86_400;

/// A value in clear. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Plain(String);

/// A secret without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    pub id: SecretId,
    /// One line by its host.
    pub name: String,
    /// Its purpose, as its host describes it.
    pub description: String,
    pub price: Usdc,
    /// The version of its value: 1 for the first, one more for each replacement.
    pub version: u32,
    /// The end of its sale, if it has one.
    pub expires_at: Option<UnixSeconds>,
    pub revoked_at: Option<UnixSeconds>,
    /// Number of sales of all versions.
    pub retrievals: u32,
    pub created_at: UnixSeconds,
    pub updated_at: UnixSeconds,
}

/// The result of a payment for a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale {
    /// The version that was bought.
    pub version: u32,
    /// When the buyer was first given the value.
    pub handed_over_at: Option<UnixSeconds>,
}

/// Who has a right to a version of a secret, whether or not it is on sale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Payments for it with an open outcome.
    pub open: u64,
    /// Sales whose buyers have not read it.
    pub unread: u64,
    /// Until when recent readers may read it again.
    pub readable_until: Option<UnixSeconds>,
}

/// The state of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "SecretStatus"))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It can be bought and read.
    Active,
    /// Its time is over.
    Expired,
    /// Its host withdrew it.
    Revoked,
}

/// A secret as every caller sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SecretView {
    pub id: String,
    /// One line by its host.
    pub name: String,
    /// Its purpose, as its host describes it.
    pub description: String,
    /// The price in US dollars.
    pub price: String,
    /// The price in the smallest unit.
    #[cfg_attr(test, ts(type = "string"))]
    pub price_atomic: Usdc,
    /// Number of sales of all versions.
    pub retrieval_count: u32,
    /// The version of its value.
    pub version: u32,
    /// The end of its sale, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub expires_at: Option<String>,
    /// Whether it can be bought.
    pub status: Status,
    /// When it was stored.
    pub created_at: String,
}

impl Plain {
    #[must_use]
    pub const fn new(value: String) -> Self {
        Self(value)
    }

    /// The value, for an answer to a caller who has paid for it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain(…)")
    }
}

impl Sale {
    /// Whether its buyer may still read the value after it went off sale.
    #[must_use]
    pub fn is_kept(self, now: UnixSeconds) -> bool {
        self.handed_over_at.is_none_or(|at| at.plus(READ_AGAIN_SECONDS) > now)
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { open, unread, readable_until } = *self;
        match open {
            0 => Ok(()),
            1 => write!(f, " 1 payment for it is under way; if it pays, its buyer still gets it."),
            _ => write!(f, " {open} payments for it are under way; who has paid still gets it."),
        }?;
        let can = "paid and not read it yet, and can still read it, until a day after doing so";
        match unread {
            0 => Ok(()),
            1 => write!(f, " 1 buyer has {can}."),
            _ => write!(f, " {unread} buyers have {can}."),
        }?;
        if let Some(until) = readable_until {
            write!(
                f,
                " Who has read it first in the last 24 hours can read it again until {until}."
            )?;
        }
        if *self == Self::default() {
            f.write_str(" Its value is destroyed.")?;
        }
        Ok(())
    }
}

impl Secret {
    /// Its state at `now`.
    #[must_use]
    pub fn status(&self, now: UnixSeconds) -> Status {
        if self.revoked_at.is_some() {
            Status::Revoked
        } else if self.expires_at.is_some_and(|end| end <= now) {
            Status::Expired
        } else {
            Status::Active
        }
    }

    /// The public view at `now`.
    #[must_use]
    pub fn view(&self, now: UnixSeconds) -> SecretView {
        SecretView {
            id: self.id.to_string(),
            name: self.name.clone(),
            description: self.description.clone(),
            price: self.price.to_string(),
            price_atomic: self.price,
            retrieval_count: self.retrievals,
            version: self.version,
            expires_at: self.expires_at.map(|moment| moment.to_string()),
            status: self.status(now),
            created_at: self.created_at.to_string(),
        }
    }
}
