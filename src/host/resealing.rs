//! Seals the vault's values anew after a rotation of `MASTER_KEY`, a few in each alarm. Meanwhile every value opens
//! with the current key or with the previous one ([`crate::products::vault::seal`]).
//!
//! An instance checks once whether there are values to seal, and only while `MASTER_KEY_PREVIOUS` is set. One pass
//! goes through both tables in the order of their keys. It misses no value: new values are sealed with the current
//! key, and a value that moves to the second table is either sealed already or moves ahead of the pass. A value that
//! opens with neither key is left unchanged, and this instance does not try it again.

use std::cell::{Cell, RefCell};

use serde_json::json;

use crate::base::http::Reply;
use crate::base::id::SecretId;
use crate::base::time::UnixSeconds;
use crate::host::object::Object;
use crate::ledger::outbox;
use crate::ports::{Level, SqlError, World};
use crate::products::vault::manage::publish_secret_soon;
use crate::products::vault::reseal::{self, Place, Sealed, Table};
use crate::products::vault::seal::{self, current_prefix};
use crate::products::vault::store;
use crate::rails::outcome::Failure;
use crate::shop::profile::Profile;

/// Values sealed in one alarm: as many as the alarm publishes, so that other records do not wait long.
pub const BATCH: u32 = 2 * outbox::BATCH;
/// When a pass is repeated in which SQLite refused a row, seconds.
const TROUBLE_SECONDS: i64 = 600;

/// The progress of this instance.
#[derive(Default)]
pub struct Resealing {
    state: RefCell<State>,
    /// Values of the last pass that opened with neither key.
    unopened: Cell<u32>,
}

#[derive(Clone, Debug, Default)]
enum State {
    /// The tables are not searched yet.
    #[default]
    Unseen,
    Pass(Pass),
    /// SQLite refused rows; another pass begins at this time.
    Again(UnixSeconds),
    Done,
}

impl Resealing {
    /// Checks again, because the storage was replaced by a backup, which may hold values of an older key.
    pub(super) fn look_again(&self) {
        *self.state.borrow_mut() = State::Unseen;
    }
}

#[derive(Clone, Debug)]
struct Pass {
    table: Table,
    after: Place,
    is_troubled: bool,
}

/// The outcome for one value.
enum Came {
    Sealed,
    NotOpened,
    Refused(SqlError),
}

impl Pass {
    fn begin() -> Self {
        Self { table: Table::OnSale, after: Place::default(), is_troubled: false }
    }
}

/// When the next values are to be sealed, if there are any.
pub fn next_reseal(
    object: &Object<'_, impl World>,
    resealing: &Resealing,
) -> Result<Option<UnixSeconds>, SqlError> {
    // Without a registered host there is no scope to seal for.
    if object.config.keys.previous_key_id().is_none() || object.profile()?.is_none() {
        return Ok(None);
    }
    let mut state = resealing.state.borrow_mut();
    if matches!(*state, State::Unseen) {
        let is_any = reseal::is_any(object.world, &current_prefix(&object.config.keys))?;
        *state = if is_any { State::Pass(Pass::begin()) } else { State::Done };
    }
    Ok(match *state {
        State::Pass(_) => Some(object.world.now()),
        State::Again(at) => Some(at),
        State::Unseen | State::Done => None,
    })
}

/// Seals some values anew if that is due, without awaiting in between.
pub fn reseal_some(object: &Object<'_, impl World>, resealing: &Resealing) -> Result<(), SqlError> {
    let now = object.world.now();
    if next_reseal(object, resealing)?.is_none_or(|at| at > now) {
        return Ok(());
    }
    let Some(profile) = object.profile()? else { return Ok(()) };
    let mut pass = match &*resealing.state.borrow() {
        State::Pass(pass) => pass.clone(),
        State::Unseen | State::Again(_) | State::Done => Pass::begin(),
    };
    if pass.table == Table::OnSale && pass.after == Place::default() {
        resealing.unopened.set(0);
    }
    let prefix = current_prefix(&object.config.keys);
    let found = reseal::next(object.world, pass.table, &prefix, &pass.after, BATCH)?;
    let mut not_opened = Vec::new();
    for value in &found {
        match reseal(object, &profile, pass.table, value) {
            Came::Sealed => {}
            Came::NotOpened => not_opened.push(value.id.as_str()),
            Came::Refused(error) => {
                pass.is_troubled = true;
                let fields = [("secret", value.id.as_str()), ("why", &error.0)];
                object.world.line(Level::Error, "a value cannot be sealed anew", &fields);
            }
        }
    }
    tell_unopened(object, resealing, &not_opened);
    *resealing.state.borrow_mut() = next_state(pass, &found, now);
    Ok(())
}

fn reseal(
    object: &Object<'_, impl World>,
    profile: &Profile,
    table: Table,
    value: &Sealed,
) -> Came {
    let (keys, now) = (&object.config.keys, object.world.now());
    let place = SecretId::parse(&value.id).ok().zip(u32::try_from(value.version).ok());
    let Some((id, version)) = place else { return Came::NotOpened };
    let place = seal::Place { scope: &profile.scope, id: &id, version };
    let sealed = seal::open(keys, place, &value.sealed)
        .and_then(|plain| seal::seal(keys, place, &plain, object.world));
    let Ok(sealed) = sealed else { return Came::NotOpened };
    let written = object.world.atomically(|| {
        reseal::replace(object.world, table, value, &sealed)?;
        match table {
            Table::OnSale => publish_resealed(object, profile, &id, now),
            Table::Kept => Ok(()),
        }
    });
    written.map_or_else(Came::Refused, |()| Came::Sealed)
}

/// Publishes the newly sealed value: the record in KV contains it, and a host can be rebuilt from KV.
fn publish_resealed(
    object: &Object<'_, impl World>,
    profile: &Profile,
    id: &SecretId,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let Some(secret) = store::find(object.world, id)? else { return Ok(()) };
    publish_secret_soon(&object.cx(&profile.scope), &secret, now)
}

/// Logs one line per alarm. The line names a secret, never its value.
fn tell_unopened(object: &Object<'_, impl World>, resealing: &Resealing, ids: &[&str]) {
    let Some(first) = ids.first() else { return };
    let unopened = &resealing.unopened;
    let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    unopened.set(unopened.get().saturating_add(count));
    let count = count.to_string();
    let fields = [("values", count.as_str()), ("first", first)];
    let what = "sealed values open neither with MASTER_KEY nor with MASTER_KEY_PREVIOUS";
    object.world.line(Level::Error, what, &fields);
}

/// The answer to the cron, which asks all hosts: whether `MASTER_KEY_PREVIOUS` is still needed, also for records in
/// the outbox, and how many values cannot be opened.
pub fn resealed(
    object: &Object<'_, impl World>,
    resealing: &Resealing,
    profile: &Profile,
) -> Result<Reply, Failure> {
    let is_due = next_reseal(object, resealing)?.is_some();
    let records = format!("{}:secrets:", profile.scope);
    let is_open = is_due || outbox::is_behind(object.world, &records)?;
    let answer = json!({"is_open": is_open, "unopened": resealing.unopened.get()});
    Ok(Reply::json(200, answer.to_string()))
}

/// The state after these values.
fn next_state(mut pass: Pass, found: &[Sealed], now: UnixSeconds) -> State {
    let is_full = u32::try_from(found.len()).is_ok_and(|count| count >= BATCH);
    if let Some(last) = found.last().filter(|_| is_full) {
        pass.after = Place { id: last.id.clone(), version: last.version };
        return State::Pass(pass);
    }
    match pass.table {
        Table::OnSale => {
            pass.table = Table::Kept;
            pass.after = Place::default();
            State::Pass(pass)
        }
        Table::Kept if pass.is_troubled => State::Again(now.plus(TROUBLE_SECONDS)),
        Table::Kept => State::Done,
    }
}
