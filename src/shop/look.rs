//! Request budgets for work on payments. An invocation of a Worker has six connections at a time and, on the free
//! plan, 50 subrequests. An alarm takes the payments that have waited longest, and the next alarm, set at once,
//! continues.
//!
//! | in one alarm | subrequests | at a time |
//! |---|---|---|
//! | payments | [`PAYMENTS_REQUESTS`] | [`LANES`] |
//! | then one refund; several if no payment is due | 8 | 1 |
//! | or, of a host that is being restored, one slice (`host::restoring::READS`) | 24 | 3 |
//! | records ([`crate::ledger::outbox::BATCH`], twice) | 12 | 1 |
//! | mails ([`crate::mail::BATCH`]) | 4 | 2 |
//! | a note to the directory | 1 | 1 |
//!
//! A slice of a restoration lists one page of keys (1 request), reads records (24), writes some (none) or finishes (2).
//! It takes the place of the payments: a host that is being restored has none yet.
//!
//! Most payments need three. A payment or refund whose use is far back needs a long search; it gets an alarm of its own
//! ([`ALONE_REQUESTS`]), every second one at most, so that the others are not starved.

use std::cell::{Cell, RefCell};

use crate::base::id::PaymentId;
use crate::base::time::UnixSeconds;
use crate::ports::metered::Metered;
use crate::ports::{Http, HttpError, HttpRequest, HttpResponse};

/// Requests for all payments of a shared alarm.
pub const PAYMENTS_REQUESTS: u32 = 22;
/// Requests for a payment with an alarm of its own: the longest search, and the facilitator.
pub const ALONE_REQUESTS: u32 = 46;
/// Payments handled at a time.
pub const LANES: usize = 2;
/// Requests for one payment in a shared alarm. The next payment gets what it leaves.
pub(super) const SHARE_REQUESTS: u32 = 8;
/// The part of these that is reserved for the facilitator. The others go to the chain.
const FACILITATOR_REQUESTS: u32 = 1;
/// Payments in memory that wait for an alarm of their own.
const ALONE_MAX: usize = 60;
/// Payments in one query: those that wait for their own alarm, and more than a shared alarm has requests for.
pub(super) const BATCH: u32 = 80;
/// How long other payments skip an endpoint that timed out, seconds.
const SILENT_SECONDS: i64 = 30;

/// State that is kept between alarms. Losing it costs a few requests.
#[derive(Default)]
pub struct Slices {
    /// Payments whose search needs more requests than a shared alarm gives them.
    pub(super) alone: RefCell<Vec<PaymentId>>,
    /// Whether the last alarm belonged to one payment.
    pub(super) was_alone: Cell<bool>,
    /// The network whose endpoint timed out, and until when it is skipped.
    silent: RefCell<Option<(String, UnixSeconds)>>,
}

impl Slices {
    /// Records that the endpoint of this network timed out.
    pub fn is_silent(&self, network: &str, now: UnixSeconds) {
        *self.silent.borrow_mut() = Some((network.to_owned(), now.plus(SILENT_SECONDS)));
    }

    /// Whether a payment in a shared alarm skips this network, because its endpoint has just kept another one
    /// waiting.
    pub fn leaves<W>(&self, look: &Look<'_, W>, network: &str, now: UnixSeconds) -> bool {
        let silent = self.silent.borrow();
        look.is_shared
            && silent.as_ref().is_some_and(|(name, until)| name == network && now < *until)
    }

    /// Queues a payment for an alarm of its own. Returns whether there was room.
    pub(super) fn wants_to_be_alone(&self, id: &PaymentId) -> bool {
        let mut alone = self.alone.borrow_mut();
        let has_room = alone.len() < ALONE_MAX && !alone.contains(id);
        if has_room {
            alone.push(id.clone());
        }
        has_room
    }
}

/// HTTP with a request budget for one payment. When it is used up, the chain has given no answer, and the payment is
/// checked again later.
pub struct Look<'a, W> {
    pub(super) meter: Metered<'a, W>,
    is_shared: bool,
}

impl<'a, W> Look<'a, W> {
    /// For a call or an alarm that handles one payment only.
    pub const fn whole(world: &'a W) -> Self {
        let requests = ALONE_REQUESTS.saturating_sub(FACILITATOR_REQUESTS);
        Self { meter: Metered::new(world, requests), is_shared: false }
    }

    /// For one payment of a shared alarm.
    pub(super) const fn shared(world: &'a W) -> Self {
        let requests = SHARE_REQUESTS.saturating_sub(FACILITATOR_REQUESTS);
        Self { meter: Metered::new(world, requests), is_shared: true }
    }
}

impl<W: Http> Http for Look<'_, W> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.meter.send(request).await
    }
}
