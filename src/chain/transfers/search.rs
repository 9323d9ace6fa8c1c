//! Searches the log of an authorization's use around the time of its payment. Endpoints return logs for some thousand
//! blocks at a time, so the blocks of that time are found first, from the times of a few blocks. Block times only
//! increase. Their distance varies, and on a chain that catches up they lie far in the past.

use std::collections::BTreeMap;

use alloy_primitives::{B256, U256};
use serde::Deserialize;
use serde_json::json;

use crate::base::time::UnixSeconds;
use crate::chain::eip3009::Authorization;
use crate::chain::networks::Network;
use crate::chain::rpc::{Rpc, RpcError};
use crate::chain::transfers::logs::used_or_cancelled_topics;
use crate::ports::Http;

/// Blocks of one query. Public endpoints refuse 10,000 and more.
const BLOCKS_PER_QUERY: u64 = 9_000;
/// After a refusal the range shrinks by this factor, down to the minimum. Some endpoints refuse far smaller ranges.
const SHRINK: u64 = 4;
const BLOCKS_PER_QUERY_MIN: u64 = 35;
/// Queries for logs at most, including refused ones.
const QUERIES_MAX: u32 = 16;
/// Requests for block times at most. Each asks for few blocks, because an answer lists all transactions of a block.
const LOOKS_MAX: u32 = 24;
const BLOCKS_PER_LOOK: u64 = 4;
/// The factor by which the distances of the first look's blocks grow.
const STRIDE: u64 = 16;
/// How far the nodes of one endpoint may differ, blocks.
const LAG_BLOCKS: u64 = 64;
/// How far our clock may be ahead of the chain's, seconds.
const CLOCK_SECONDS: i64 = 3_600;

/// The start of the search. It ends at `validBefore` by the time of the blocks, because the token accepts an
/// authorization only in blocks before that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The newest block in which the nonce is known to be unused. `None` or 0: unknown.
    pub unused_at: Option<u64>,
    /// When the payment was received or made, by our clock.
    pub created_at: UnixSeconds,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FoundLog {
    pub(super) transaction_hash: B256,
    pub(super) block_number: U256,
}

/// The result of a search.
pub(super) enum Looked {
    /// The log. There is at most one, because the token accepts a nonce once.
    Found(FoundLog),
    /// No log in the window.
    Nothing,
    /// No log in the searched part of the window.
    Partly,
}

/// The result for a range of blocks.
enum Range {
    Found(FoundLog),
    Nothing,
    Partly,
    /// The endpoint refused the range. Further queries use smaller ones.
    TooLarge,
}

/// The end of a range that the searched block is probably close to.
#[derive(Clone, Copy)]
enum End {
    Low,
    High,
}

struct Search<'a, H> {
    rpc: &'a Rpc,
    http: &'a H,
    network: &'a Network,
    authorization: &'a Authorization,
    head: u64,
    head_time: UnixSeconds,
    /// The known times of blocks below the head.
    times: BTreeMap<u64, UnixSeconds>,
    blocks_per_query: u64,
    queries_left: u32,
    looks_left: u32,
}

/// Searches the log of the use or the cancellation.
pub(super) async fn find(
    rpc: &Rpc,
    http: &impl Http,
    network: &Network,
    authorization: &Authorization,
    window: &Window,
) -> Result<Looked, RpcError> {
    let (head, head_time) = rpc.head(http).await?;
    let mut search = Search {
        rpc,
        http,
        network,
        authorization,
        head,
        head_time,
        times: BTreeMap::new(),
        blocks_per_query: BLOCKS_PER_QUERY,
        queries_left: QUERIES_MAX,
        looks_left: LOOKS_MAX,
    };
    match window.unused_at.filter(|block| *block > 0) {
        Some(block) => search.since(block).await,
        None => search.around(window.created_at).await,
    }
}

impl<H: Http> Search<'_, H> {
    /// Searches from `unused_at` up.
    async fn since(&mut self, unused_at: u64) -> Result<Looked, RpcError> {
        let first = unused_at.saturating_sub(LAG_BLOCKS);
        if first > self.head {
            return Err(RpcError::Unavailable);
        }
        loop {
            let last = self.last(first).await?;
            match self.look_through(first, last).await? {
                Range::Found(log) => return Ok(Looked::Found(log)),
                Range::Nothing => return Ok(Looked::Nothing),
                Range::Partly => return Ok(Looked::Partly),
                Range::TooLarge => {}
            }
        }
    }

    /// Searches around a time of our clock, and then further back with the queries that are left: on a chain that catches
    /// up, the block of the use may have a much earlier time.
    async fn around(&mut self, created_at: UnixSeconds) -> Result<Looked, RpcError> {
        let valid_after = seconds(self.authorization.valid_after);
        let earliest = created_at.plus(CLOCK_SECONDS.saturating_neg()).max(valid_after);
        loop {
            let (first, _) = self.narrow(earliest, 0, self.head, End::High).await?;
            let last = self.last(first).await?;
            match self.look_through(first, last).await? {
                Range::Found(log) => return Ok(Looked::Found(log)),
                Range::Partly => return Ok(Looked::Partly),
                Range::TooLarge => {}
                Range::Nothing => {
                    let back = self.blocks_per_query.saturating_mul(self.queries_left.into());
                    let Some(before) = first.checked_sub(1) else { return Ok(Looked::Nothing) };
                    let further = self.look_through(before.saturating_sub(back), before).await;
                    if let Ok(Range::Found(log)) = further {
                        return Ok(Looked::Found(log));
                    }
                    // The chain may not have reached that time yet.
                    let is_over = self.head_time >= earliest;
                    return Ok(if is_over { Looked::Nothing } else { Looked::Partly });
                }
            }
        }
    }

    /// The last block in which the authorization can be used, or the newest block.
    async fn last(&mut self, first: u64) -> Result<u64, RpcError> {
        let valid_before = seconds(self.authorization.valid_before);
        if self.head_time < valid_before {
            return Ok(self.head);
        }
        Ok(self.narrow(valid_before, first, self.head, End::Low).await?.1)
    }

    /// Narrows a range around `moment` to one query, as far as the looks suffice. The first block is earlier than `moment`
    /// or `low`; the second is not earlier or `high`.
    async fn narrow(
        &mut self,
        moment: UnixSeconds,
        low: u64,
        high: u64,
        near: End,
    ) -> Result<(u64, u64), RpcError> {
        let (mut low, mut high) = self.between(moment, low, high);
        let mut looks = 0_u32;
        while high.saturating_sub(low) > self.blocks_per_query && self.looks_left > 0 {
            self.looks_left = self.looks_left.saturating_sub(1);
            let mut blocks = match looks {
                0 => self.strides(low, high, near),
                1 | 2 => self.steady(moment, low, high),
                _ => Vec::new(),
            };
            if blocks.is_empty() {
                blocks = evenly(low, high);
            }
            looks = looks.saturating_add(1);
            let times = self.rpc.block_times(self.http, &blocks).await?;
            self.times.extend(blocks.into_iter().zip(times));
            (low, high) = self.between(moment, low, high);
        }
        Ok((low, high))
    }

    /// As [`Self::narrow`], from the known times only.
    fn between(&self, moment: UnixSeconds, low: u64, high: u64) -> (u64, u64) {
        let mut known = self.times.iter().filter(|(block, _)| low < **block && **block < high);
        let high = known.find(|(_, time)| **time >= moment).map_or(high, |(block, _)| *block);
        let mut below = self.times.keys().rev();
        (below.find(|block| low < **block && **block < high).copied().unwrap_or(low), high)
    }

    /// Blocks at growing distances from one end, because most searched payments are recent.
    fn strides(&self, low: u64, high: u64, near: End) -> Vec<u64> {
        let mut blocks = Vec::new();
        let mut stride = self.blocks_per_query;
        for _ in 0..BLOCKS_PER_LOOK {
            blocks.push(match near {
                End::Low => low.saturating_add(stride),
                End::High => high.saturating_sub(stride),
            });
            stride = stride.saturating_mul(STRIDE);
        }
        blocks.retain(|block| low < *block && *block < high);
        blocks
    }

    /// Blocks on both sides of the position of `moment` at a steady block time; none if the times are not known.
    fn steady(&self, moment: UnixSeconds, low: u64, high: u64) -> Vec<u64> {
        let head = (self.head, self.head_time);
        let time = |block: u64| {
            let known = self.times.get(&block).copied();
            known.or((block == head.0).then_some(head.1))
        };
        let (Some(first), Some(last)) = (time(low), time(high)) else { return Vec::new() };
        let seconds = |later: UnixSeconds| u128::try_from(later.since(first)).unwrap_or_default();
        let width = u128::from(high.saturating_sub(low));
        let ahead = width.saturating_mul(seconds(moment)).checked_div(seconds(last));
        let Some(ahead) = ahead.and_then(|ahead| u64::try_from(ahead).ok()) else {
            return Vec::new();
        };
        let (middle, half) = (low.saturating_add(ahead), self.blocks_per_query.div_ceil(3));
        let far = half.saturating_mul(STRIDE);
        let sides = [half, far].map(|off| [middle.saturating_sub(off), middle.saturating_add(off)]);
        let inside = |block: &u64| low < *block && *block < high;
        sides.into_iter().flatten().filter(inside).collect()
    }

    /// Searches a range from both ends in turn, because a use is close to its payment or to the newest block.
    async fn look_through(&mut self, mut from: u64, mut to: u64) -> Result<Range, RpcError> {
        let reach = self.blocks_per_query.saturating_sub(1);
        let mut is_low = true;
        while from <= to {
            let Some(left) = self.queries_left.checked_sub(1) else { return Ok(Range::Partly) };
            self.queries_left = left;
            let (first, last) = if is_low {
                (from, from.saturating_add(reach).min(to))
            } else {
                (to.saturating_sub(reach).max(from), to)
            };
            match self.query(first, last).await {
                Ok(Some(log)) => return Ok(Range::Found(log)),
                Ok(None) if first == from && last == to => return Ok(Range::Nothing),
                Ok(None) if is_low => from = last.saturating_add(1),
                Ok(None) => to = first.saturating_sub(1),
                Err(RpcError::Refused { .. }) if self.blocks_per_query > BLOCKS_PER_QUERY_MIN => {
                    let smaller = self.blocks_per_query.checked_div(SHRINK).unwrap_or_default();
                    self.blocks_per_query = smaller.max(BLOCKS_PER_QUERY_MIN);
                    return Ok(Range::TooLarge);
                }
                Err(error) => return Err(error),
            }
            is_low = !is_low;
        }
        Ok(Range::Nothing)
    }

    async fn query(&self, first: u64, last: u64) -> Result<Option<FoundLog>, RpcError> {
        let params = json!([{
            "address": self.network.usdc,
            "topics": used_or_cancelled_topics(self.authorization),
            "fromBlock": format!("{first:#x}"),
            "toBlock": format!("{last:#x}"),
        }]);
        let logs: Vec<FoundLog> = self.rpc.call(self.http, "eth_getLogs", params).await?;
        Ok(logs.into_iter().next())
    }
}

/// Blocks that divide a range evenly.
fn evenly(low: u64, high: u64) -> Vec<u64> {
    let width = high.saturating_sub(low);
    let part = width.checked_div(BLOCKS_PER_LOOK.saturating_add(1)).unwrap_or_default().max(1);
    let blocks = (1..=BLOCKS_PER_LOOK).map(|count| low.saturating_add(part.saturating_mul(count)));
    blocks.filter(|block| *block < high).collect()
}

/// A time of an authorization, capped at [`UnixSeconds::STORABLE_MAX`].
fn seconds(moment: U256) -> UnixSeconds {
    let moment = i64::try_from(moment).unwrap_or(UnixSeconds::STORABLE_MAX);
    UnixSeconds::new(moment.min(UnixSeconds::STORABLE_MAX))
}

#[cfg(test)]
mod tests;
