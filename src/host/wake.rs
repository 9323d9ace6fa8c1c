//! What is done when the object wakes by itself: payments of unknown outcome are looked after,
//! settled ones are delivered, records go out to KV, mails to people. Alarms come at least once, so everything here
//! may run twice. The runtime gives an alarm up that fails a few times, so none of this fails: what goes wrong with one
//! payment, or one kind of work, is logged, and all others go on.

use futures_util::future::{join_all, join3};

use crate::chain::eip3009::Authorization;
use crate::chain::networks::Network;
use crate::chain::rpc::{Rpc, RpcError};
use crate::chain::transfers::{Use, Window};
use crate::host::Host;
use crate::host::profile::Profile;
use crate::id::{PaymentId, ScopeId};
use crate::identity::{codes, epoch};
use crate::ledger::payments::{self, NotPaid, Payment, State};
use crate::ledger::{outbox, wallets};
use crate::mail;
use crate::ports::{Level, SqlError, World};
use crate::vault;
use crate::x402::flow::{self, Stop};
use crate::x402::origin::{Origin, origin};
use crate::x402::wire::PaymentPayload;

/// Payments looked after in one go.
const BATCH: u32 = 20;

/// When to try again after the storage has failed, seconds.
const STORAGE_AGAIN_SECONDS: i64 = 60;

/// When to look again at a payment whose row or steps make trouble, seconds.
const TROUBLE_SECONDS: i64 = 600;

/// How far a node behind an endpoint may lag, seconds.
const NODE_LAG_SECONDS: i64 = 60;

/// How long after the end of its authorization a payment is looked for, seconds, when the chain
/// cannot be asked.
const CONFIRM_SECONDS_MAX: i64 = 86_400;

/// How far the logs of an endpoint may lag behind what the token says, seconds.
const LOGS_LAG_SECONDS: i64 = 600;

/// How long a use that may have been for somebody else waits for its payer's proof, seconds.
const DOUBT_SECONDS_MAX: i64 = 86_400;

/// Why a payment buys nothing that was spent at another shop of the same payee.
pub(super) const USED_BEFORE: &str = "it was used before it came here";

/// What the chain says of an authorization.
enum OnChain {
    /// It moved the money, in this transaction, in this block.
    Paid(String, u64),
    /// It was cancelled, or its nonce was used for something else.
    Spent,
    /// It was used, but no log says how.
    NotFound,
    /// It was not used and cannot be used any more.
    RanOut,
    /// It was not used in this block and still can be.
    Unused(u64),
    /// The chain cannot be asked. Why.
    Unclear(String),
}

impl<W: World> Host<W> {
    /// Does what is due, and sets the alarm for what comes next.
    pub async fn wake(&self) {
        if let Err(error) = self.open() {
            return self.wake_again(&error);
        }
        if !self.migrated.get() {
            return;
        }
        let now = self.world.now();
        self.went("forgetting codes", codes::forget(&self.world, now));
        self.went("forgetting sign-outs", epoch::forget(&self.world, now));
        self.went("forgetting mails", mail::outbox::forget(&self.world, now));
        // Beside each other, so that none waits for an endpoint of another. Mails also where nobody has registered:
        // a code is sent before there is a host.
        let mails = mail::flush(&self.world, now);
        let records = outbox::flush(&self.world, now);
        let (mails, records, payments) = join3(mails, records, self.look_after_payments()).await;
        self.went("sending mails", mails);
        self.went("publishing records", records);
        self.went("looking after payments", payments);
        self.went("forgetting wallets", wallets::forget(&self.world, self.world.now()));
        if let Err(error) = self.rearm() {
            self.wake_again(&error);
        }
    }

    async fn look_after_payments(&self) -> Result<(), SqlError> {
        let Some(profile) = self.profile()? else { return Ok(()) };
        let due = payments::due(&self.world, self.world.now(), BATCH)?;
        // Together: one answer that does not come must not keep the others waiting.
        join_all(due.iter().map(|id| self.look_after(&profile, id))).await;
        self.destroy_secrets(&profile)?;
        // What was delivered just now shall be seen soon.
        outbox::flush(&self.world, self.world.now()).await
    }

    /// The storage fails: nothing can be read or written now, and the alarm is all that is left.
    fn wake_again(&self, error: &SqlError) {
        self.went("the storage", Err(error.clone()));
        self.world.wake_at(self.world.now().plus(STORAGE_AGAIN_SECONDS));
    }

    fn went(&self, what: &str, how: Result<(), SqlError>) {
        if let Err(error) = how {
            let fields = [("what", what), ("why", &error.0)];
            self.world.line(Level::Error, "a part of the alarm failed", &fields);
        }
    }

    /// Takes a payment that was due one step further. One that makes trouble is put off.
    async fn look_after(&self, profile: &Profile, id: &PaymentId) {
        if let Err(error) = self.step_further(profile, id).await {
            let fields = [("payment", id.as_str()), ("why", &error.0)];
            self.world.line(Level::Error, "a payment cannot be looked after", &fields);
            let again = self.world.now().plus(TROUBLE_SECONDS);
            self.went("putting a payment off", payments::postpone(&self.world, id, again));
        }
    }

    async fn step_further(&self, profile: &Profile, id: &PaymentId) -> Result<(), SqlError> {
        let now = self.world.now();
        let is_due = |payment: &Payment| payment.next_check_at.is_some_and(|at| at <= now);
        // A repeated call may have looked after it since the list was read.
        let payment = payments::find(&self.world, id)?.filter(is_due);
        let Some(payment) = payment else { return Ok(()) };
        let payment = match payment.state {
            State::Settling | State::Unknown => {
                self.find_out(&profile.scope, payment, false).await?
            }
            State::Claimed | State::Verified => {
                return self.end(&payment, NotPaid::Refused, "interrupted before settlement");
            }
            State::Delivered => return self.confirm(profile, payment).await,
            State::Settled | State::Refused | State::Failed => payment,
        };
        if payment.state == State::Settled
            && let Some(settled) = payment.settled()
            && let Err(failure) = self.deliver(profile, &settled)
        {
            let next = flow::next_check(payment.attempts, self.world.now());
            payments::postpone(&self.world, &payment.id, next)?;
            let fields = [("payment", payment.id.as_str()), ("why", &failure.to_string())];
            self.world.line(Level::Error, "a settled payment could not be delivered", &fields);
        }
        Ok(())
    }

    /// Sets the alarm for the next thing to do.
    pub(super) fn rearm(&self) -> Result<(), SqlError> {
        if !self.migrated.get() {
            return Ok(());
        }
        let dues = [
            payments::next_due(&self.world)?,
            outbox::next_due(&self.world)?,
            vault::store::next_end(&self.world)?,
            mail::outbox::next_due(&self.world)?,
            codes::next_over(&self.world)?,
            epoch::next_over(&self.world)?,
        ];
        if let Some(next) = dues.into_iter().flatten().min() {
            self.world.wake_at(next);
        }
        Ok(())
    }

    /// Finds out what became of a payment: the chain is asked first, and if the authorization is
    /// still unused there, the facilitator is asked to settle once more. `is_payer`: whether who asks has
    /// proven to be the wallet that pays.
    pub(super) async fn find_out(
        &self,
        scope: &ScopeId,
        payment: Payment,
        is_payer: bool,
    ) -> Result<Payment, SqlError> {
        // Nobody else looks at it while we do.
        let busy_until = self.world.now().plus(payments::SETTLE_SECONDS);
        payments::postpone(&self.world, &payment.id, busy_until)?;
        let found = self.ask_chain(&payment).await;
        let now_known = payments::find(&self.world, &payment.id)?;
        if let Some(known) = now_known.filter(|known| known.settled().is_some()) {
            return Ok(known);
        }
        let now = self.world.now();
        match found {
            OnChain::Paid(transaction, block) => {
                self.found_paid(&payment, &transaction, block, is_payer)?;
            }
            OnChain::RanOut => self.end(&payment, NotPaid::Failed, "ran out unpaid")?,
            OnChain::Spent => {
                self.end(&payment, NotPaid::Failed, "it was used for something else")?;
            }
            // A nonce that was used so long ago that no logs are looked through would hold a seat for
            // ever.
            OnChain::NotFound if now > payment.valid_before.plus(LOGS_LAG_SECONDS) => {
                self.end(&payment, NotPaid::Failed, "it was used before")?;
            }
            OnChain::NotFound => self.still_unknown(&payment, "no log of its use yet")?,
            OnChain::Unclear(why) => self.still_unknown(&payment, &why)?,
            OnChain::Unused(block) => {
                payments::was_unused(&self.world, &payment.id, block)?;
                let again =
                    flow::settle_again(&self.world, &self.config.facilitator, scope, &payment);
                match again.await {
                    Ok(_) => self.breaker.borrow_mut().succeeded(),
                    Err(
                        Stop::Refused(_)
                        | Stop::Unavailable(_)
                        | Stop::Unknown(..)
                        | Stop::Elsewhere
                        | Stop::Mismatch(_)
                        | Stop::UsedBefore
                        | Stop::AlreadyUsed(_),
                    ) => {}
                    Err(Stop::Storage(error)) => return Err(error),
                }
            }
        }
        let id = &payment.id;
        payments::find(&self.world, id)?.ok_or_else(|| SqlError(format!("{id} is not there")))
    }

    /// The chain shows the transfer: books it, if it can have been for this payment's call.
    fn found_paid(
        &self,
        payment: &Payment,
        transaction: &str,
        block: u64,
        is_payer: bool,
    ) -> Result<(), SqlError> {
        let (id, now) = (&payment.id, self.world.now());
        match origin(payment.unused_at, block) {
            Origin::Elsewhere => self.end(payment, NotPaid::Failed, USED_BEFORE),
            Origin::Doubtful if !is_payer => {
                if now > payment.valid_before.plus(DOUBT_SECONDS_MAX) {
                    return self.end(payment, NotPaid::Failed, "nobody has proven to have paid");
                }
                let fields = [("payment", id.as_str())];
                self.world.line(Level::Warn, "a payment may have been for somebody else", &fields);
                let next = flow::next_check(payment.attempts, now);
                payments::mark_doubtful(&self.world, id, next, now)
            }
            Origin::Here | Origin::Doubtful => {
                payments::mark_settled(&self.world, id, transaction, now)?;
                // The facilitator did its work; only its answer was lost.
                self.breaker.borrow_mut().succeeded();
                Ok(())
            }
        }
    }

    /// Looks once more, some blocks later, whether the money of a delivered payment is there: a chain
    /// may drop its newest blocks. If it is gone it is moved again with the same authorization; if
    /// that has run out, what was bought is taken back.
    async fn confirm(&self, profile: &Profile, payment: Payment) -> Result<(), SqlError> {
        let id = &payment.id;
        let busy_until = self.world.now().plus(payments::SETTLE_SECONDS);
        payments::postpone(&self.world, id, busy_until)?;
        let found = self.ask_chain(&payment).await;
        let Some(settled) = payments::find(&self.world, id)?.and_then(|known| known.settled())
        else {
            return Ok(());
        };
        let moved = match found {
            OnChain::Paid(transaction, _) => Some(transaction),
            OnChain::RanOut | OnChain::Spent => {
                let fields = [("payment", id.as_str())];
                self.world.line(Level::Error, "the chain has dropped a payment", &fields);
                return self.take_back(profile, &settled);
            }
            OnChain::Unused(_) => {
                let fields = [("payment", id.as_str())];
                self.world.line(Level::Warn, "the chain has dropped a payment for now", &fields);
                flow::move_again(&self.world, &self.config.facilitator, &profile.scope, &settled)
                    .await
            }
            OnChain::NotFound | OnChain::Unclear(_) => None,
        };
        let now = self.world.now();
        match moved {
            Some(same) if same.eq_ignore_ascii_case(settled.transaction()) => {
                payments::mark_confirmed(&self.world, id)
            }
            Some(other) => self.correct(profile, &settled, &other),
            None if now > payment.valid_before.plus(CONFIRM_SECONDS_MAX) => {
                let fields = [("payment", id.as_str())];
                self.world.line(Level::Error, "a payment could never be confirmed", &fields);
                payments::mark_confirmed(&self.world, id)
            }
            None => payments::postpone(&self.world, id, flow::next_check(payment.attempts, now)),
        }
    }

    fn end(&self, payment: &Payment, how: NotPaid, reason: &str) -> Result<(), SqlError> {
        self.world.line(Level::Info, reason, &[("payment", payment.id.as_str())]);
        payments::mark_not_paid(&self.world, &payment.id, how, reason, self.world.now())
    }

    fn still_unknown(&self, payment: &Payment, why: &str) -> Result<(), SqlError> {
        let now = self.world.now();
        let fields = [("payment", payment.id.as_str()), ("why", why)];
        self.world.line(Level::Warn, "the outcome of a payment is still unknown", &fields);
        let next = flow::next_check(payment.attempts, now);
        payments::mark_unknown(&self.world, &payment.id, why, next, now)
    }

    async fn ask_chain(&self, payment: &Payment) -> OnChain {
        let known = Network::by_caip2(&payment.network).zip(authorization_of(payment));
        let url = self.config.rpc_urls.get(&payment.network);
        let (Some((network, authorization)), Some(url)) = (known, url) else {
            return OnChain::Unclear("no endpoint for this network".to_owned());
        };
        match self.look_up(&Rpc { url: url.clone() }, network, &authorization, payment).await {
            Ok(found) => found,
            Err(error) => OnChain::Unclear(error.to_string()),
        }
    }

    async fn look_up(
        &self,
        rpc: &Rpc,
        network: &'static Network,
        authorization: &Authorization,
        payment: &Payment,
    ) -> Result<OnChain, RpcError> {
        let world = &self.world;
        // The time is read first: unused at a block after the end means unused for good. Behind one
        // address are many nodes, and the second question may reach one that lags, hence the margin.
        let (head, head_time) = rpc.head(world).await?;
        if rpc.authorization_used(world, network, authorization.from, authorization.nonce).await? {
            let window = Window { unused_at: payment.unused_at, created_at: payment.created_at };
            return Ok(match rpc.find_transfer(world, network, authorization, &window).await? {
                Use::Moved(hash, block) => OnChain::Paid(hash.to_string(), block),
                Use::Elsewhere => OnChain::Spent,
                Use::NotFound => OnChain::NotFound,
                Use::Unsearched => OnChain::Unclear("not every block could be searched".to_owned()),
            });
        }
        Ok(if head_time > payment.valid_before.plus(NODE_LAG_SECONDS) {
            OnChain::RanOut
        } else {
            OnChain::Unused(head)
        })
    }
}

fn authorization_of(payment: &Payment) -> Option<Authorization> {
    let raw = payment.payment.clone()?;
    PaymentPayload::read(raw).ok().map(|payment| payment.authorization)
}
