//! Records that KV does not have as they are since a backup was restored: all of a host's, if KV was lost too. The alarm
//! moves some of them to the outbox whenever few wait there.

use crate::base::id::{EventId, RsvpId, ScopeId, SecretId};
use crate::base::time::UnixSeconds;
use crate::host::Host;
use crate::ledger::outbox;
use crate::ports::storage::{all, first};
use crate::ports::{SqlError, World};
use crate::products::events::manage::event_record;
use crate::products::events::store;
use crate::products::vault::manage::publish_secret;
use crate::products::vault::store as secrets;
use crate::sale::cx::Cx;

/// Records that wait in the outbox, from which on no more are moved there.
const WAITING_MAX: u64 = 50;
/// Records that are moved at a time.
const AT_ONCE: u32 = 50;

impl<W: World> Host<W> {
    /// When more is to be moved to the outbox, if there is any: at once, or when the outbox has room.
    pub(in crate::host) fn next_unpublished(&self) -> Result<Option<UnixSeconds>, SqlError> {
        let is_due = self.unpublished()? && self.outbox_has_room()?;
        Ok(is_due.then(|| self.world.now()))
    }

    /// Moves some to the outbox.
    pub(in crate::host) fn publish_some(&self) -> Result<(), SqlError> {
        let Some(profile) = self.profile()? else { return Ok(()) };
        if !self.outbox_has_room()? {
            return Ok(());
        }
        let statement = "SELECT kind, id FROM unpublished ORDER BY kind, id LIMIT ?1";
        let some = all(&self.world, statement, &[AT_ONCE.into()], |columns| {
            Ok((columns.text()?, columns.text()?))
        })?;
        self.world.atomically(|| {
            for (kind, id) in &some {
                self.publish_one(&profile.scope, kind, id)?;
                let gone = "DELETE FROM unpublished WHERE kind = ?1 AND id = ?2";
                self.world.run(gone, &[kind.as_str().into(), id.as_str().into()])?;
            }
            Ok(())
        })
    }

    fn publish_one(&self, scope: &ScopeId, kind: &str, id: &str) -> Result<(), SqlError> {
        let cx = Cx { world: &self.world, config: &self.config, scope };
        let (sql, now) = (&self.world, self.world.now());
        let damaged = |_| SqlError(format!("an id of {kind} is damaged"));
        match kind {
            "events" => {
                let found = store::find(sql, &EventId::parse(id).map_err(damaged)?)?;
                found.map_or(Ok(()), |(event, seats)| {
                    let (key, record) = event_record(scope, &event, seats, now);
                    outbox::put(sql, &key, &record, now)
                })
            }
            "secrets" => {
                let found = secrets::find(sql, &SecretId::parse(id).map_err(damaged)?)?;
                found.map_or(Ok(()), |secret| publish_secret(&cx, &secret, now))
            }
            _ => {
                let found = store::rsvp(sql, &RsvpId::parse(id).map_err(damaged)?)?;
                found.map_or(Ok(()), |rsvp| {
                    let key = format!("{scope}:rsvps:{}:{}", rsvp.event_id, rsvp.payer);
                    outbox::put(sql, &key, &rsvp.record(), now)
                })
            }
        }
    }

    fn unpublished(&self) -> Result<bool, SqlError> {
        Ok(first(&self.world, "SELECT 1 FROM unpublished LIMIT 1", &[])?.is_some())
    }

    fn outbox_has_room(&self) -> Result<bool, SqlError> {
        let statement = "SELECT count(*) FROM outbox WHERE value IS NOT NULL";
        let waiting = first(&self.world, statement, &[])?;
        Ok(waiting.map_or(Ok(0), |mut columns| columns.count())? < WAITING_MAX)
    }
}
