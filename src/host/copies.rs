//! What the gateway knows of hosts for a few seconds, so that it answers their lists without asking them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::http::{Headers, Reply};
use crate::base::id::ScopeId;
use crate::base::rate_limit::{Budget, RateLimiter};
use crate::base::time::UnixSeconds;
use crate::host::lists::{self, Sold};
use crate::http::source::Source;
use crate::identity::access::Caller;
use crate::mcp::eras::{self, Fault, Inbound};
use crate::shop::limits::{CALL_COST, LIST_COST};

/// How long a copy is used, seconds. A list that names its age (`ttlMs`) is never older than it says.
pub const COPY_SECONDS: i64 = 10;
/// Copies in one isolate at most.
const COPIES_MAX: usize = 1_000;
/// A longer body is no question for a list.
const QUESTION_BYTES_MAX: usize = 4_096;

/// What the lists of a host depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The products that are on, and their prices.
    pub sold: Sold,
    /// The host's limit of unpaid calls from one source.
    pub unpaid_per_minute: u32,
}

/// The copies of one isolate.
#[derive(Debug, Default)]
pub struct Copies {
    by_scope: BTreeMap<ScopeId, (Known, UnixSeconds)>,
    /// Lists by host and source. The host does not hear of them.
    lists: RateLimiter,
}

impl Copies {
    /// Keeps what a host has just said.
    pub fn keep(&mut self, scope: ScopeId, known: Known, now: UnixSeconds) {
        if self.by_scope.len() >= COPIES_MAX {
            self.by_scope.retain(|_, (_, at)| is_fresh(*at, now));
        }
        if self.by_scope.len() < COPIES_MAX {
            self.by_scope.insert(scope, (known, now));
        }
    }

    /// Forgets a host that may change.
    pub fn forget(&mut self, scope: &ScopeId) {
        self.by_scope.remove(scope);
    }

    /// The answer to a stranger's message, if it needs nothing but the copy.
    pub fn answer(
        &mut self,
        (scope, source): (&ScopeId, &Source),
        headers: &Headers,
        body: &[u8],
        now: UnixSeconds,
    ) -> Told {
        if !may_ask_for_a_list(body) {
            return Told::NoList;
        }
        let copy = self.by_scope.get(scope).filter(|(_, at)| is_fresh(*at, now));
        let Some((known, at)) = copy else { return Told::NoCopy };
        let call = match eras::read(headers, body) {
            Inbound::Refused(reply) => return Told::Reply(reply),
            Inbound::Accepted => return Told::Reply(Reply::empty(202)),
            Inbound::Calls(_) => return Told::NoList,
            Inbound::Call(call) => call,
        };
        let age = u64::try_from(now.since(*at)).unwrap_or_default().saturating_mul(1_000);
        let Some(reply) = lists::answer(&call, &known.sold, &Caller::Stranger, age) else {
            return Told::NoList;
        };
        let budget = Budget::per_minute(known.unpaid_per_minute.saturating_mul(CALL_COST));
        let prefix = format!("{scope} ");
        match source.admit(&mut self.lists, &prefix, LIST_COST, budget, now) {
            Ok(()) => Told::Reply(reply),
            Err(seconds) => {
                Told::Reply(eras::answer(&call, Err(Fault::RateLimited { seconds }), None))
            }
        }
    }
}

/// What the copies say to a message.
#[derive(Debug, PartialEq)]
pub enum Told {
    Reply(Reply),
    /// There is no fresh copy: the host is asked, and what it depends on is kept.
    NoCopy,
    /// Only the host can answer.
    NoList,
}

fn is_fresh(at: UnixSeconds, now: UnixSeconds) -> bool {
    (0..COPY_SECONDS).contains(&now.since(at))
}

/// Whether a body can be worth parsing here: most messages are calls of tools, which the host parses.
fn may_ask_for_a_list(body: &[u8]) -> bool {
    const CALL: &[u8] = b"tools/call";
    body.len() <= QUESTION_BYTES_MAX && !body.windows(CALL.len()).any(|part| part == CALL)
}
