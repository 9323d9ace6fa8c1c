//! Payments are looked after in slices: an invocation of a Worker has six connections at a time and, on the free plan,
//! 50 subrequests. A wake takes the payments that have waited longest, and the next alarm, set at once, the next ones.
//!
//! | in one wake | subrequests | at a time |
//! |---|---|---|
//! | payments | [`PAYMENTS_REQUESTS`] | [`LANES`] |
//! | records ([`crate::ledger::outbox::BATCH`], twice) | 12 | 1 |
//! | mails ([`crate::mail::BATCH`]) | 4 | 2 |
//! | a note to the directory | 1 | 1 |
//!
//! Most payments need three. One whose use lies far back takes a search of many; it gets a wake to itself
//! ([`ALONE_REQUESTS`]), every second one at most, so that nothing else starves.

use std::cell::{Cell, RefCell};

use futures_util::future::join_all;

use crate::base::id::PaymentId;
use crate::base::time::UnixSeconds;
use crate::host::Host;
use crate::host::profile::Profile;
use crate::ledger::payments;
use crate::ports::metered::Metered;
use crate::ports::{Http, HttpError, HttpRequest, HttpResponse, SqlError, World};

/// Requests for all payments of a wake that share it.
pub const PAYMENTS_REQUESTS: u32 = 22;
/// Requests for a payment that has a wake to itself: the longest search that there is, and the facilitator.
pub const ALONE_REQUESTS: u32 = 46;
/// Payments looked after at a time.
pub const LANES: usize = 2;
/// What a payment may use of a wake that it shares. What it leaves is for the next one.
const SHARE_REQUESTS: u32 = 8;
/// Of these, what is kept for the facilitator. The others go to the chain.
const FACILITATOR_REQUESTS: u32 = 1;
/// Payments that wait for a wake to themselves, as far as an instance remembers them.
const ALONE_MAX: usize = 60;
/// Payments that are read in one go: those, and more than a slice has requests for.
const BATCH: u32 = 80;
/// How long others are not asked about at an endpoint that did not answer in time, seconds.
const SILENT_SECONDS: i64 = 30;

/// What an instance remembers from wake to wake. Forgetting it costs a few requests.
#[derive(Default)]
pub(super) struct Slices {
    /// Payments whose search needs more requests than a share.
    alone: RefCell<Vec<PaymentId>>,
    /// Whether the last wake belonged to one payment.
    was_alone: Cell<bool>,
    /// The network whose endpoint did not answer in time, and until when it is left alone.
    silent: RefCell<Option<(String, UnixSeconds)>>,
}

impl Slices {
    /// The endpoint of this network did not answer in time.
    pub(super) fn is_silent(&self, network: &str, now: UnixSeconds) {
        *self.silent.borrow_mut() = Some((network.to_owned(), now.plus(SILENT_SECONDS)));
    }

    fn leaves(&self, network: &str, now: UnixSeconds) -> bool {
        let silent = self.silent.borrow();
        silent.as_ref().is_some_and(|(name, until)| name == network && now < *until)
    }

    /// Whether there is room for one more that gets a wake to itself.
    fn wants_to_be_alone(&self, id: &PaymentId) -> bool {
        let mut alone = self.alone.borrow_mut();
        let has_room = alone.len() < ALONE_MAX && !alone.contains(id);
        if has_room {
            alone.push(id.clone());
        }
        has_room
    }
}

/// A look at what became of a payment: HTTP that ends when the requests of the look are used up. The chain has said
/// nothing then, and the payment is looked at again.
pub(super) struct Look<'a, W> {
    meter: Metered<'a, W>,
    is_shared: bool,
}

impl<'a, W> Look<'a, W> {
    /// Of a call or a wake that looks at nothing else.
    pub(super) const fn whole(world: &'a W) -> Self {
        let requests = ALONE_REQUESTS.saturating_sub(FACILITATOR_REQUESTS);
        Self { meter: Metered::new(world, requests), is_shared: false }
    }

    /// Beside others.
    const fn shared(world: &'a W) -> Self {
        let requests = SHARE_REQUESTS.saturating_sub(FACILITATOR_REQUESTS);
        Self { meter: Metered::new(world, requests), is_shared: true }
    }
}

impl<W: Http> Http for Look<'_, W> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.meter.send(request).await
    }
}

impl<W: World> Host<W> {
    /// The payment that this wake belongs to, if one needs that and the last wake belonged to all.
    pub(super) fn next_alone(&self) -> Result<Option<PaymentId>, SqlError> {
        if self.slices.was_alone.replace(false) {
            return Ok(None);
        }
        let now = self.world.now();
        let mut alone = self.slices.alone.borrow_mut();
        for index in 0..alone.len() {
            let Some(id) = alone.get(index) else { break };
            if payments::is_due(&self.world, id, now)? {
                self.slices.was_alone.set(true);
                return Ok(Some(alone.remove(index)));
            }
        }
        Ok(None)
    }

    /// Looks after as many payments as a wake has requests for, those first that have waited longest.
    pub(super) async fn look_after_payments(&self) -> Result<(), SqlError> {
        let Some(profile) = self.profile()? else { return Ok(()) };
        let mut due = payments::due(&self.world, self.world.now(), BATCH)?;
        due.retain(|id| !self.slices.alone.borrow().contains(id));
        let (next, left) = (Cell::new(0_usize), Cell::new(PAYMENTS_REQUESTS));
        // Beside each other: one answer that does not come must not keep the others waiting.
        let lanes = (0..LANES).map(|_| self.look_after_some(&profile, &due, &next, &left));
        join_all(lanes).await;
        self.destroy_secrets(&profile)
    }

    async fn look_after_some(
        &self,
        profile: &Profile,
        due: &[PaymentId],
        next: &Cell<usize>,
        left: &Cell<u32>,
    ) {
        while let Some(id) = due.get(next.get())
            && let Some(rest) = left.get().checked_sub(SHARE_REQUESTS)
        {
            next.set(next.get().saturating_add(1));
            left.set(rest);
            let look = Look::shared(&self.world);
            self.look_after(profile, id, &look).await;
            left.set(left.get().saturating_add(look.meter.left()));
            if look.meter.is_used_up() && self.slices.wants_to_be_alone(id) {
                // Its next look may be an hour away, and this one was none.
                let soon = payments::put_off(&self.world, id, self.world.now());
                self.went("giving a payment a wake to itself", soon);
            }
        }
    }

    /// Whether a payment beside others is not asked about now: its endpoint has just kept one of them waiting.
    pub(super) fn is_left_alone(&self, network: &str, look: &Look<'_, W>) -> bool {
        look.is_shared && self.slices.leaves(network, self.world.now())
    }
}
