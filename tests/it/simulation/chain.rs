//! Two chains, of which one may drop blocks and make others late, and whose endpoints forget.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::Value;

use super::blocks::Blocks;
use super::engine::Sim;
use super::settings::NETWORKS;
use super::unkind::Rule;

/// An authorization as the token contract sees it.
#[derive(Clone, Debug)]
pub(crate) struct Authorization {
    /// Which of the networks.
    pub(crate) net: usize,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) value: u64,
    /// Seconds.
    pub(crate) valid_before: i64,
    pub(crate) nonce: String,
}

/// A transfer in a block.
pub(crate) struct Mined {
    pub(crate) authorization: Authorization,
    pub(crate) hash: String,
    pub(crate) at: i64,
    pub(crate) block: i64,
    /// When the chain dropped the block.
    dropped_at: Option<i64>,
}

impl Mined {
    /// Whether a node shows it that has seen everything up to `at`.
    pub(crate) fn is_seen(&self, at: i64) -> bool {
        self.at <= at && self.dropped_at.is_none_or(|dropped| dropped > at)
    }
}

/// One network, and the endpoint through which it is seen.
pub(crate) struct Net {
    pub(crate) blocks: Blocks,
    /// Until when the endpoint is out of service, milliseconds.
    pub(crate) down_until: i64,
    /// How many blocks of logs it has, if not all; and whether it says so where it has none.
    pub(crate) logs_back: Option<i64>,
    pub(crate) is_frank: bool,
}

#[derive(Default)]
pub(crate) struct Chain {
    pub(crate) nets: Vec<Net>,
    pub(crate) mined: Vec<Mined>,
    /// Nonces in transactions that wait for a block.
    pub(crate) in_flight: BTreeSet<String>,
    /// What payers have, by network.
    pub(crate) balances: BTreeMap<(usize, String), u64>,
    /// Signatures by nonce.
    pub(crate) signatures: BTreeMap<String, String>,
    /// Nonces of which a facilitator has said that they are paid.
    pub(crate) said_paid: BTreeSet<String>,
}

/// How old a block that the chain drops may be, and how far a node may lag, milliseconds. Together
/// they are less than the time after which the host looks for its money.
const REORG_AGE: i64 = 10_000;
pub(crate) const LAG: i64 = 15_000;

/// How far from the block that is looked for a search may begin, blocks.
const FRANK_BLOCKS: i64 = 9_000;

/// How hashes of transactions of other people begin.
const ELSEWHERE: &str = "0xee";

impl Chain {
    fn find(&self, nonce: &str, at: i64) -> Option<&Mined> {
        self.mined.iter().find(|mined| mined.authorization.nonce == nonce && mined.is_seen(at))
    }

    /// Whether the money of this authorization is on the chain.
    pub(crate) fn is_used(&self, nonce: &str) -> bool {
        self.find(nonce, i64::MAX).is_some()
    }

    /// Whether another sender than our facilitator moved it.
    pub(crate) fn is_elsewhere(&self, nonce: &str) -> bool {
        self.find(nonce, i64::MAX).is_some_and(|mined| mined.hash.starts_with(ELSEWHERE))
    }

    /// Whether the money of this authorization was on the chain at any time.
    pub(crate) fn was_used(&self, nonce: &str) -> bool {
        self.mined.iter().any(|mined| mined.authorization.nonce == nonce)
    }

    /// Whether an endpoint has the log of its use.
    pub(crate) fn has_log(&self, nonce: &str, now: i64) -> bool {
        self.find(nonce, i64::MAX).is_some_and(|mined| {
            let net = &self.nets[mined.authorization.net];
            // A frank one refuses whole ranges that begin too early.
            let margin = if net.is_frank { FRANK_BLOCKS } else { 0 };
            net.logs_back.is_none_or(|back| mined.block > net.blocks.number(now) - back + margin)
        })
    }

    /// When it was moved, milliseconds.
    pub(crate) fn used_at(&self, nonce: &str) -> Option<i64> {
        self.find(nonce, i64::MAX).map(|mined| mined.at)
    }

    /// Another sender moves a payment in the next block. Returns the time of that block on success.
    pub(crate) fn spend(sim: &Rc<Sim>, payment: &Value) -> Option<i64> {
        let authorization = authorization_of(payment);
        let signature = payment["payload"]["signature"].as_str().unwrap();
        // Of contracts only the honest one's signature is good for the token.
        let is_good = ["0x02", "0x03"].iter().all(|bad| !signature.starts_with(bad));
        let hash = format!("{ELSEWHERE}{:014x}{}", sim.fresh(), &authorization.nonce[18..]);
        let at = sim.chain.borrow().nets[authorization.net].blocks.next(sim.now.get());
        let is_moved = is_good && sim.chain.borrow_mut().mine(&authorization, &hash, at);
        if is_moved {
            sim.tell(|| format!("another sender spends {}", short(&authorization.nonce)));
        }
        is_moved.then_some(at)
    }

    /// What the chain has moved to `to`.
    pub(crate) fn received(&self, to: &str) -> u64 {
        let kept = self.mined.iter().filter(|mined| mined.dropped_at.is_none());
        kept.filter(|mined| mined.authorization.to == to).map(|m| m.authorization.value).sum()
    }

    /// Whom the authorization with this nonce has paid, and how much; there is at most one.
    pub(crate) fn moved_by(&self, nonce: &str) -> Vec<(String, u64)> {
        let kept = self.mined.iter().filter(|mined| mined.dropped_at.is_none());
        let its = kept.filter(|mined| mined.authorization.nonce == nonce);
        its.map(|mined| (mined.authorization.to.clone(), mined.authorization.value)).collect()
    }

    /// The nonces with which this wallet has paid.
    pub(crate) fn nonces_of(&self, from: &str) -> Vec<String> {
        let kept = self.mined.iter().filter(|mined| mined.dropped_at.is_none());
        let its = kept.filter(|mined| mined.authorization.from == from);
        its.map(|mined| mined.authorization.nonce.clone()).collect()
    }

    pub(crate) fn balance(&self, net: usize, of: &str) -> u64 {
        let is_theirs = |mined: &&Mined| {
            let Authorization { net: on, from, .. } = &mined.authorization;
            mined.dropped_at.is_none() && *on == net && from == of
        };
        let spent: u64 = self.mined.iter().filter(is_theirs).map(|m| m.authorization.value).sum();
        self.balances.get(&(net, of.to_owned())).copied().unwrap_or(0).saturating_sub(spent)
    }

    /// A block takes a transaction at a moment at which it has one; whether it moves the money.
    pub(crate) fn mine(&mut self, authorization: &Authorization, hash: &str, at: i64) -> bool {
        let Authorization { net, from, value, valid_before, nonce, .. } = authorization;
        self.in_flight.remove(nonce);
        let blocks = &self.nets[*net].blocks;
        let block = blocks.number(at);
        let good = self.find(nonce, i64::MAX).is_none()
            && blocks.time(block) < *valid_before
            && self.balance(*net, from) >= *value;
        if good {
            let (authorization, hash) = (authorization.clone(), hash.to_owned());
            self.mined.push(Mined { authorization, hash, at, block, dropped_at: None });
        }
        good
    }

    /// A transaction is on its way to the block of a moment.
    pub(crate) fn send(sim: &Rc<Sim>, authorization: &Authorization, hash: &str, at: i64) {
        let (authorization, hash) = (authorization.clone(), hash.to_owned());
        sim.chain.borrow_mut().in_flight.insert(authorization.nonce.clone());
        sim.after(at - sim.now.get(), move |sim| {
            let mined = sim.chain.borrow_mut().mine(&authorization, &hash, at);
            sim.tell(|| {
                format!("chain {} {}", if mined { "moves" } else { "refuses" }, short(&hash))
            });
        });
    }

    /// When a block has what is sent so many milliseconds from now.
    pub(crate) fn block_after(&self, sim: &Sim, net: usize, millis: i64) -> i64 {
        self.nets[net].blocks.next(sim.now.get() + millis)
    }

    /// Drops the newest block, if it is young enough; the transaction may come back.
    pub(crate) fn reorg(sim: &Rc<Sim>) {
        let now = sim.now.get();
        let mut chain = sim.chain.borrow_mut();
        let before = chain.mined.iter().filter(|mined| mined.dropped_at.is_some());
        let dropped: BTreeSet<String> =
            before.map(|mined| mined.authorization.nonce.clone()).collect();
        let Some(last) = chain.mined.iter_mut().rev().find(|m| m.dropped_at.is_none()) else {
            return;
        };
        if last.at > now || now - last.at > REORG_AGE {
            return;
        }
        let nonce = &last.authorization.nonce;
        if dropped.contains(nonce) && !sim.holds(Rule::DroppedTwice) {
            return;
        }
        last.dropped_at = Some(now);
        let (authorization, hash) = (last.authorization.clone(), last.hash.clone());
        sim.tell(|| format!("chain drops {}", short(&authorization.nonce)));
        if sim.rng.chance(500) {
            let at = chain.block_after(sim, authorization.net, sim.rng.range(500, 10_000));
            sim.after(at - now, move |sim| {
                let back = sim.chain.borrow_mut().mine(&authorization, &hash, at);
                sim.tell(|| format!("chain has {} again: {back}", short(&authorization.nonce)));
            });
        }
    }
}

/// What a payment authorizes, in either version.
pub(crate) fn authorization_of(payment: &Value) -> Authorization {
    let signed = &payment["payload"]["authorization"];
    let text = |name: &str| signed[name].as_str().unwrap().to_owned();
    let network = payment["network"].as_str().or(payment["accepted"]["network"].as_str()).unwrap();
    let first = [NETWORKS[0], "base-sepolia"];
    Authorization {
        net: usize::from(!first.contains(&network)),
        from: text("from"),
        to: text("to"),
        value: text("value").parse().unwrap(),
        valid_before: text("validBefore").parse().unwrap(),
        nonce: text("nonce"),
    }
}

/// Enough of a hash or nonce to tell it from others.
pub(crate) fn short(hex: &str) -> String {
    format!("{}…{}", &hex[..6], &hex[hex.len() - 6..])
}
