//! The alarm: it looks after open purchases, each on its own, and never fails.

use futures_util::future::join_all;

use crate::guest::cx::{Cx, GuestWorld, Trouble};
use crate::guest::purchase::machine::{Event, again_after, needs_an_alarm};
use crate::guest::purchase::model::Purchase;
use crate::guest::purchase::{run, store};
use crate::guest::withdrawal::{run as withdrawal, store as withdrawals};
use crate::guest::{outbox, owner, session};
use crate::ports::{Level, SqlError, storage};

/// When a row that cannot be read is tried again, seconds.
const DAMAGED_SECONDS: i64 = 3_600;
/// When everything is tried again because storage fails, or this instance has ended on the way, seconds.
const AT_ONCE_SECONDS: i64 = 60;
/// When those purchases are looked after that this alarm had no time for, seconds.
const NEXT_SLICE_SECONDS: i64 = 1;

/// Does what is due. It never fails: what goes wrong is logged, stops nothing else, and is tried again.
pub(super) async fn wake<W: GuestWorld>(cx: &Cx<W>) {
    match open_if_used(cx) {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => return wake_again(cx, &error),
    }
    // One of them at most, and nothing beside it: an alarm has a limited number of requests.
    match withdrawal::look_after(cx).await {
        Ok(false) => {}
        Ok(true) => return rearm(cx),
        Err(error) => return wake_again(cx, &error),
    }
    match take_due(cx) {
        // Beside each other, so that none waits for the server of another.
        Ok(due) => drop(join_all(due.iter().map(|one| look_after(cx, one))).await),
        // What is due stays due: looking for it at once would go round for ever.
        Err(error) => return wake_again(cx, &error),
    }
    went(cx, "telling what was bought", tell_untold(cx));
    rearm(cx);
}

/// Sets the alarm for everything that is due; whether a purchase is open.
pub(super) fn sweep<W: GuestWorld>(cx: &Cx<W>) -> Result<bool, SqlError> {
    if !open_if_used(cx)? {
        return Ok(false);
    }
    rearm(cx);
    Ok(count_open(cx)? > 0)
}

/// Sets the alarm for what is due next, and notes it if a purchase is open.
pub(super) fn rearm<W: GuestWorld>(cx: &Cx<W>) {
    let mut dues = Vec::new();
    for due in [store::next_due(&cx.world), withdrawals::next_due(&cx.world), owner::next_end(cx)] {
        match due {
            Ok(due) => dues.extend(due),
            Err(error) => wake_again(cx, &error),
        }
    }
    if let Some(next) = dues.into_iter().min() {
        cx.world.wake_at(next);
    }
    if count_open(cx).is_ok_and(|open| open > 0) {
        cx.world.note_open();
    }
}

/// Purchases and withdrawals that are open.
fn count_open<W: GuestWorld>(cx: &Cx<W>) -> Result<u64, SqlError> {
    let purchases = store::count_open(&cx.world)?;
    Ok(purchases.saturating_add(withdrawals::count_open(&cx.world)?))
}

/// Opens the storage, unless it was never used; whether it was.
pub(super) fn open_if_used<W: GuestWorld>(cx: &Cx<W>) -> Result<bool, SqlError> {
    if !cx.migrated.get() && !storage::is_used(&cx.world)? {
        return Ok(false);
    }
    open(cx)?;
    Ok(true)
}

fn wake_again<W: GuestWorld>(cx: &Cx<W>, error: &SqlError) {
    cx.world.line(Level::Error, "a guest's storage fails", &[("why", &error.to_string())]);
    cx.world.wake_at(cx.world.now().plus(AT_ONCE_SECONDS));
}

fn went<W: GuestWorld>(cx: &Cx<W>, what: &str, done: Result<(), SqlError>) {
    if let Err(error) = done {
        cx.world.line(Level::Error, what, &[("why", &error.to_string())]);
    }
}

/// The purchases that are to be looked after now. All are put off before any is looked after, so that this
/// instance may end at any moment. A row that cannot be read is put off, too, and stops no other.
fn take_due<W: GuestWorld>(cx: &Cx<W>) -> Result<Vec<Purchase>, SqlError> {
    let now = cx.world.now();
    let mut taken = Vec::new();
    for id in store::due(&cx.world, now)? {
        let found = store::find_stored(&cx.world, &id);
        if let Ok(Some(purchase)) = &found
            && needs_an_alarm(purchase)
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
        store::count_attempt(&cx.world, &id, next)?;
        cx.world.wake_at(next);
        match found {
            Ok(found) => taken.extend(found),
            Err(error) => not_looked_after(cx, &id, &error),
        }
        if taken.last().is_some_and(needs_an_alarm) {
            break;
        }
    }
    // The alarm has gone off. What waits for the next slice, or is due soon, needs one before anything is awaited.
    if let Some(due) = store::next_due(&cx.world)? {
        cx.world.wake_at(due.max(now.plus(NEXT_SLICE_SECONDS)));
    }
    Ok(taken)
}

/// Looks after one purchase; a failure is logged, and goes no further.
async fn look_after<W: GuestWorld>(cx: &Cx<W>, purchase: &Purchase) {
    match run::feed(cx, &purchase.id, Event::Due).await {
        Ok(()) | Err(Trouble::Said(_)) => {}
        Err(Trouble::Storage(error)) => not_looked_after(cx, purchase.id.as_str(), &error),
    }
}

fn not_looked_after<W: GuestWorld>(cx: &Cx<W>, id: &str, error: &SqlError) {
    let fields = [("why", &*error.to_string()), ("purchase", id)];
    cx.world.line(Level::Error, "a purchase cannot be looked after", &fields);
}

/// Tells what was kept while an instance ended before it could tell it.
fn tell_untold<W: GuestWorld>(cx: &Cx<W>) -> Result<(), SqlError> {
    for (purchase, message) in outbox::untold(&cx.world)? {
        if !cx.held.borrow().contains(&purchase) {
            run::hand_over(cx, &purchase, &message)?;
        }
    }
    Ok(())
}

/// Opens the storage of an instance.
pub(super) fn open<W: GuestWorld>(cx: &Cx<W>) -> Result<(), SqlError> {
    if !cx.migrated.get() {
        storage::migrate(&cx.world, session::MIGRATIONS, cx.world.now())?;
        // An object has one instance at a time, so nothing of an earlier one is still under way.
        store::take_over(&cx.world, cx.world.now())?;
        withdrawals::hurry(&cx.world, cx.world.now())?;
        cx.migrated.set(true);
        rearm(cx);
    }
    Ok(())
}

/// Looks after everything that is open, now.
pub(super) fn hurry<W: GuestWorld>(cx: &Cx<W>) -> Result<(), SqlError> {
    let now = cx.world.now();
    if count_open(cx)? > 0 {
        cx.world.wake_at(now);
        store::hurry(&cx.world, now)?;
        withdrawals::hurry(&cx.world, now)?;
    }
    rearm(cx);
    Ok(())
}
