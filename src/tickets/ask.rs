//! The questions to hosts, what they tell, and the ports that the list needs.

use std::future::Future;

use serde::{Deserialize, Serialize};

use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::config::Config;
use crate::identity::UserId;
use crate::ports::{Clock, Http, KvError, Log, Random, SignOuts, Timer, Web};
use crate::sale::bought::Bought;
use crate::tickets::views::Tickets;

/// A wallet whose purchases are asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Holder {
    /// The address in the form of EIP-55.
    pub wallet: String,
    /// The only network (CAIP-2) that counts, if a contract proved itself there: on another chain the same address may
    /// have other owners.
    pub network: Option<String>,
}

/// The question to one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The wallets of one caller that have bought something at this host.
    pub holders: Vec<Holder>,
    /// Only what comes after this time and id, newest first.
    pub after: Option<(UnixSeconds, String)>,
    /// How many entries at the most.
    pub limit: u32,
}

/// One entry of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Tells entries of one time apart.
    pub id: String,
    /// When the payment came. It never changes.
    pub at: UnixSeconds,
    pub bought: Bought,
    /// The price in dollars that was paid.
    pub paid: String,
    /// The CAIP-2 id of the network.
    pub network: String,
    /// The transaction that moved the money, once it is known.
    pub transaction: Option<String>,
    /// Where the transaction is shown.
    pub transaction_url: Option<String>,
}

/// What a host tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The name of the host, for people.
    pub name: String,
    /// The host's MCP server.
    pub server_url: String,
    pub entries: Vec<Entry>,
    /// Whether the host has more after the last entry.
    pub has_more: bool,
}

/// Why a host told nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotTold {
    /// Its storage is being restored from its published records.
    BeingRestored,
    /// There is no host any more.
    Gone,
    /// No answer. The text is for our log.
    NoAnswer(String),
}

/// The deployment: its index of buyers, and the objects of hosts and users.
pub trait Deployment {
    /// Up to 1,000 keys of KV that begin with `prefix`, and the cursor of the next page.
    fn list_keys(
        &self,
        prefix: &str,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<(Vec<String>, Option<String>), KvError>>;
    /// Asks a host what these wallets have bought.
    fn bought_by(&self, host: &ScopeId, ask: &Ask) -> impl Future<Output = Result<Told, NotTold>>;
    /// Uses up the nonce of a proof in the object of the proven user; `Ok(false)` if it was used before. The text of an
    /// error is for our log.
    fn use_nonce(
        &self,
        user: &ScopeId,
        nonce: &str,
        expires_at: UnixSeconds,
    ) -> impl Future<Output = Result<bool, String>>;
}

/// Everything that a signed-in user has bought, for a guest session of theirs.
pub trait Purchases {
    /// The first page of the list. The text of an error is for our log.
    fn bought_by_user(
        &self,
        config: &Config,
        user: &UserId,
    ) -> impl Future<Output = Result<Tickets, String>>;
}

/// Everything that the list needs from outside.
pub trait Gate: Clock + Random + Http + Web + Timer + Log + SignOuts + Deployment {}

impl<T: Clock + Random + Http + Web + Timer + Log + SignOuts + Deployment> Gate for T {}
