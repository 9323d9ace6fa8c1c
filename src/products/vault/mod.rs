//! The vault: secrets of a host that are sold for a price each. A value is sealed ([`seal`]) from the moment
//! it arrives; it is opened for one answer to somebody who has paid for it, and never stands in clear in
//! storage, KV, lists, logs or errors.
//!
//! Who has bought a secret reads it again for nothing while its value is the one that was bought. A value that is
//! withdrawn, expired or replaced is kept, sealed, for each buyer who has paid for it and was not given it yet, and
//! for [`READ_AGAIN_SECONDS`] after it was given for the first time: nobody knows whether an answer arrived. Then it
//! is destroyed. Which version a payment buys is fixed when it is reserved. A
//! transaction is public with everything that was signed for it, so the signed payment alone proves nothing
//! after it has settled: the same payment is taken as proof only if it holds something that the chain never
//! sees ([`crate::rails::x402::wire::PaymentPayload::is_private`]); everybody else signs in
//! ([`crate::identity::siwx`]).

pub mod input;
pub mod manage;
pub mod reseal;
pub mod sale;
pub mod seal;
pub mod store;
pub mod tools;
pub mod views;

pub use manage::call;

use std::fmt;

use serde::Serialize;

use crate::base::id::SecretId;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;

/// The name of this product in settings and storage.
pub const NAME: &str = "vault";

/// How long a buyer can read a value that is not on sale any more after it was given to them first, seconds. The
/// first answer may have been lost on its way.
pub const READ_AGAIN_SECONDS: i64 = 86_400;

/// A value in clear. Shown to nobody by accident, not even to `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Plain(String);

/// A secret without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its id.
    pub id: SecretId,
    /// One line.
    pub name: String,
    /// What it is good for.
    pub description: String,
    /// What it costs.
    pub price: Usdc,
    /// Which value it is: 1 for the first, one more for each that replaced it.
    pub version: u32,
    /// From when on nobody can read it.
    pub expires_at: Option<UnixSeconds>,
    /// When it was withdrawn.
    pub revoked_at: Option<UnixSeconds>,
    /// How often it was sold.
    pub retrievals: u32,
    /// When it was stored.
    pub created_at: UnixSeconds,
    /// When it last changed.
    pub updated_at: UnixSeconds,
}

/// What a payment has bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale {
    /// Which value.
    pub version: u32,
    /// When its buyer was given it first.
    pub handed_over_at: Option<UnixSeconds>,
}

/// Who has a right to a version of a secret, whatever became of that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Payments for it whose outcome is open.
    pub open: u64,
    /// Sales whose buyers have not read it.
    pub unread: u64,
    /// Until when buyers who have read it lately may read it again.
    pub readable_until: Option<UnixSeconds>,
}

/// Where a secret is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "SecretStatus"))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It can be bought and read.
    Active,
    /// Its time is over.
    Expired,
    /// Its host has withdrawn it.
    Revoked,
}

/// A secret as everybody may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SecretView {
    /// Its id.
    pub id: String,
    /// One line.
    pub name: String,
    /// What it is good for.
    pub description: String,
    /// What it costs, dollars.
    pub price: String,
    /// The same in the smallest unit.
    #[cfg_attr(test, ts(type = "string"))]
    pub price_atomic: Usdc,
    /// How often it was sold.
    pub retrieval_count: u32,
    /// Which value it is.
    pub version: u32,
    /// From when on nobody can read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub expires_at: Option<String>,
    /// Whether it can be had.
    pub status: Status,
    /// When it was stored.
    pub created_at: String,
}

impl Plain {
    /// Wraps a value.
    #[must_use]
    pub const fn new(value: String) -> Self {
        Self(value)
    }

    /// The value, for the one who has paid for it.
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
    /// Whether its buyer may still read the value, if that is not on sale any more.
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
    /// Where it is in its life at `now`.
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

    /// What everybody may see at `now`.
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
