//! After a rotation of `MASTER_KEY` the vault's values are sealed anew, a few in each wake. Meanwhile all of them open:
//! with the current key or with the previous one ([`crate::products::vault::seal`]).
//!
//! An instance looks once whether there is anything to do, and only while `MASTER_KEY_PREVIOUS` is set. One pass goes
//! through all places in their order. It misses nothing: new values are sealed with the current key, and a value that
//! moves from sale to keeping either is sealed anew already or moves ahead of the pass. A value that opens with neither
//! key stays as it is and is not tried again by this instance.

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

/// Values that are sealed anew in one wake: as many as the wake publishes, so that other records wait for few.
pub const BATCH: u32 = 2 * outbox::BATCH;
/// When a pass begins again in which storage has refused a row, seconds.
const TROUBLE_SECONDS: i64 = 600;

/// How far this instance is.
#[derive(Default)]
pub struct Resealing {
    state: RefCell<State>,
    /// Values of the last pass that open with neither key.
    unopened: Cell<u32>,
}

#[derive(Clone, Debug, Default)]
enum State {
    /// Nobody has looked yet.
    #[default]
    Unseen,
    Pass(Pass),
    /// Storage has refused rows; another pass begins at this time.
    Again(UnixSeconds),
    Done,
}

impl Resealing {
    /// The storage is another one, from a backup: it may hold values of an older key.
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

/// What became of one value.
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

/// When the next values are to be sealed anew, if any are.
pub fn next_reseal(
    object: &Object<'_, impl World>,
    resealing: &Resealing,
) -> Result<Option<UnixSeconds>, SqlError> {
    // Until a host is registered or restored there is no scope to seal for, and nobody has looked.
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

/// Seals some values anew, if that is due. It reads, opens, seals and writes in one turn.
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

/// The published record holds the sealed value, and a host is restored from it.
fn publish_resealed(
    object: &Object<'_, impl World>,
    profile: &Profile,
    id: &SecretId,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let Some(secret) = store::find(object.world, id)? else { return Ok(()) };
    publish_secret_soon(&object.cx(&profile.scope), &secret, now)
}

/// One line for each wake; it names a secret and never its value.
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

/// The answer to the cron, which walks all hosts: whether there is anything left for `MASTER_KEY_PREVIOUS`, also on
/// its way to KV, and how many values are lost.
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

/// How far a pass is after these values.
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
