//! What a world holds: the time, the chain, the answers that a test has ordered, what was asked.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use alloy_primitives::Address;
use events_concierge::base::id::ScopeId;
use events_concierge::ports::{HttpResponse, KvError, Purpose};
use serde_json::Value;

use crate::post_office::PostOffice;
use crate::support::{NOW, Sqlite};

/// What the facilitator does with the next `/settle`.
#[derive(Clone, Debug)]
pub(crate) enum Settles {
    /// Moves the money and says so.
    Pays,
    /// Moves the money, and the answer is lost.
    PaysSilently,
    /// Does nothing, and no answer comes.
    Hangs,
    /// Does nothing, and names another address.
    HasMoved,
    /// Refuses for this reason.
    Refuses(&'static str),
}

thread_local! {
    /// The time in the world that was looked at last: wallets have clocks too.
    pub(super) static WALLET_CLOCK: Cell<i64> = const { Cell::new(NOW) };
}

/// The time in one world.
#[derive(Default)]
pub(crate) struct Now(Cell<i64>);

impl Now {
    pub(crate) fn get(&self) -> i64 {
        self.0.get()
    }

    pub(crate) fn set(&self, now: i64) {
        self.0.set(now);
        WALLET_CLOCK.set(now);
    }
}

/// What the chain says of payers.
#[derive(Default)]
pub(crate) struct Chain {
    /// What wallets own; the others are rich.
    pub(crate) balances: RefCell<BTreeMap<String, u64>>,
    /// Who has code, lower case.
    pub(crate) contracts: RefCell<BTreeSet<String>>,
    /// Whose key the contracts accept (ERC-1271).
    pub(crate) owner: Cell<Option<Address>>,
    /// Whether the endpoint does not answer.
    pub(crate) is_down: Cell<bool>,
    /// Whether the endpoint has no answer.
    pub(crate) hangs: Cell<bool>,
    /// How far the times of its blocks are behind our clock, seconds.
    pub(crate) behind: Cell<i64>,
    /// How many blocks the node lags that is asked about authorizations.
    pub(crate) lag: Cell<u64>,
    /// How much Permit2 may move of everybody's tokens; all of it without an entry.
    pub(crate) allowance: Cell<Option<u64>>,
    /// Whether Permit2 knows every nonce as used.
    pub(crate) permits_are_used: Cell<bool>,
    /// What the proxy of `upto` has settled, by the hash of the transaction: from, to, amount, and the data of the call.
    pub(crate) upto: RefCell<BTreeMap<String, (String, String, u64, String)>>,
    /// Whether the endpoint has forgotten its logs.
    pub(crate) logs_are_gone: Cell<bool>,
    /// The newest block, and the one in which everything was settled.
    pub(crate) head: Cell<u64>,
    pub(crate) settled_in: Cell<u64>,
}

#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) now: Now,
    pub(crate) chain: Chain,
    pub(super) random: Cell<u64>,
    pub(crate) kv: RefCell<BTreeMap<String, String>>,
    pub(crate) kv_is_down: Cell<bool>,
    /// Every write that reached KV, refused ones among them: when, and of which key.
    pub(crate) kv_writes: RefCell<Vec<(i64, String)>>,
    /// Requests of whatever kind that an invocation has made, those under way, and the most of these at a time.
    pub(crate) subrequests: Cell<u32>,
    under_way: Cell<u32>,
    pub(crate) most_under_way: Cell<u32>,
    /// The only key that KV refuses.
    pub(crate) kv_refuses: RefCell<Option<String>>,
    /// Whether writes to KV have no answer, and do not happen either.
    pub(crate) kv_hangs: Cell<bool>,
    /// Whether our own facilitator has no answer.
    pub(crate) relayer_hangs: Cell<bool>,
    /// What it was asked for.
    pub(crate) relayer_asked: RefCell<Vec<Purpose>>,
    /// What it was to take last.
    pub(crate) relayer_takes: RefCell<Value>,
    /// Statements with this text fail.
    pub(crate) sql_fails: RefCell<Option<&'static str>>,
    /// Which host a payment was claimed by.
    pub(crate) payees: RefCell<BTreeMap<String, ScopeId>>,
    pub(crate) payees_are_down: Cell<bool>,
    /// The marketplace, if there is one.
    pub(crate) market: RefCell<Option<World>>,
    pub(crate) market_is_down: Cell<bool>,
    /// How often the marketplace was asked again within one request.
    pub(crate) asked_again: Cell<u32>,
    pub(crate) payees_hang: Cell<bool>,
    pub(crate) verify_refuses: Cell<bool>,
    pub(crate) alarm: Cell<Option<i64>>,
    /// How often the object has noted that it has something open.
    pub(crate) noted: Cell<u32>,
    /// Every statement that SQLite was asked, in order.
    pub(crate) statements: RefCell<Vec<String>>,
    /// The steps that its virtual machine took for them.
    pub(crate) steps: Cell<i64>,
    pub(crate) settles: RefCell<VecDeque<Settles>>,
    /// What our own facilitator answers, where it is the one that is asked.
    pub(crate) relayer_says: RefCell<VecDeque<(u16, Value)>>,
    /// Who paid how much, by the nonce of the authorization.
    pub(crate) settled: RefCell<BTreeMap<String, (String, u64)>>,
    /// Whom they paid; without an entry it is the host.
    pub(crate) paid_to: RefCell<BTreeMap<String, String>>,
    /// Transfers without an authorization, by the hash of their transaction: from, to, amount.
    pub(crate) by_hand: RefCell<BTreeMap<String, (String, String, u64)>>,
    pub(crate) requests: RefCell<Vec<String>>,
    /// What the facilitator says of itself; `None`: nothing in time.
    pub(crate) supported: RefCell<Option<HttpResponse>>,
    pub(crate) supported_asked: Cell<u32>,
    /// What is asked of Solana next, and the answers: the path of the facilitator or the method of the node. `Null`: none comes;
    /// `"null"` is the answer null.
    pub(crate) solana: RefCell<VecDeque<(&'static str, Value)>>,
    /// Whose the wallet at Crossmint is, as Crossmint knows it.
    pub(crate) crossmint_owner: RefCell<Option<String>>,
    pub(crate) post_office: PostOffice,
    /// Every line that was logged, with its fields.
    pub(crate) log: RefCell<Vec<String>>,
}

/// The world of one object. Several worlds share a [`Memory`] when an object is evicted.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) memory: Rc<Memory>,
    pub(crate) sqlite: Rc<Sqlite>,
}

/// A subrequest, from its beginning to its end.
pub(crate) struct Subrequest<'a>(&'a Memory);

impl Drop for Subrequest<'_> {
    fn drop(&mut self) {
        self.0.under_way.set(self.0.under_way.get() - 1);
    }
}

impl Memory {
    /// A subrequest begins: something leaves the object.
    pub(crate) fn leaves(&self) -> Subrequest<'_> {
        self.subrequests.set(self.subrequests.get() + 1);
        self.under_way.set(self.under_way.get() + 1);
        self.most_under_way.set(self.most_under_way.get().max(self.under_way.get()));
        Subrequest(self)
    }

    /// A write reaches KV.
    pub(super) fn kv_takes(&self, key: &str) -> Result<(), KvError> {
        self.kv_writes.borrow_mut().push((self.now.get(), key.to_owned()));
        let refuses = self.kv_refuses.borrow();
        if self.kv_is_down.get() || refuses.as_deref() == Some(key) {
            return Err(KvError("down".to_owned()));
        }
        Ok(())
    }
}
