//! What is known of one withdrawal:
//!
//! ```text
//! signing → sending → sent
//!     ↘        ↘
//!      failed   failed: only when its money did not move and cannot any more
//! ```

use alloy_primitives::{Address, B256, Bytes};

use crate::base::id::WithdrawalId;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::chain::eip3009::Authorization;
use crate::chain::networks::Network;
use crate::wallets::Kind;

/// How far a withdrawal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "WithdrawalState"))]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its wallet is asked for the signature, which has not left.
    Signing,
    /// It is signed. Whether its money moved is not known yet.
    Sending,
    /// The chain shows it.
    Sent,
    /// No money moved, and none can any more.
    Failed,
}

/// Money that is sent out of a wallet which is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Withdrawal {
    pub id: WithdrawalId,
    /// The client's own id of the request.
    pub request_id: String,
    pub kind: Kind,
    /// Crossmint's name of the wallet.
    pub locator: Option<String>,
    pub network: &'static Network,
    pub amount: Usdc,
    pub state: State,
    /// Why it failed, or why it takes long, as a sentence. Empty if there is nothing to say.
    pub reason: String,
    /// What is signed. Set once, with the only nonce.
    pub authorization: Authorization,
    /// Set once and never changed.
    pub signature: Option<Bytes>,
    /// The transaction that moved the money, or is said to.
    pub transaction: Option<B256>,
    /// How often a facilitator was asked to move it.
    pub requests: u32,
    /// Whether a facilitator said no, so that none is asked again.
    pub refused: bool,
    /// How often the alarm has looked after it.
    pub attempts: u32,
    /// When the alarm looks after it next; `None` at its end.
    pub next_check_at: Option<UnixSeconds>,
    pub created_at: UnixSeconds,
}

impl Withdrawal {
    /// Whether its money may still move.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        match self.state {
            State::Signing | State::Sending => true,
            State::Sent | State::Failed => false,
        }
    }

    /// The wallet that sends.
    #[must_use]
    pub const fn from(&self) -> Address {
        self.authorization.from
    }

    /// When the authorization ends.
    #[must_use]
    pub fn ends_at(&self) -> UnixSeconds {
        let seconds = i64::try_from(self.authorization.valid_before);
        UnixSeconds::new(seconds.unwrap_or(UnixSeconds::STORABLE_MAX))
    }
}

impl State {
    pub const ALL: [Self; 4] = [Self::Signing, Self::Sending, Self::Sent, Self::Failed];

    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    /// Reads what [`Self::as_str`] writes.
    ///
    /// # Errors
    /// The text, if it is no state.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| text.to_owned())
    }
}
