//! The object's alarm: determines the outcome of open payments, delivers settled ones, publishes records to KV and
//! sends mails. An alarm runs at least once, so everything here may run twice. The runtime gives up an alarm that
//! fails repeatedly, so the alarm never fails: an error in one payment or one kind of work is logged, and the rest
//! continues.

use futures_util::future::join3;

use crate::base::id::PaymentId;
use crate::base::time::UnixSeconds;
use crate::config::Config;
use crate::host::{Host, backup, listing, resealing, restoring};
use crate::identity::{codes, epoch};
use crate::ledger::{outbox, payments, refunds, wallets};
use crate::mail;
use crate::ports::{SqlError, World};
use crate::products::desk::snooze;
use crate::products::events;
use crate::products::vault::{self, manage::destroy_secrets};
use crate::sale::cx::Cx;
use crate::shop::confirm::look_after;
use crate::shop::look::Look;
use crate::shop::refunds::{look_after_refund, look_after_refunds};
use crate::shop::slice::{look_after_payments, next_alone};
use crate::shop::succeeded;

/// Retry delay after a part of the alarm has failed, seconds.
const TROUBLE_SECONDS: i64 = 60;

/// Which parts of an alarm succeeded.
struct Went {
    payments: bool,
    others: bool,
}

/// When the next work is due.
pub(super) struct Dues {
    payments: Option<UnixSeconds>,
    others: Option<UnixSeconds>,
    /// Whether there is work that only the alarm finishes. The cron keeps such objects in its directory.
    pub(super) is_open: bool,
}

impl<W: World> Host<W> {
    /// Does all work that is due, and sets the next alarm.
    pub async fn wake(&self) {
        self.armed.forget();
        let went = self.do_what_is_due().await;
        // Failed work stays due at once; the delay keeps the alarm from running in a loop.
        let soonest = |is_well| self.world.now().plus(if is_well { 0 } else { TROUBLE_SECONDS });
        let Ok(Dues { payments, others, .. }) = self.dues() else {
            return self.world.wake_at(soonest(false));
        };
        let payments = payments.map(|due| due.max(soonest(went.payments)));
        let others = others.map(|due| due.max(soonest(went.others)));
        self.armed.set(&self.world, payments.into_iter().chain(others).min());
    }

    async fn do_what_is_due(&self) -> Went {
        if let Err(error) = self.open() {
            let is_open = succeeded(&self.world, "opening the storage", Err(error));
            return Went { payments: is_open, others: is_open };
        }
        if !self.object().is_used() {
            return Went { payments: true, others: true };
        }
        match next_alone(&self.memory.slices, &self.world) {
            Ok(Some(id)) => return self.look_after_one(&id).await,
            Ok(None) => {}
            Err(error) => {
                return Went {
                    payments: succeeded(&self.world, "reading", Err(error)),
                    others: true,
                };
            }
        }
        let now = self.world.now();
        // First, so that the resealed values are published in this alarm.
        let resealed = succeeded(
            &self.world,
            "sealing values anew",
            resealing::reseal_some(&self.object(), &self.resealing),
        );
        // Concurrently, so that a slow endpoint delays only its own work. Mails also without a host: a code is sent
        // before registration.
        let mails = mail::flush(&self.world, now);
        let pace = pace_max(&self.config);
        let records = outbox::flush(&self.world, pace);
        let object = self.object();
        let payments = async {
            // A host that is being restored has no payments yet.
            restoring::restore(&object).await.and(self.look_after_payments().await)
        };
        let (mails, records, payments) = join3(mails, records, payments).await;
        let of_host = |work: fn(&Cx<'_, W>) -> Result<(), SqlError>| {
            object.profile().and_then(|profile| profile.map_or(Ok(()), |it| work(&self.cx(&it))))
        };
        let destroyed = of_host(|cx| destroy_secrets(cx));
        let told = of_host(|cx| events::cancel_mail::tell_some(cx));
        let offered = of_host(|cx| events::waitlist::advance(cx));
        let woken = of_host(|cx| snooze::wake_some(cx));
        let news = of_host(|cx| events::news::send::send_some(cx));
        // Publishes records of deliveries made in this alarm. It runs after the first flush, because two concurrent
        // writes of one key may arrive in any order.
        let new_records = outbox::flush(&self.world, pace).await;
        let listed = tell_market(self).await;
        let restored = backup::publish::publish_some(&self.object());
        let now = self.world.now();
        let others = [
            resealed,
            succeeded(&self.world, "sending mails", mails),
            succeeded(&self.world, "publishing records", records),
            succeeded(&self.world, "publishing what is new", new_records),
            succeeded(&self.world, "destroying secrets", destroyed),
            succeeded(&self.world, "telling guests of a cancellation", told),
            succeeded(&self.world, "telling the marketplace", listed),
            succeeded(&self.world, "offering seats to guests who wait", offered),
            succeeded(&self.world, "telling guests news", news),
            succeeded(&self.world, "forgetting news", events::news::rows::forget(&self.world, now)),
            succeeded(&self.world, "bringing tickets back", woken),
            succeeded(&self.world, "counting", self.memory.asked.write_due(&self.world, now)),
            succeeded(&self.world, "forgetting wallets", wallets::forget(&self.world, now)),
            succeeded(&self.world, "forgetting codes", codes::forget(&self.world, now)),
            succeeded(&self.world, "forgetting sign-outs", epoch::forget(&self.world, now)),
            succeeded(&self.world, "forgetting mails", mail::outbox::forget(&self.world, now)),
            succeeded(&self.world, "publishing what was restored", restored),
            succeeded(&self.world, "forgetting backups", backup::forget_backups(&self.object())),
        ]
        .into_iter()
        .all(|is_well| is_well);
        Went { payments: succeeded(&self.world, "looking after payments", payments), others }
    }

    async fn look_after_payments(&self) -> Result<(), SqlError> {
        match self.object().profile()? {
            Some(profile) => {
                let shop = self.shop(&profile);
                let due = UnixSeconds::has_come(payments::next_due(&self.world)?, self.world.now());
                // After the payments and not beside them, so that no more connections are open at a time.
                look_after_payments(&shop).await.and(look_after_refunds(&shop, !due).await)
            }
            None => Ok(()),
        }
    }

    /// An alarm for one payment only: its search may use all subrequests.
    async fn look_after_one(&self, id: &PaymentId) -> Went {
        let payments = match self.object().profile() {
            Ok(Some(profile)) => {
                let (shop, look) = (self.shop(&profile), Look::whole(&self.world));
                let went = match refunds::is_due(&self.world, id, self.world.now()) {
                    Ok(true) => look_after_refund(&shop, id, &look).await,
                    Ok(false) => {
                        look_after(&shop, id, &look).await;
                        Ok(())
                    }
                    Err(error) => Err(error),
                };
                succeeded(&self.world, "looking after one payment", went)
            }
            Ok(None) => true,
            Err(error) => succeeded(&self.world, "looking after a payment", Err(error)),
        };
        Went { payments, others: true }
    }

    /// Sets the alarm for the next work that is due.
    pub(super) fn rearm(&self) -> Result<Dues, SqlError> {
        let dues = self.dues()?;
        self.armed.set(&self.world, dues.payments.into_iter().chain(dues.others).min());
        Ok(dues)
    }

    fn dues(&self) -> Result<Dues, SqlError> {
        if !self.object().is_used() {
            return Ok(Dues { payments: None, others: None, is_open: false });
        }
        let object = self.object();
        let slice = restoring::next_slice(&object)?;
        let payments = [payments::next_due(&self.world)?, refunds::next_due(&self.world)?, slice];
        let payments = payments.into_iter().flatten().min();
        let outbox = outbox::dues(&self.world, pace_max(&self.config))?;
        let waitlist = events::waitlist::dues(&self.world)?;
        let records = [
            waitlist.offers,
            outbox.next,
            vault::store::next_end(&self.world)?,
            backup::publish::next_unpublished(&object)?,
            resealing::next_reseal(&object, &self.resealing)?,
            refunds::next_untold(&self.world)?,
            match object.profile()? {
                Some(profile) => listing::next_due(&self.world, profile.listed)?,
                None => None,
            },
            events::news::rows::next_due(&self.world)?,
            snooze::next_due(&self.world)?,
        ];
        let records = records.into_iter().flatten().min();
        let mails = mail::outbox::next_due(&self.world)?;
        // Without a host the only mails are codes, which anyone can request.
        let is_open = payments.or(records).is_some()
            || (mails.is_some() && self.object().profile()?.is_some());
        if is_open {
            self.world.note_open();
        }
        let over = [
            waitlist.over,
            codes::next_over(&self.world)?,
            epoch::next_over(&self.world)?,
            outbox.over,
            self.memory.asked.next_write(),
            next_reminder(&self.world)?,
            backup::next_backup_over(&object)?,
        ];
        let over = over.into_iter().flatten().min();
        let others = records.into_iter().chain(mails).chain(over).min();
        Ok(Dues { payments, others, is_open })
    }
}

/// Tells the marketplace what the host sells, if there is a host.
async fn tell_market(host: &Host<impl World>) -> Result<(), SqlError> {
    match host.object().profile()? {
        Some(profile) => listing::tell(&host.shop(&profile)).await,
        None => Ok(()),
    }
}

/// When guests of an event are reminded next, if mail can be sent.
fn next_reminder(world: &impl World) -> Result<Option<UnixSeconds>, SqlError> {
    match world.delivery() {
        Some(_) => events::news::reminders::next_due(world),
        None => Ok(None),
    }
}

/// How long a published total may lag behind the sales, seconds. On a local machine KV writes have no quota.
fn pace_max(config: &Config) -> i64 {
    if config.is_local() { outbox::PACE_SECONDS } else { outbox::PACE_SECONDS_MAX }
}
