//! The hosts at which wallets have bought something, from the index in KV ([`holders`]).

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::Address;

use crate::base::id::ScopeId;
use crate::identity::keys::Keys;
use crate::ledger::holders;
use crate::ports::{KvError, Timer, within};
use crate::tickets::ask::{Deployment, Holder};
use crate::tickets::place::Start;

/// Hosts that one page asks. Each takes one of the 50 subrequests of an invocation.
pub const GROUP: usize = 20;
/// The most that a page asks: a group, and hosts that joined it while it was read. Others are named as not asked.
pub(super) const ASKED_MAX: usize = 25;
/// Pages of 1,000 keys that are read for one wallet. A wallet that has bought at more hosts sees the first ones.
const LISTS_MAX: u32 = 4;
/// Time limit of one request to KV, milliseconds.
const READ_MILLIS: u32 = 5_000;

/// The hosts of one page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    /// Each host with the wallets that have bought something there.
    pub(super) hosts: BTreeMap<ScopeId, Vec<Holder>>,
    /// The last host of the group.
    pub(super) last: Option<ScopeId>,
    /// Whether other groups follow.
    pub(super) has_next: bool,
}

/// Reads the hosts of the page that begins at `start`.
///
/// # Errors
/// [`KvError`] if KV gives no answer in time.
pub(super) async fn group(
    world: &(impl Deployment + Timer),
    keys: &Keys,
    holders: &[Holder],
    start: &Start,
) -> Result<Group, KvError> {
    let mut hosts = BTreeMap::<ScopeId, BTreeSet<Holder>>::new();
    for holder in holders {
        for host in hosts_of(world, keys, holder).await? {
            if start.after.as_ref().is_none_or(|after| host > *after) {
                hosts.entry(host).or_default().insert(holder.clone());
            }
        }
    }
    let last = match &start.last {
        Some(last) => Some(last.clone()),
        None => hosts.keys().take(GROUP).next_back().cloned(),
    };
    let is_in = |host: &ScopeId| last.as_ref().is_some_and(|last| host <= last);
    let has_next = hosts.keys().any(|host| !is_in(host));
    hosts.retain(|host, _| is_in(host));
    let hosts = hosts.into_iter().map(|(host, of)| (host, of.into_iter().collect())).collect();
    Ok(Group { hosts, last, has_next })
}

/// The hosts at which a wallet has bought something that it may see.
async fn hosts_of(
    world: &(impl Deployment + Timer),
    keys: &Keys,
    holder: &Holder,
) -> Result<BTreeSet<ScopeId>, KvError> {
    let Ok(wallet) = holder.wallet.parse::<Address>() else { return Ok(BTreeSet::new()) };
    let prefix = holders::prefix(keys, wallet);
    let mut found = BTreeSet::new();
    let mut cursor: Option<String> = None;
    for _ in 0..LISTS_MAX {
        let list = within(world, READ_MILLIS, world.list_keys(&prefix, cursor.as_deref())).await;
        let (names, next) = list.ok_or_else(|| KvError("no answer in time".to_owned()))??;
        let is_seen = |network: &str| holder.network.as_deref().is_none_or(|one| one == network);
        let known = names.iter().filter_map(|name| holders::parse(&prefix, name));
        found.extend(known.filter(|(_, network)| is_seen(network)).map(|(scope, _)| scope));
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(found)
}
