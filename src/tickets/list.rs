//! One page: asks the hosts of a group, and merges what they tell, newest first.

use std::cell::Cell;
use std::cmp::{Ordering, Reverse};

use futures_util::future::join_all;

use crate::base::id::ScopeId;
use crate::config::Config;
use crate::ports::{KvError, Level, within};
use crate::rails::outcome::{Failure, Fatal, Money};
use crate::tickets::ask::{Ask, Entry, Gate, Holder, NotTold, Told};
use crate::tickets::index::{ASKED_MAX, Group, group};
use crate::tickets::place::{Place, Start};
use crate::tickets::views::{Line, OwnWallet, Reason, SoldBy, Tickets, Unavailable};
use crate::tickets::who::Wallets;

/// Entries of a page.
pub const PAGE: usize = 50;
/// Hosts that are asked at the same time. A Worker has six concurrent connections.
const LANES: usize = 5;
/// Time limit of one host, milliseconds.
const ANSWER_MILLIS: u32 = 4_000;

/// Reads the page at `start`, or the first one.
///
/// # Errors
/// A fatal failure if KV gives no answer.
pub(super) async fn page(
    gate: &impl Gate,
    config: &Config,
    wallets: &Wallets,
    start: Option<Start>,
) -> Result<Tickets, Failure> {
    let start = start.unwrap_or_default();
    let holders: Vec<Holder> = wallets.known.iter().map(|(_, holder)| holder.clone()).collect();
    let group = group(gate, &config.keys, &holders, &start).await;
    let group = group.map_err(|KvError(what)| {
        Failure::Fatal(Fatal {
            what: format!("the index of buyers: {what}"),
            money: Money::NotAsked,
        })
    })?;
    let told = ask_all(gate, &group, start.shown.as_ref()).await;
    Ok(merged(told, &group, start, wallets))
}

/// What each host of the group told.
type Answers = Vec<(ScopeId, Result<Told, NotTold>)>;

async fn ask_all(gate: &impl Gate, group: &Group, shown: Option<&Place>) -> Answers {
    let asked: Vec<_> = group.hosts.iter().take(ASKED_MAX).collect();
    let next = Cell::new(0_usize);
    let lanes = (0..LANES).map(|_| async {
        let mut told = Answers::new();
        while let Some((host, holders)) = asked.get(next.get()) {
            next.set(next.get().saturating_add(1));
            told.push(((*host).clone(), ask_one(gate, host, holders, shown).await));
        }
        told
    });
    let mut told: Answers = join_all(lanes).await.into_iter().flatten().collect();
    let left_out = group.hosts.keys().skip(ASKED_MAX);
    told.extend(
        left_out.map(|host| (host.clone(), Err(NotTold::NoAnswer("not asked".to_owned())))),
    );
    told
}

async fn ask_one(
    gate: &impl Gate,
    host: &ScopeId,
    holders: &[Holder],
    shown: Option<&Place>,
) -> Result<Told, NotTold> {
    let after = shown.map(|place| (place.at, bound(host, place)));
    let limit = u32::try_from(PAGE).unwrap_or(u32::MAX);
    let ask = Ask { holders: holders.to_vec(), after, limit };
    let told = within(gate, ANSWER_MILLIS, gate.bought_by(host, &ask)).await;
    let told = told.unwrap_or_else(|| Err(NotTold::NoAnswer("no answer in time".to_owned())));
    if let Err(NotTold::NoAnswer(why)) = &told {
        let fields = [("host", host.as_str()), ("why", why)];
        gate.line(Level::Warn, "a host did not tell what was bought there", &fields);
    }
    told
}

/// The id after which entries of the same second follow at this host: entries of one second are sorted by host, then by
/// id.
fn bound(host: &ScopeId, place: &Place) -> String {
    match host.cmp(&place.host) {
        Ordering::Less => "\u{10ffff}".to_owned(),
        Ordering::Equal => place.id.clone(),
        Ordering::Greater => String::new(),
    }
}

/// The newest entries of all hosts, and the cursor after them.
fn merged(told: Answers, group: &Group, start: Start, wallets: &Wallets) -> Tickets {
    let mut unavailable = Vec::new();
    let mut entries: Vec<(ScopeId, SoldBy, Entry)> = Vec::new();
    let mut has_more = false;
    for (host, answer) in told {
        match answer {
            Ok(Told { name, server_url, entries: some, has_more: more }) => {
                has_more |= more;
                let sold_by = SoldBy { scope: host.to_string(), name, server_url };
                let some = some.into_iter().map(|entry| (host.clone(), sold_by.clone(), entry));
                entries.extend(some);
            }
            Err(why) => unavailable.push(not_told(&host, &why)),
        }
    }
    unavailable.sort_by(|one, other| one.scope.cmp(&other.scope));
    entries.sort_by(|(host, _, one), (other_host, _, other)| {
        (Reverse(one.at), host, &one.id).cmp(&(Reverse(other.at), other_host, &other.id))
    });
    has_more |= entries.len() > PAGE;
    entries.truncate(PAGE);
    let last = entries.last().map(|(host, _, entry)| Place {
        at: entry.at,
        host: host.clone(),
        id: entry.id.clone(),
    });
    let next = match (last, has_more, group.has_next) {
        (Some(shown), true, _) => {
            Some(Start { last: group.last.clone(), shown: Some(shown), ..start })
        }
        (_, _, true) => Some(Start { after: group.last.clone(), ..Start::default() }),
        (Some(_), false, false) | (None, _, false) => None,
    };
    Tickets {
        tickets: entries.into_iter().map(|(_, host, entry)| line(host, entry)).collect(),
        unavailable,
        wallets: wallets
            .known
            .iter()
            .map(|(kind, holder)| OwnWallet { kind: *kind, address: holder.wallet.clone() })
            .collect(),
        wallets_unavailable: wallets.unknown.clone(),
        next_cursor: next.map(|start| start.to_cursor()),
    }
}

fn not_told(host: &ScopeId, why: &NotTold) -> Unavailable {
    let reason = match why {
        NotTold::BeingRestored => Reason::BeingRestored,
        NotTold::Gone => Reason::Gone,
        NotTold::NoAnswer(_) => Reason::NoAnswer,
    };
    Unavailable { scope: host.to_string(), reason }
}

fn line(host: SoldBy, entry: Entry) -> Line {
    Line {
        host,
        bought: entry.bought,
        paid_usd: entry.paid,
        network: entry.network,
        transaction: entry.transaction,
        transaction_url: entry.transaction_url,
        bought_at: entry.at.to_string(),
    }
}
