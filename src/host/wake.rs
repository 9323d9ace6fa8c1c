//! What is done when the object wakes by itself: payments of unknown outcome are looked after,
//! settled ones are delivered, records go out to KV, mails to people. Alarms come at least once, so everything here
//! may run twice. The runtime gives an alarm up that fails a few times, so none of this fails: what goes wrong with one
//! payment, or one kind of work, is logged, and all others go on.

use futures_util::future::join3;

use crate::base::id::PaymentId;
use crate::base::time::UnixSeconds;
use crate::host::Host;
use crate::host::find_out::{OnChain, Shows};
use crate::host::profile::Profile;
use crate::host::slice::Look;
use crate::identity::{codes, epoch};
use crate::ledger::payments::{self, NotPaid, Payment, Settled, State};
use crate::ledger::{outbox, wallets};
use crate::mail;
use crate::ports::{Level, SqlError, World};
use crate::products::events::store;
use crate::products::vault;
use crate::sale::flow;

/// When to try again after a part of the alarm has failed, seconds.
const TROUBLE_SECONDS: i64 = 60;

/// When to look again at a payment whose row or steps make trouble, seconds.
const ROW_TROUBLE_SECONDS: i64 = 600;

/// How long after the end of its authorization the log of a delivered payment is looked for, seconds, if the
/// token says that it is used.
const LOGS_SECONDS_MAX: i64 = 86_400;

/// What went well in one wake.
struct Went {
    payments: bool,
    others: bool,
}

/// When something is to be done next.
pub(super) struct Dues {
    payments: Option<UnixSeconds>,
    others: Option<UnixSeconds>,
    /// Whether there is anything that only the alarm finishes, and so the cron has to know of.
    pub(super) is_open: bool,
}

impl<W: World> Host<W> {
    /// Does what is due, and sets the alarm for what comes next.
    pub async fn wake(&self) {
        let went = self.do_what_is_due().await;
        // What has failed is due at once, and would be for ever.
        let soonest = |is_well| self.world.now().plus(if is_well { 0 } else { TROUBLE_SECONDS });
        let Ok(Dues { payments, others, .. }) = self.dues() else {
            return self.world.wake_at(soonest(false));
        };
        let payments = payments.map(|due| due.max(soonest(went.payments)));
        let others = others.map(|due| due.max(soonest(went.others)));
        self.set_alarm(payments.into_iter().chain(others).min());
    }

    async fn do_what_is_due(&self) -> Went {
        if let Err(error) = self.open() {
            let is_open = self.went("opening the storage", Err(error));
            return Went { payments: is_open, others: is_open };
        }
        if !self.migrated.get() {
            return Went { payments: true, others: true };
        }
        match self.next_alone() {
            Ok(Some(id)) => return self.look_after_one(&id).await,
            Ok(None) => {}
            Err(error) => return Went { payments: self.went("reading", Err(error)), others: true },
        }
        let now = self.world.now();
        // First, so that what it publishes leaves in this wake.
        let resealed = self.went("sealing values anew", self.reseal_some());
        // Beside each other, so that none waits for an endpoint of another. Mails also where nobody has registered:
        // a code is sent before there is a host.
        let mails = mail::flush(&self.world, now);
        let pace = self.pace_max();
        let records = outbox::flush(&self.world, pace);
        let payments = async {
            // Until a host is restored there are no payments.
            self.restore().await.and(self.look_after_payments().await)
        };
        let (mails, records, payments) = join3(mails, records, payments).await;
        // What was delivered just now shall be seen soon. Not before the first round is over: two writes of one
        // key at a time may arrive in any order.
        let new_records = outbox::flush(&self.world, pace).await;
        let now = self.world.now();
        let others = [
            resealed,
            self.went("sending mails", mails),
            self.went("publishing records", records),
            self.went("publishing what is new", new_records),
            self.went("forgetting wallets", wallets::forget(&self.world, now)),
            self.went("forgetting codes", codes::forget(&self.world, now)),
            self.went("forgetting sign-outs", epoch::forget(&self.world, now)),
            self.went("forgetting mails", mail::outbox::forget(&self.world, now)),
            self.went("publishing what was restored", self.publish_some()),
            self.went("forgetting backups", self.forget_backups()),
        ]
        .into_iter()
        .all(|is_well| is_well);
        Went { payments: self.went("looking after payments", payments), others }
    }

    /// A wake for one payment: its search has the requests of everything else.
    async fn look_after_one(&self, id: &PaymentId) -> Went {
        let payments = match self.profile() {
            Ok(Some(profile)) => {
                self.look_after(&profile, id, &Look::whole(&self.world)).await;
                true
            }
            Ok(None) => true,
            Err(error) => self.went("looking after a payment", Err(error)),
        };
        Went { payments, others: true }
    }

    /// Logs what went wrong; whether nothing did.
    pub(super) fn went(&self, what: &str, how: Result<(), SqlError>) -> bool {
        let Err(error) = how else { return true };
        let fields = [("what", what), ("why", &error.0)];
        self.world.line(Level::Error, "a part of the alarm failed", &fields);
        false
    }

    /// Takes a payment that was due one step further. One that makes trouble is put off.
    pub(super) async fn look_after(&self, profile: &Profile, id: &PaymentId, look: &Look<'_, W>) {
        if let Err(error) = self.step_further(profile, id, look).await {
            let fields = [("payment", id.as_str()), ("why", &error.0)];
            self.world.line(Level::Error, "a payment cannot be looked after", &fields);
            let again = self.world.now().plus(ROW_TROUBLE_SECONDS);
            self.went("putting a payment off", payments::put_off(&self.world, id, again));
        }
    }

    async fn step_further(
        &self,
        profile: &Profile,
        id: &PaymentId,
        look: &Look<'_, W>,
    ) -> Result<(), SqlError> {
        let now = self.world.now();
        let is_due = |payment: &Payment| payment.next_check_at.is_some_and(|at| at <= now);
        // A repeated call may have looked after it since the list was read.
        let payment = payments::find(&self.world, id)?.filter(is_due);
        let Some(payment) = payment else { return Ok(()) };
        let payment = match payment.state {
            State::Settling | State::Unknown => {
                self.find_out(profile, payment, Shows::default(), look).await?
            }
            State::Claimed | State::Verified => {
                return self.end(&payment, NotPaid::Refused, "interrupted before settlement");
            }
            State::Delivered => return self.confirm(profile, payment, look).await,
            State::Settled | State::Refused | State::Failed => payment,
        };
        if payment.state == State::Settled
            && let Some(settled) = payment.settled()
            && let Err(failure) = self.deliver(profile, &settled)
        {
            let next = flow::next_check(payment.attempts, self.world.now());
            payments::postpone(&self.world, &payment.claim(), next)?;
            let fields = [("payment", payment.id.as_str()), ("why", &failure.to_string())];
            self.world.line(Level::Error, "a settled payment could not be delivered", &fields);
        }
        Ok(())
    }

    /// Sets the alarm for the next thing to do.
    pub(super) fn rearm(&self) -> Result<Dues, SqlError> {
        let dues = self.dues()?;
        self.set_alarm(dues.payments.into_iter().chain(dues.others).min());
        Ok(dues)
    }

    /// How long a record that sums up sales may be behind, seconds. On one's own machine nobody counts the writes.
    fn pace_max(&self) -> i64 {
        if self.config.is_local() { outbox::PACE_SECONDS } else { outbox::PACE_SECONDS_MAX }
    }

    fn set_alarm(&self, next: Option<UnixSeconds>) {
        if let Some(next) = next {
            self.world.wake_at(next);
        }
    }

    fn dues(&self) -> Result<Dues, SqlError> {
        if !self.migrated.get() {
            return Ok(Dues { payments: None, others: None, is_open: false });
        }
        let slice = self.next_slice()?;
        let payments = payments::next_due(&self.world)?.into_iter().chain(slice).min();
        let records = [
            outbox::next_due(&self.world)?,
            vault::store::next_end(&self.world)?,
            self.next_unpublished()?,
            self.next_reseal()?,
        ];
        let records = records.into_iter().flatten().min();
        let mails = mail::outbox::next_due(&self.world)?;
        // Where nobody has registered there are codes only, which strangers ask for.
        let is_open =
            payments.or(records).is_some() || (mails.is_some() && self.profile()?.is_some());
        if is_open {
            self.world.note_open();
        }
        let over = [
            codes::next_over(&self.world)?,
            epoch::next_over(&self.world)?,
            outbox::next_over(&self.world, self.pace_max())?,
            self.next_backup_over()?,
        ];
        let over = over.into_iter().flatten().min();
        let others = records.into_iter().chain(mails).chain(over).min();
        Ok(Dues { payments, others, is_open })
    }

    /// Looks some blocks later, until it is twice in the same block, whether the money of a delivered payment is there:
    /// a chain may drop its newest blocks. If it is gone it is moved again with the same authorization; if
    /// that has run out, what was bought is taken back.
    async fn confirm(
        &self,
        profile: &Profile,
        payment: Payment,
        look: &Look<'_, W>,
    ) -> Result<(), SqlError> {
        let id = &payment.id;
        let busy_until = self.world.now().plus(payments::SETTLE_SECONDS);
        payments::postpone(&self.world, &payment.claim(), busy_until)?;
        let found = self.ask_chain(&payment, None, look).await;
        let Some(settled) = payments::find(&self.world, id)?.and_then(|known| known.settled())
        else {
            return Ok(());
        };
        let transaction = settled.transaction();
        let is_booked = |moved: &str| moved.eq_ignore_ascii_case(transaction);
        let now = self.world.now();
        let fields = [("payment", id.as_str())];
        match found {
            OnChain::Paid(moved, block) if is_booked(&moved) => {
                // What a chain has dropped comes back in a younger block, which it may drop as well. So the same block
                // is to be seen twice.
                let seen = (moved, block);
                if settled.payment().seen.as_ref() == Some(&seen) {
                    return payments::mark_confirmed(&self.world, &settled);
                }
                let next = now.plus(payments::CONFIRM_SECONDS);
                payments::mark_seen(&self.world, &settled, (&seen.0, seen.1), next)
            }
            OnChain::Paid(moved, _) => self.correct(profile, &settled, &moved),
            OnChain::RanOut | OnChain::Spent => {
                self.world.line(Level::Error, "the chain has dropped a payment", &fields);
                self.take_back(profile, &settled)
            }
            OnChain::Unused(_) => {
                self.world.line(Level::Warn, "the chain has dropped a payment for now", &fields);
                match self.move_again(profile, &settled).await? {
                    Some(moved) if !is_booked(&moved) => self.correct(profile, &settled, &moved),
                    // Whoever moved it has said so; what the chain keeps of that is for the chain to say.
                    Some(_) => {
                        let next = self.world.now().plus(payments::CONFIRM_SECONDS);
                        payments::postpone(&self.world, &payment.claim(), next)
                    }
                    None => self.confirm_later(&payment),
                }
            }
            // It is used, so its money has moved, and the endpoint has forgotten how.
            OnChain::NotFound if now > payment.valid_before.plus(LOGS_SECONDS_MAX) => {
                self.world.line(Level::Warn, "a payment is confirmed without its log", &fields);
                payments::mark_confirmed(&self.world, &settled)
            }
            OnChain::NotFound | OnChain::Unclear(_) => self.confirm_later(&payment),
        }
    }

    fn confirm_later(&self, payment: &Payment) -> Result<(), SqlError> {
        let next = flow::next_check(payment.attempts, self.world.now());
        payments::postpone(&self.world, &payment.claim(), next)
    }

    /// Has the money of a delivered payment moved once more, unless its event was cancelled since:
    /// then it waits until the authorization has run out, or the chain has the transaction again.
    async fn move_again(
        &self,
        profile: &Profile,
        settled: &Settled,
    ) -> Result<Option<String>, SqlError> {
        if let Some(id) = &settled.payment().event_id
            && store::find(&self.world, id)?.is_some_and(|(event, _)| event.cancelled)
        {
            return Ok(None);
        }
        let facilitator = &self.config.facilitator;
        Ok(flow::move_again(&self.world, facilitator, &profile.scope, settled).await)
    }
}
