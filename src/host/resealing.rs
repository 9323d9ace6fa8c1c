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
use crate::host::Host;
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
pub(super) struct Resealing {
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

impl<W: World> Host<W> {
    /// When the next values are to be sealed anew, if any are.
    pub(super) fn next_reseal(&self) -> Result<Option<UnixSeconds>, SqlError> {
        // Until a host is registered or restored there is no scope to seal for, and nobody has looked.
        if self.config.keys.previous_key_id().is_none() || self.profile()?.is_none() {
            return Ok(None);
        }
        let mut state = self.resealing.state.borrow_mut();
        if matches!(*state, State::Unseen) {
            let is_any = reseal::is_any(&self.world, &current_prefix(&self.config.keys))?;
            *state = if is_any { State::Pass(Pass::begin()) } else { State::Done };
        }
        Ok(match *state {
            State::Pass(_) => Some(self.world.now()),
            State::Again(at) => Some(at),
            State::Unseen | State::Done => None,
        })
    }

    /// Seals some values anew, if that is due. It reads, opens, seals and writes in one turn.
    pub(super) fn reseal_some(&self) -> Result<(), SqlError> {
        let now = self.world.now();
        if self.next_reseal()?.is_none_or(|at| at > now) {
            return Ok(());
        }
        let Some(profile) = self.profile()? else { return Ok(()) };
        let mut pass = match &*self.resealing.state.borrow() {
            State::Pass(pass) => pass.clone(),
            State::Unseen | State::Again(_) | State::Done => Pass::begin(),
        };
        if pass.table == Table::OnSale && pass.after == Place::default() {
            self.resealing.unopened.set(0);
        }
        let prefix = current_prefix(&self.config.keys);
        let found = reseal::next(&self.world, pass.table, &prefix, &pass.after, BATCH)?;
        let mut not_opened = Vec::new();
        for value in &found {
            match self.reseal(&profile, pass.table, value) {
                Came::Sealed => {}
                Came::NotOpened => not_opened.push(value.id.as_str()),
                Came::Refused(error) => {
                    pass.is_troubled = true;
                    let fields = [("secret", value.id.as_str()), ("why", &error.0)];
                    self.world.line(Level::Error, "a value cannot be sealed anew", &fields);
                }
            }
        }
        self.tell_unopened(&not_opened);
        *self.resealing.state.borrow_mut() = next_state(pass, &found, now);
        Ok(())
    }

    fn reseal(&self, profile: &Profile, table: Table, value: &Sealed) -> Came {
        let (keys, now) = (&self.config.keys, self.world.now());
        let place = SecretId::parse(&value.id).ok().zip(u32::try_from(value.version).ok());
        let Some((id, version)) = place else { return Came::NotOpened };
        let place = seal::Place { scope: &profile.scope, id: &id, version };
        let sealed = seal::open(keys, place, &value.sealed)
            .and_then(|plain| seal::seal(keys, place, &plain, &self.world));
        let Ok(sealed) = sealed else { return Came::NotOpened };
        let written = self.world.atomically(|| {
            reseal::replace(&self.world, table, value, &sealed)?;
            match table {
                Table::OnSale => self.publish_resealed(profile, &id, now),
                Table::Kept => Ok(()),
            }
        });
        written.map_or_else(Came::Refused, |()| Came::Sealed)
    }

    /// The published record holds the sealed value, and a host is restored from it.
    fn publish_resealed(
        &self,
        profile: &Profile,
        id: &SecretId,
        now: UnixSeconds,
    ) -> Result<(), SqlError> {
        let Some(secret) = store::find(&self.world, id)? else { return Ok(()) };
        publish_secret_soon(&self.cx(profile), &secret, now)
    }

    /// One line for each wake; it names a secret and never its value.
    fn tell_unopened(&self, ids: &[&str]) {
        let Some(first) = ids.first() else { return };
        let unopened = &self.resealing.unopened;
        let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        unopened.set(unopened.get().saturating_add(count));
        let count = count.to_string();
        let fields = [("values", count.as_str()), ("first", first)];
        let what = "sealed values open neither with MASTER_KEY nor with MASTER_KEY_PREVIOUS";
        self.world.line(Level::Error, what, &fields);
    }

    /// The answer to the cron, which walks all hosts: whether there is anything left for `MASTER_KEY_PREVIOUS`, also on
    /// its way to KV, and how many values are lost.
    pub(super) fn resealed(&self, profile: &Profile) -> Result<Reply, Failure> {
        let is_due = self.next_reseal()?.is_some();
        let records = format!("{}:secrets:", profile.scope);
        let is_open = is_due || outbox::is_behind(&self.world, &records)?;
        let answer = json!({"is_open": is_open, "unopened": self.resealing.unopened.get()});
        Ok(Reply::json(200, answer.to_string()))
    }
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
