//! The kinds of callers, and the tiers of credentials.

use serde::Serialize;

use crate::base::id::CredentialId;

/// The tier of a host's credential. A higher tier includes the lower ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// May read, and change nothing.
    Read,
    /// May prepare drafts for the host's approval.
    Draft,
    /// May change and send what others see.
    Send,
}

impl Tier {
    /// The name on the wire and in storage.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Draft => "draft",
            Self::Send => "send",
        }
    }

    /// The tier with this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::Read, Self::Draft, Self::Send].into_iter().find(|tier| tier.name() == name)
    }
}

/// The caller of a tool or a REST route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Not authenticated. Paid tools must be paid for.
    Stranger,
    /// The signed-in host of this server.
    Owner,
    /// A program of the host, with a credential.
    Agent(Grant),
}

/// The rights of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub id: CredentialId,
    pub tier: Tier,
    /// The names of the allowed tools; empty allows all.
    pub tools: Vec<String>,
}

impl Caller {
    /// Whether the caller is the host or one of its programs. These see the host's own tools and do not pay for the others.
    #[must_use]
    pub const fn is_owner_side(&self) -> bool {
        match self {
            Self::Stranger => false,
            Self::Owner | Self::Agent(_) => true,
        }
    }

    /// Whether messages of the caller may leave without the host's approval.
    #[must_use]
    pub fn may_send(&self) -> bool {
        match self {
            Self::Stranger => false,
            Self::Owner => true,
            Self::Agent(grant) => grant.tier == Tier::Send,
        }
    }
}
