//! What the alarm does: it looks after open purchases, each on its own, and never fails.

use futures_util::future::join_all;

use crate::base::id::PurchaseId;
use crate::base::time::UnixSeconds;
use crate::chain::networks::Network;
use crate::chain::transfers::{Use, Window};
use crate::guest::purchases::{self, Purchase, State, open};
use crate::guest::{Guest, GuestWorld, Trouble, kept};
use crate::ports::metered::Metered;
use crate::ports::storage;
use crate::ports::{Level, SqlError};
use crate::rails::x402::payer::VALID_SECONDS_MAX;

/// When an open purchase is looked after again, seconds, doubled each time, and at the longest.
const AGAIN_SECONDS: i64 = 3;
const AGAIN_SECONDS_MAX: i64 = 3_600;
/// When a row that cannot be read is tried again, seconds.
const DAMAGED_SECONDS: i64 = 3_600;
/// When everything is tried again because storage fails, or this instance has ended on the way, seconds.
const AT_ONCE_SECONDS: i64 = 60;
/// When those purchases are looked after that this wake had no time for, seconds.
const NEXT_SLICE_SECONDS: i64 = 1;
/// Requests to its chain that a look at a purchase may make beside two others. Its server is asked with up to seven.
const SHARE_REQUESTS: u32 = 8;
/// The same of one that has a wake to itself, since it was looked at so many times in vain.
const ALONE_REQUESTS: u32 = 40;
const ALONE_ATTEMPTS: u32 = 7;
/// How far the clock of a chain may be behind ours, seconds.
const CHAIN_LAG_SECONDS: i64 = 60;

/// What the chain says of a payment.
enum OnChain {
    /// It moved its money, in this transaction.
    Paid(&'static Network, String),
    /// It did not move its money, for this reason, and cannot any more.
    Void(&'static str),
    /// Neither is sure.
    Unclear,
}

impl<W: GuestWorld> Guest<W> {
    /// Does what is due. It never fails: what goes wrong is logged, stops nothing else, and is tried again.
    pub async fn wake(&self) {
        match self.open_if_used() {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return self.wake_again(&error),
        }
        match self.take_due() {
            // Beside each other, so that none waits for the server of another.
            Ok(due) => drop(join_all(due.iter().map(|one| self.look_after_one(one))).await),
            // What is due stays due: looking for it at once would go round for ever.
            Err(error) => return self.wake_again(&error),
        }
        self.went("telling what was bought", self.tell_untold());
        self.rearm();
    }

    /// Sets the alarm for everything that is due; whether a purchase is open. So the cron asks
    /// ([`crate::directory`]).
    ///
    /// # Errors
    /// [`SqlError`] if SQLite refuses.
    pub fn sweep(&self) -> Result<bool, SqlError> {
        if !self.open_if_used()? {
            return Ok(false);
        }
        self.rearm();
        Ok(open::count(&self.world)? > 0)
    }

    /// Sets the alarm for what is due next, and notes it if a purchase is open.
    pub(super) fn rearm(&self) {
        let mut dues = Vec::new();
        for due in [open::next_due(&self.world), self.next_end()] {
            match due {
                Ok(due) => dues.extend(due),
                Err(error) => self.wake_again(&error),
            }
        }
        if let Some(next) = dues.into_iter().min() {
            self.world.wake_at(next);
        }
        if open::count(&self.world).is_ok_and(|open| open > 0) {
            self.world.note_open();
        }
    }

    /// Opens the storage, unless it was never used; whether it was.
    fn open_if_used(&self) -> Result<bool, SqlError> {
        if !self.migrated.get() && !storage::is_used(&self.world)? {
            return Ok(false);
        }
        self.migrate()?;
        Ok(true)
    }

    fn wake_again(&self, error: &SqlError) {
        self.world.line(Level::Error, "a guest's storage fails", &[("why", &error.to_string())]);
        self.world.wake_at(self.world.now().plus(AT_ONCE_SECONDS));
    }

    fn went(&self, what: &str, done: Result<(), SqlError>) {
        if let Err(error) = done {
            self.world.line(Level::Error, what, &[("why", &error.to_string())]);
        }
    }

    /// The purchases that are to be looked after now. All are put off before any is looked after, so that this
    /// instance may end at any moment. A row that cannot be read is put off, too, and stops no other.
    fn take_due(&self) -> Result<Vec<Purchase>, SqlError> {
        let now = self.world.now();
        let mut taken = Vec::new();
        for id in open::due(&self.world, now)? {
            let found = purchases::find_stored(&self.world, &id);
            if let Ok(Some(purchase)) = &found
                && needs_a_wake(purchase)
                && !taken.is_empty()
            {
                break;
            }
            let wait = match &found {
                Ok(found) => found.as_ref().map_or(0, |purchase| again_after(purchase.attempts)),
                Err(_) => DAMAGED_SECONDS,
            };
            let next = now.plus(wait);
            // In one turn. Without the row there is no alarm so soon: it would find the same again.
            open::count_attempt(&self.world, &id, next)?;
            self.world.wake_at(next);
            match found {
                Ok(found) => taken.extend(found),
                Err(error) => self.not_looked_after(&id, &error),
            }
            if taken.last().is_some_and(needs_a_wake) {
                break;
            }
        }
        // Others wait for the next slice.
        if open::next_due(&self.world)?.is_some_and(|due| due <= now) {
            self.world.wake_at(now.plus(NEXT_SLICE_SECONDS));
        }
        Ok(taken)
    }

    /// Looks after one purchase; whatever goes wrong there is logged, and goes no further.
    async fn look_after_one(&self, purchase: &Purchase) {
        match self.look_after(purchase).await {
            Ok(()) | Err(Trouble::Said(_)) => {}
            Err(Trouble::Storage(error)) => self.not_looked_after(purchase.id.as_str(), &error),
        }
    }

    fn not_looked_after(&self, id: &str, error: &SqlError) {
        let fields = [("why", &*error.to_string()), ("purchase", id)];
        self.world.line(Level::Error, "a purchase cannot be looked after", &fields);
    }

    /// Asks the chain what became of the money, and the server for the result, as far as either is outstanding.
    async fn look_after(&self, purchase: &Purchase) -> Result<(), Trouble> {
        if !purchase.is_open() {
            return Ok(open::leave(&self.world, &purchase.id)?);
        }
        if purchase.state == State::Signing {
            // We died while a wallet was asked, or its person never answered; nothing has left.
            let text = "it was not signed in time; call the tool again";
            return self.give_up(purchase, "not_signed", text).await;
        }
        if purchase.state != State::Paid {
            match self.ask_chain(purchase).await {
                OnChain::Void(why) => return self.is_void(purchase, why).await,
                OnChain::Paid(network, hash) => self.paid(purchase, network, &hash).await?,
                OnChain::Unclear => {}
            }
        }
        self.ask_again(&purchase.id, &purchase.door).await
    }

    /// Asks the server once, unless it is being asked.
    async fn ask_again(&self, id: &PurchaseId, door: &str) -> Result<(), Trouble> {
        let asked = {
            let turn = self.turn_at(door);
            let Some(_turn) = turn.try_lock() else { return Ok(()) };
            self.ask_server(id).await?
        };
        match asked {
            Some((purchase, reply)) => self.answered(&purchase, reply).await,
            None => Ok(()),
        }
    }

    /// No money moved, and none can any more.
    async fn is_void(&self, purchase: &Purchase, why: &'static str) -> Result<(), Trouble> {
        if !self.move_on(&purchase.id, State::Failed, why, None)? {
            return Ok(());
        }
        self.step("payment", why);
        self.tell(&self.history_message()?);
        let now = purchases::find(&self.world, &purchase.id)?;
        // Whoever was told that it is unknown, or has the result, does not wait for the call.
        if now.is_some_and(|now| !now.warned && !now.shown) {
            self.fail(purchase, "ran_out", why, "no").await?;
        }
        Ok(self.release(purchase).await?)
    }

    /// What the chain says of a payment whose outcome is not known.
    async fn ask_chain(&self, purchase: &Purchase) -> OnChain {
        let (Some(network), Some(authorization), Some(rpc)) = (
            Network::by_caip2(&purchase.network),
            purchase.authorization.as_ref(),
            self.rpc_of(&purchase.network),
        ) else {
            return OnChain::Unclear;
        };
        let end = i64::try_from(authorization.valid_before).unwrap_or(i64::MAX);
        let end = UnixSeconds::new(end).plus(CHAIN_LAG_SECONDS);
        let requests = if needs_a_wake(purchase) { ALONE_REQUESTS } else { SHARE_REQUESTS };
        let chain = Metered::new(&self.world, requests);
        // The time is read first: unused at a block after the end means unused for good.
        let Ok(head) = rpc.head_time(&chain).await else { return OnChain::Unclear };
        let (from, nonce) = (authorization.from, authorization.nonce);
        // It was made when it was confirmed, which may be long after it was asked for.
        let made = end.plus(-CHAIN_LAG_SECONDS - i64::from(VALID_SECONDS_MAX));
        let window = Window { unused_at: None, created_at: purchase.created_at.max(made) };
        match rpc.authorization_used(&chain, network, from, nonce).await {
            Ok(true) => match rpc.find_transfer(&chain, network, authorization, &window).await {
                Ok(Use::Moved(hash, _)) => OnChain::Paid(network, hash.to_string()),
                Ok(Use::Elsewhere) if head > end => OnChain::Void(
                    "the wallet used or cancelled this payment otherwise; it moved no money",
                ),
                Ok(Use::Elsewhere | Use::NotFound | Use::Unsearched) | Err(_) => OnChain::Unclear,
            },
            Ok(false) if head > end => OnChain::Void("the payment ran out unused; no money moved"),
            Ok(false) | Err(_) => OnChain::Unclear,
        }
    }

    /// Tells what was kept while an instance ended before it could tell it.
    fn tell_untold(&self) -> Result<(), SqlError> {
        for (purchase, message) in kept::untold(&self.world)? {
            if !self.held.borrow().contains(&purchase) {
                self.hand_over(&purchase, &message)?;
            }
        }
        Ok(())
    }
}

/// Whether nothing else is looked after beside a purchase: its use may lie far back, and take many requests.
const fn needs_a_wake(purchase: &Purchase) -> bool {
    purchase.attempts >= ALONE_ATTEMPTS
}

/// How long an open purchase is left alone that was looked after so many times, seconds.
fn again_after(attempts: u32) -> i64 {
    AGAIN_SECONDS.saturating_mul(2_i64.saturating_pow(attempts.min(20))).min(AGAIN_SECONDS_MAX)
}
