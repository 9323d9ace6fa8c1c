//! Who calls, and how far a credential may go.

use serde::Serialize;

use crate::base::id::CredentialId;

/// How far a credential of the host's may go. A higher tier includes the lower ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// It reads.
    Read,
    /// It prepares what the host approves.
    Draft,
    /// It changes and sends what others see.
    Send,
}

impl Tier {
    /// Its name on the wire and in storage.
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

/// Who calls a tool or a REST route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Anybody: what is sold has to be paid.
    Stranger,
    /// The host of this server, signed in.
    Owner,
    /// A program of the host's, with a credential.
    Agent(Grant),
}

/// The rights of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The credential.
    pub id: CredentialId,
    /// How far it may go.
    pub tier: Tier,
    /// The names of the tools that it may call; empty stands for all.
    pub tools: Vec<String>,
}

impl Caller {
    /// Whether it is the host or one of its programs: these see the host's own tools and pay nothing for others.
    #[must_use]
    pub const fn is_owner_side(&self) -> bool {
        match self {
            Self::Stranger => false,
            Self::Owner | Self::Agent(_) => true,
        }
    }

    /// Whether what it sends may leave without the host's approval.
    #[must_use]
    pub fn may_send(&self) -> bool {
        match self {
            Self::Stranger => false,
            Self::Owner => true,
            Self::Agent(grant) => grant.tier == Tier::Send,
        }
    }
}
