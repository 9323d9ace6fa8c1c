//! Restores a host with many published records in slices, one per alarm: an invocation of a Worker may make 50
//! subrequests and, on the free plan, use 10 ms of CPU.
//!
//! The steps: list all keys; read and check each record; insert the records; insert the profile and the remaining
//! revenue. Until then there is no host: calls are answered "being restored" (503), and registration is refused. Each
//! slice is one transaction, so a crash repeats at most one slice. A record is checked against its key, so two
//! records cannot conflict when they are inserted.

use std::cell::Cell;

use futures_util::future::join_all;

use crate::base::backoff::doubled;
use crate::base::id::ScopeId;
use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::host::object::Object;
use crate::host::records::{self, Kind, being_restored};
use crate::ledger::payments;
use crate::ports::storage::{all, first};
use crate::ports::{Kv, KvError, Level, SqlError, World, within};
use crate::rails::outcome::Failure;
use crate::shop::profile::Profile;

/// Records read in one slice. Each is a subrequest; mails need some of the 50, too.
pub const READS: u32 = 24;
/// Records that are read concurrently from KV.
const LANES: usize = 3;
/// Records inserted in one slice.
const WRITES: u32 = 50;
/// The first delay before a failed slice is retried, seconds. It doubles each time up to `AGAIN_SECONDS_MAX`.
const AGAIN_SECONDS: i64 = 10;
const AGAIN_SECONDS_MAX: i64 = 600;

/// The progress of a restoration.
struct State {
    scope: ScopeId,
    listing: Option<Kind>,
    cursor: Option<String>,
    failures: u64,
}

/// Why a slice was not restored.
enum Trouble {
    /// KV, or a record in it, with a text for our log.
    Kv(String),
    Storage(SqlError),
}

impl From<SqlError> for Trouble {
    fn from(error: SqlError) -> Self {
        Self::Storage(error)
    }
}

/// Schedules the restoration of this scope's host; the alarm carries it out.
pub fn begin_to_restore(
    object: &Object<'_, impl World>,
    scope: &ScopeId,
) -> Result<Failure, SqlError> {
    let now = object.world.now();
    object.world.wake_at(now);
    object.world.note_open();
    object.create_storage()?;
    let statement = "INSERT OR IGNORE INTO restoring (id, scope, listing, next_at) \
         VALUES (1, ?1, 'events', ?2)";
    object.world.run(statement, &[scope.as_str().into(), now.into()])?;
    object.world.line(
        Level::Warn,
        "a host is being restored from KV",
        &[("scope", scope.as_str())],
    );
    Ok(being_restored())
}

/// Whether the host is being restored.
pub fn is_being_restored(object: &Object<'_, impl World>) -> Result<bool, SqlError> {
    Ok(next_slice(object)?.is_some())
}

/// When the next slice is due, if one is.
pub fn next_slice(object: &Object<'_, impl World>) -> Result<Option<UnixSeconds>, SqlError> {
    if !object.is_used() {
        return Ok(None);
    }
    let found = first(object.world, "SELECT next_at FROM restoring", &[])?;
    found.map(|mut columns| columns.moment()).transpose()
}

/// Executes one slice if one is due.
pub async fn restore(object: &Object<'_, impl World>) -> Result<(), SqlError> {
    let Some(state) = restoring(object)? else { return Ok(()) };
    let (now, failures) = (object.world.now(), state.failures);
    if next_slice(object)?.is_some_and(|at| at > now) {
        return Ok(());
    }
    let next = match restore_some(object, state).await {
        Ok(()) => return Ok(()),
        Err(Trouble::Storage(error)) => return Err(error),
        Err(Trouble::Kv(why)) => {
            object.world.line(Level::Error, "a host cannot be restored now", &[("why", &why)]);
            let failures = u32::try_from(failures).unwrap_or(u32::MAX);
            doubled(AGAIN_SECONDS, failures, AGAIN_SECONDS_MAX)
        }
    };
    let statement = "UPDATE restoring SET failures = failures + 1, next_at = ?1";
    object.world.run(statement, &[object.world.now().plus(next).into()]).map(drop)
}

async fn restore_some(object: &Object<'_, impl World>, state: State) -> Result<(), Trouble> {
    if let Some(kind) = state.listing {
        return list_some(object, &state.scope, kind, state.cursor.as_deref()).await;
    }
    let unread =
        "SELECT key, kind FROM restoring_records WHERE value IS NULL ORDER BY key LIMIT ?1";
    let unread = all(object.world, unread, &[READS.into()], |columns| {
        Ok((columns.text()?, columns.parsed(Kind::parse)?))
    })?;
    if !unread.is_empty() {
        return read_some(object, &state.scope, &unread).await;
    }
    if write_some(object, &state.scope)? {
        return Ok(());
    }
    finish(object, &state.scope).await
}

/// Stores one page of keys.
async fn list_some(
    object: &Object<'_, impl World>,
    scope: &ScopeId,
    kind: Kind,
    cursor: Option<&str>,
) -> Result<(), Trouble> {
    let prefix = records::prefix(scope, kind);
    let list = Kv::list(object.world, &prefix, cursor);
    let page = within(object.world, records::READ_MILLIS, list).await;
    let page = page.ok_or_else(|| Trouble::Kv(records::NO_ANSWER.to_owned()))?;
    let (keys, next) = page.map_err(|KvError(what)| Trouble::Kv(what))?;
    let listing = if next.is_some() { Some(kind) } else { kind.next() };
    object.world.atomically(|| {
        for key in &keys {
            let statement = "INSERT OR IGNORE INTO restoring_records (key, kind) VALUES (?1, ?2)";
            object.world.run(statement, &[key.as_str().into(), kind.name().into()])?;
        }
        let statement = "UPDATE restoring SET listing = ?1, cursor = ?2, failures = 0";
        let cursor = next.as_deref().into();
        object.world.run(statement, &[listing.map(Kind::name).into(), cursor]).map(drop)
    })?;
    Ok(())
}

/// Reads records and validates them.
async fn read_some(
    object: &Object<'_, impl World>,
    scope: &ScopeId,
    unread: &[(String, Kind)],
) -> Result<(), Trouble> {
    let next = Cell::new(0_usize);
    let lanes = (0..LANES).map(|_| async {
        let mut read = Vec::new();
        while let Some((key, kind)) = unread.get(next.get()) {
            next.set(next.get().saturating_add(1));
            let value = records::kv_get(object, key).await?;
            if let Some(value) = &value {
                records::check(scope, *kind, key, value).map_err(|why| format!("{key}: {why}"))?;
            }
            read.push((key, value));
        }
        Ok::<_, String>(read)
    });
    let mut trouble = None;
    let mut read = Vec::new();
    for lane in join_all(lanes).await {
        match lane {
            Ok(some) => read.extend(some),
            Err(why) => trouble = Some(why),
        }
    }
    object.world.atomically(|| {
        for (key, value) in read {
            let statement = match value {
                Some(_) => "UPDATE restoring_records SET value = ?2 WHERE key = ?1",
                // The record was removed after it was listed.
                None => "DELETE FROM restoring_records WHERE key = ?1 AND ?2 IS NULL",
            };
            object.world.run(statement, &[key.as_str().into(), value.as_deref().into()])?;
        }
        if trouble.is_some() {
            return Ok(());
        }
        object.world.run("UPDATE restoring SET failures = 0", &[]).map(drop)
    })?;
    trouble.map_or(Ok(()), |why| Err(Trouble::Kv(why)))
}

/// Inserts some records, and returns whether there were any.
fn write_some(object: &Object<'_, impl World>, scope: &ScopeId) -> Result<bool, SqlError> {
    let statement = "SELECT key, kind, value FROM restoring_records ORDER BY key LIMIT ?1";
    let records = all(object.world, statement, &[WRITES.into()], |columns| {
        Ok((columns.text()?, columns.parsed(Kind::parse)?, columns.text()?))
    })?;
    object.world.atomically(|| {
        for (key, kind, value) in &records {
            let checked = records::check(scope, *kind, key, value).map_err(SqlError)?;
            records::write_record(object, scope, &checked)?;
            let gone = "DELETE FROM restoring_records WHERE key = ?1";
            object.world.run(gone, &[key.as_str().into()])?;
        }
        Ok(!records.is_empty())
    })
}

/// The last slice: it registers the host.
async fn finish(object: &Object<'_, impl World>, scope: &ScopeId) -> Result<(), Trouble> {
    let profile = records::published_profile(object, scope).await.map_err(Trouble::Kv)?;
    let profile = profile.ok_or_else(|| Trouble::Kv("its record is gone".to_owned()))?;
    let revenue = records::published_revenue(object, scope).await.map_err(Trouble::Kv)?;
    object.world.atomically(|| finish_with(object, &profile, revenue))?;
    object.world.line(Level::Warn, "rebuilt from KV", &[("scope", scope.as_str())]);
    Ok(())
}

/// Inserts the profile and the revenue from tools other than RSVPs, in the caller's transaction.
pub fn finish_with(
    object: &Object<'_, impl World>,
    profile: &Profile,
    revenue: Usdc,
) -> Result<(), SqlError> {
    let sold = "SELECT coalesce(sum(amount), 0) FROM ledger";
    let sold = first(object.world, sold, &[])?.map_or(Ok(Usdc::ZERO), |mut row| row.usdc())?;
    let rest = revenue.checked_sub(sold).unwrap_or(Usdc::ZERO);
    if !rest.is_zero() {
        payments::carry_over(object.world, rest, None, object.world.now())?;
    }
    profile.save(object.world)?;
    object.world.run("DELETE FROM restoring", &[]).map(drop)
}

fn restoring(object: &Object<'_, impl World>) -> Result<Option<State>, SqlError> {
    if !object.is_used() {
        return Ok(None);
    }
    let statement = "SELECT scope, listing, cursor, failures FROM restoring";
    let found = all(object.world, statement, &[], |columns| {
        let scope = columns.parsed(ScopeId::parse)?;
        let listing = columns.optional_text()?;
        let listing = listing.map(|name| Kind::parse(&name)).transpose();
        Ok(State {
            scope,
            listing: listing.map_err(|error| SqlError(error.to_owned()))?,
            cursor: columns.optional_text()?,
            failures: columns.count()?,
        })
    })?;
    Ok(found.into_iter().next())
}
