//! Searches on chains with irregular block times.

#![expect(clippy::arithmetic_side_effects, reason = "the chains here are small")]

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use alloy_primitives::{Address, address};
use alloy_sol_types::SolEvent;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::chain::eip3009::Via;
use crate::chain::transfers::Use;
use crate::chain::transfers::logs::{Transfer, used_topics};
use crate::ports::{HttpError, HttpRequest, HttpResponse};

const HASH: B256 = B256::repeat_byte(0xaa);
const PAYER: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
const MONTH: i64 = 30 * 86_400;
const START: i64 = 1_700_000_000;

/// Blocks at one pace, and a pause before them in which there are none.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    pause_seconds: i64,
    blocks: u64,
    millis: i64,
}

/// A chain of such stretches. `used_in` has the log; searches reach `range_max` blocks, and not below
/// `pruned`.
struct Chain {
    /// First block, its time in milliseconds, milliseconds from one to the next.
    stretches: Vec<(u64, i64, i64)>,
    head: u64,
    used_in: Option<u64>,
    range_max: u64,
    pruned: u64,
    /// Blocks below are not there; of the others, the one so many blocks on is answered.
    lacks_below: u64,
    confuses_by: u64,
    queries: RefCell<Vec<(u64, u64)>>,
    looks: Cell<u32>,
}

impl Chain {
    fn of(stretches: &[Stretch]) -> Self {
        let (mut next, mut at) = (0, START * 1000);
        let mut paces = Vec::new();
        for stretch in stretches {
            at += stretch.pause_seconds * 1000;
            paces.push((next, at, stretch.millis));
            next += stretch.blocks;
            at += stretch.millis * i64::try_from(stretch.blocks).unwrap();
        }
        Self {
            stretches: paces,
            head: next - 1,
            used_in: None,
            range_max: 10_000,
            pruned: 0,
            lacks_below: 0,
            confuses_by: 0,
            queries: RefCell::default(),
            looks: Cell::new(0),
        }
    }

    fn steady(blocks: u64, millis: i64) -> Self {
        Self::of(&[Stretch { pause_seconds: 0, blocks, millis }])
    }

    fn time(&self, block: u64) -> i64 {
        let mut earlier = self.stretches.iter().rev();
        let (first, at, millis) = earlier.find(|(first, ..)| *first <= block).unwrap();
        (at + millis * i64::try_from(block - first).unwrap()) / 1000
    }

    /// The first block at or after a moment.
    fn first_at(&self, moment: i64) -> u64 {
        let (mut low, mut high) = (0, self.head + 1);
        while low < high {
            let middle = u64::midpoint(low, high);
            if self.time(middle) < moment { low = middle + 1 } else { high = middle }
        }
        low
    }

    fn block(&self, name: &str) -> Value {
        let named = name.strip_prefix("0x").map(|digits| u64::from_str_radix(digits, 16).unwrap());
        let block = named.map_or(self.head, |block| block + self.confuses_by);
        if block > self.head || block < self.lacks_below {
            return Value::Null;
        }
        json!({"number": format!("{block:#x}"), "timestamp": format!("{:#x}", self.time(block))})
    }

    fn answer(&self, ask: &Value) -> Value {
        let params = &ask["params"][0];
        let result = match ask["method"].as_str().unwrap() {
            "eth_getBlockByNumber" => self.block(params.as_str().unwrap()),
            "eth_getLogs" => {
                let number = |name: &str| {
                    let digits = params[name].as_str().unwrap().strip_prefix("0x").unwrap();
                    u64::from_str_radix(digits, 16).unwrap()
                };
                let (from, to) = (number("fromBlock"), number("toBlock"));
                assert!(from <= to && to <= self.head, "{from} {to} {}", self.head);
                self.queries.borrow_mut().push((from, to));
                if to - from >= self.range_max {
                    let error = json!({"code": -32602, "message": "block range is too large"});
                    return json!({"jsonrpc": "2.0", "id": ask["id"], "error": error});
                }
                let is_in = |block: &u64| (from.max(self.pruned)..=to).contains(block);
                let log =
                    |block| json!({"transactionHash": HASH, "blockNumber": format!("{block:#x}")});
                json!(self.used_in.filter(is_in).map(log).into_iter().collect::<Vec<_>>())
            }
            "eth_getTransactionReceipt" => receipt(),
            method => panic!("{method} is not in use"),
        };
        json!({"jsonrpc": "2.0", "id": ask["id"], "result": result})
    }

    /// Looks for the use of an authorization with this end.
    fn find(&self, window: Window, valid_before: i64) -> Result<Use, RpcError> {
        self.queries.borrow_mut().clear();
        self.looks.set(0);
        let rpc = Rpc { url: "https://rpc.example".to_owned() };
        let network = Network::by_v1_name("base").unwrap();
        let signed = authorization(valid_before);
        let looked = pin!(rpc.find_transfer(self, network, &signed, &window))
            .poll(&mut Context::from_waker(Waker::noop()));
        let queries = self.queries.borrow().len();
        assert!(queries <= 16 && self.looks.get() <= 24, "{queries} {}", self.looks.get());
        match looked {
            Poll::Ready(found) => found,
            Poll::Pending => panic!("this chain has no waiting in it"),
        }
    }
}

impl Http for Chain {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let body: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
        let answer = match body.as_array() {
            Some(asks) => {
                self.looks.set(self.looks.get() + 1);
                asks.iter().map(|ask| self.answer(ask)).collect()
            }
            None => self.answer(&body),
        };
        Ok(HttpResponse { status: 200, body: answer.to_string() })
    }
}

fn authorization(valid_before: i64) -> Authorization {
    Authorization {
        from: PAYER,
        to: PAYER,
        value: U256::from(50_000),
        valid_after: U256::ZERO,
        valid_before: U256::from(valid_before),
        nonce: B256::repeat_byte(7),
        via: Via::Token,
    }
}

fn receipt() -> Value {
    let usdc = Network::by_v1_name("base").unwrap().usdc;
    let signed = authorization(0);
    let transfer = [Transfer::SIGNATURE_HASH, signed.from.into_word(), signed.to.into_word()];
    json!({"status": "0x1", "logs": [
        {"address": usdc, "topics": used_topics(&signed), "data": "0x"},
        {"address": usdc, "topics": transfer, "data": B256::from(signed.value)},
    ]})
}

const fn since(unused_at: u64, created_at: i64) -> Window {
    Window { unused_at: Some(unused_at), created_at: UnixSeconds::new(created_at) }
}

const fn around(created_at: i64) -> Window {
    Window { unused_at: None, created_at: UnixSeconds::new(created_at) }
}

#[test]
fn a_young_use_is_found_with_one_search() {
    for millis in [400, 2_000, 12_000] {
        let mut chain = Chain::steady(50_000_000, millis);
        let (used_in, now) = (chain.head - 20, chain.time(chain.head));
        chain.used_in = Some(used_in);
        let found = Ok(Use::Moved(HASH, used_in));
        assert_eq!(chain.find(since(used_in - 5, now - 60), now + 60), found);
        assert_eq!((chain.queries.borrow().len(), chain.looks.get()), (1, 0));
        assert_eq!(chain.find(around(now - 60), now + 60), found);
        // It costs some looks that only the time is known.
        assert!(chain.queries.borrow().len() <= 2 && chain.looks.get() <= 3, "{millis}");
    }
}

#[test]
fn a_use_is_found_however_old_it_is() {
    for (millis, age) in [(400, MONTH), (2_000, 12 * MONTH), (12_000, 12 * MONTH)] {
        let mut chain = Chain::steady(200_000_000, millis);
        let used_in = chain.first_at(chain.time(chain.head) - age);
        let at = chain.time(used_in);
        chain.used_in = Some(used_in);
        let found = Ok(Use::Moved(HASH, used_in));
        assert_eq!(chain.find(since(used_in - 5, at), at + 100), found, "{millis}");
        assert_eq!((chain.queries.borrow().len(), chain.looks.get()), (1, 1), "{millis}");
        assert_eq!(chain.find(around(at), at + 100), found, "{millis}");
        assert!(chain.looks.get() <= 4, "{millis} {}", chain.looks.get());
    }
}

#[test]
fn a_use_on_a_chain_that_catches_up_is_found() {
    // It stands still for five hours, and then makes blocks whose times lie five hours back.
    for (caught_up, millis) in [(100, 2_000), (20_000, 2_000), (40_000, 400)] {
        let before = Stretch { pause_seconds: 0, blocks: 1_000_000, millis };
        let after = Stretch { pause_seconds: 0, blocks: caught_up, millis };
        let mut chain = Chain::of(&[before, after]);
        let used_in = 1_000_000 + 30;
        chain.used_in = Some(used_in);
        let created_at = chain.time(1_000_000) + 5 * 3_600;
        let found = Ok(Use::Moved(HASH, used_in));
        assert_eq!(chain.find(since(999_999, created_at), created_at + 110), found);
        assert_eq!(chain.find(around(created_at), created_at + 110), found);
        // Nothing can be said before the chain is where our clock was.
        chain.used_in = None;
        let is_there = chain.time(chain.head) >= created_at - 3_600;
        let expected = if is_there { Use::NotFound } else { Use::Unsearched };
        assert_eq!(chain.find(around(created_at), created_at + 110), Ok(expected));
    }
}

#[test]
fn an_endpoint_that_takes_small_ranges_only_is_asked_for_those() {
    for (range_max, millis) in [(9_999, 400), (2_000, 400), (1_000, 400), (500, 2_000), (50, 2_000)]
    {
        let mut chain = Chain::steady(200_000_000, millis);
        chain.range_max = range_max;
        let used_in = chain.head - 5_000_000;
        let at = chain.time(used_in);
        chain.used_in = Some(used_in);
        let found = chain.find(since(used_in - 10, at), at + 110);
        assert_eq!(found, Ok(Use::Moved(HASH, used_in)), "{range_max}");
        chain.used_in = None;
        assert_eq!(chain.find(since(used_in - 10, at), at + 110), Ok(Use::NotFound), "{range_max}");
    }
    let mut chain = Chain::steady(200_000_000, 2_000);
    chain.range_max = 10;
    let refused = Err(RpcError::Refused { code: -32602 });
    assert_eq!(chain.find(since(100_000, START), START + 300_000), refused);
}

#[test]
fn a_search_that_was_cut_short_is_not_taken_for_one_that_found_nothing() {
    // Half a million blocks with the very same time.
    let mut chain = Chain::of(&[
        Stretch { pause_seconds: 0, blocks: 100_000, millis: 2_000 },
        Stretch { pause_seconds: 0, blocks: 500_000, millis: 0 },
        Stretch { pause_seconds: 2, blocks: 100_000, millis: 2_000 },
    ]);
    let at = chain.time(100_000);
    chain.used_in = Some(350_000);
    assert_eq!(chain.find(since(100_000, at), at + 60), Ok(Use::Unsearched));
    assert_eq!(chain.find(around(at), at + 60), Ok(Use::Unsearched));
    // The ends come first.
    for used_in in [100_001, 600_010] {
        chain.used_in = Some(used_in);
        let found = chain.find(since(100_000, at), at + 60);
        assert_eq!(found, Ok(Use::Moved(HASH, used_in)));
    }
}

#[test]
fn an_endpoint_without_old_logs_or_blocks_proves_nothing() {
    let mut chain = Chain::steady(1_000_000, 2_000);
    (chain.used_in, chain.pruned) = (Some(500_000), 900_000);
    let at = chain.time(500_000);
    assert_eq!(chain.find(since(499_990, at), at + 110), Ok(Use::NotFound));
    // A node that is behind what was known before.
    assert_eq!(chain.find(since(1_000_100, at), at + 110), Err(RpcError::Unavailable));
}

#[test]
fn blocks_that_an_endpoint_does_not_have_or_confuses_prove_nothing() {
    for (lacks, confuses, expected) in [
        (0, 0, Ok(Use::Moved(HASH, 500_000))),
        (900_000, 0, Err(RpcError::Unavailable)),
        (0, 1, Err(RpcError::Malformed)),
    ] {
        let mut chain = Chain::steady(1_000_000, 2_000);
        (chain.used_in, chain.lacks_below, chain.confuses_by) = (Some(500_000), lacks, confuses);
        let at = chain.time(500_000);
        assert_eq!(chain.find(since(499_990, at), at + 110), expected, "{lacks} {confuses}");
    }
}

fn stretches() -> impl Strategy<Value = Vec<Stretch>> {
    let millis = prop::sample::select(&[0_i64, 250, 400, 2_000, 12_000][..]);
    let stretch = (0..40_000_i64, 1..3_000_000_u64, millis);
    let stretch = stretch.prop_map(|(pause_seconds, blocks, millis)| Stretch {
        pause_seconds,
        blocks,
        millis,
    });
    prop::collection::vec(stretch, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn whatever_the_chain_a_use_in_the_window_is_found(
        stretches in stretches(),
        unused in any::<prop::sample::Index>(),
        (later, valid_for) in (0..2_000_u64, 20..300_i64),
        clock in -3_500..3_500_i64,
        range_max in prop::sample::select(&[10_000_u64, 9_000, 3_000][..]),
    ) {
        let mut chain = Chain::of(&stretches);
        chain.range_max = range_max;
        let blocks = usize::try_from(chain.head).unwrap().max(1);
        let unused_at = u64::try_from(unused.index(blocks)).unwrap().max(1).min(chain.head);
        let valid_before = chain.time(unused_at) + valid_for;
        // The token takes it in an earlier block than the one that reaches its end.
        let end = chain.first_at(valid_before).saturating_sub(1);
        let used_in = (unused_at + later).min(end).min(chain.head);
        chain.used_in = Some(used_in);
        let found = Ok(Use::Moved(HASH, used_in));
        let per_query = if range_max < 9_000 { 2_250 } else { 9_000 };
        let wide = |first: u64| end.saturating_sub(first) > 12 * per_query;

        let created_at = chain.time(used_in) + clock;
        let by_number = chain.find(since(unused_at, created_at), valid_before);
        let is_cut = by_number == Ok(Use::Unsearched) && wide(unused_at);
        prop_assert!(by_number == found || is_cut, "{by_number:?} {used_in}");

        let by_time = chain.find(around(created_at), valid_before);
        let is_cut = by_time == Ok(Use::Unsearched) && wide(chain.first_at(created_at - 3_600));
        prop_assert!(by_time == found || is_cut, "{by_time:?} {used_in}");
    }
}
