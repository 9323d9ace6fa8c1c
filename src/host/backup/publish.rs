//! Records to publish after a restore: those that differ from KV, or all of a host if KV was lost too; and buyers that
//! the index of buyers lacks. The alarm moves some of them to the outbox whenever it is nearly empty.

use crate::base::id::{EventId, RsvpId, ScopeId, SecretId};
use crate::base::time::UnixSeconds;
use crate::host::object::Object;
use crate::ledger::{holders, outbox};
use crate::ports::storage::{all, first};
use crate::ports::{SqlError, World};
use crate::products::events::records::{event_record, publish_seats};
use crate::products::events::store;
use crate::products::vault::manage::publish_secret;
use crate::products::vault::store as secrets;
use crate::sale::cx::Cx;

/// No records are moved while this many wait in the outbox.
const WAITING_MAX: u64 = 50;
/// Records moved at a time.
const AT_ONCE: u32 = 50;

/// When the next records are moved to the outbox, if there are any: at once, or as soon as it has room.
pub fn next_unpublished(object: &Object<'_, impl World>) -> Result<Option<UnixSeconds>, SqlError> {
    let is_due = unpublished(object)? && outbox_has_room(object)?;
    Ok(is_due.then(|| object.world.now()))
}

/// Moves some records to the outbox.
pub fn publish_some(object: &Object<'_, impl World>) -> Result<(), SqlError> {
    let Some(profile) = object.profile()? else { return Ok(()) };
    if !unpublished(object)? || !outbox_has_room(object)? {
        return Ok(());
    }
    let (keys, now) = (&object.config.keys, object.world.now());
    holders::list_some(object.world, keys, &profile.scope, AT_ONCE, now)?;
    let statement = "SELECT kind, id FROM unpublished ORDER BY kind, id LIMIT ?1";
    let some = all(object.world, statement, &[AT_ONCE.into()], |columns| {
        Ok((columns.text()?, columns.text()?))
    })?;
    object.world.atomically(|| {
        for (kind, id) in &some {
            publish_one(object, &profile.scope, kind, id)?;
            let gone = "DELETE FROM unpublished WHERE kind = ?1 AND id = ?2";
            object.world.run(gone, &[kind.as_str().into(), id.as_str().into()])?;
        }
        Ok(())
    })
}

fn publish_one(
    object: &Object<'_, impl World>,
    scope: &ScopeId,
    kind: &str,
    id: &str,
) -> Result<(), SqlError> {
    let cx = Cx { world: object.world, config: object.config, scope };
    let (sql, now) = (object.world, object.world.now());
    let damaged = |_| SqlError(format!("an id of {kind} is damaged"));
    match kind {
        "events" => {
            let found = store::find(sql, &EventId::parse(id).map_err(damaged)?)?;
            found.filter(|(event, _)| !event.is_draft).map_or(Ok(()), |(event, seats)| {
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
            found.map_or(Ok(()), |rsvp| publish_seats(&cx, &rsvp.event_id, &rsvp.payer))
        }
    }
}

fn unpublished(object: &Object<'_, impl World>) -> Result<bool, SqlError> {
    let is_any = first(object.world, "SELECT 1 FROM unpublished LIMIT 1", &[])?.is_some();
    Ok(is_any || holders::is_any_unlisted(object.world)?)
}

fn outbox_has_room(object: &Object<'_, impl World>) -> Result<bool, SqlError> {
    let statement = "SELECT count(*) FROM outbox WHERE value IS NOT NULL";
    let waiting = first(object.world, statement, &[])?;
    Ok(waiting.map_or(Ok(0), |mut columns| columns.count())? < WAITING_MAX)
}
