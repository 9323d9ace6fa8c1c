//! The progress of a master key rotation, in the directory of hosts.
//!
//! A host reseals its values in its alarm, but an idle host has no alarm. So the cron walks all hosts
//! ([`crate::directory::walk`]), a few in each run, and this module stores the position. A host with values left is
//! asked again until it has none. One walk is enough, because hosts seal new values with the current key. When the walk
//! is over and no host has values left, a log line says that the previous key can be removed.

use serde::{Deserialize, Serialize};

use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::directory::{self, LEAVE_SECONDS};
use crate::identity::keys::Keys;
use crate::ports::storage::{self, all, first};
use crate::ports::{Clock, Level, Log, Sql, SqlError, SqlValue};

/// Hosts with values left at most. With more the walk pauses.
pub const HOSTS_MAX: u32 = 1_000;

/// When a host with values left is asked again, seconds. Its alarm does the work.
pub const OPEN_SECONDS: i64 = LEAVE_SECONDS;

/// Failures of KV in a row until the walk restarts, because its cursor may have expired.
pub const FAILURES_MAX: u32 = 5;

/// A request of the cron or of `GET /health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The rotation, named by [`rotation_of`].
    pub keys: String,
    pub what: What,
}

/// The kinds of requests about a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// Reports the progress, for `GET /health`.
    Status,
    /// Returns the hosts to ask next, with at most this number of hosts to ask again.
    Next(u32),
    /// Records the answers of hosts and the new position of the walk.
    Record(Vec<Asked>, Walked),
}

/// The new position of a walk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Walked {
    No,
    /// Unchanged, because KV failed to return the page.
    Failed,
    /// The next page begins here.
    To(Spot),
    /// The end: all hosts were asked.
    Over,
}

/// A position in KV's list of hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// The cursor of the page; `None` for the first page.
    pub cursor: Option<String>,
    /// The last scope of the page whose host was asked.
    pub after: Option<String>,
}

/// A host that was asked, and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub scope: ScopeId,
    /// `None` if the host did not answer.
    pub answer: Option<Resealed>,
}

/// The state of a host's sealed values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resealed {
    /// Whether some values still need the previous key.
    pub is_open: bool,
    /// Values that neither key opens.
    pub unopened: u32,
}

/// The progress of a rotation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Whether no host needs the previous key any longer.
    pub is_done: bool,
    /// Hosts that need the previous key or did not answer.
    pub hosts_open: u32,
    /// Values of all hosts that neither key opens.
    pub unopened: u64,
    /// Hosts to ask again.
    pub again: Vec<ScopeId>,
    /// The position where the walk continues, unless it is over or paused.
    pub spot: Option<Spot>,
}

/// The name of the rotation in the settings; `None` if there is none.
#[must_use]
pub fn rotation_of(keys: &Keys) -> Option<String> {
    keys.previous_key_id().map(|previous| format!("{previous}:{}", keys.key_id()))
}

/// Handles an [`Ask`].
///
/// # Errors
/// [`SqlError`] if SQLite refuses; nothing is changed then.
pub fn answer(world: &(impl Sql + Clock + Log), ask: &Ask) -> Result<Told, SqlError> {
    let now = world.now();
    storage::migrate(world, directory::MIGRATIONS, now)?;
    world.atomically(|| {
        begin(world, &ask.keys)?;
        match &ask.what {
            What::Status => told(world),
            What::Next(max) => {
                let again = again(world, *max, now)?;
                Ok(Told { again, ..told(world)? })
            }
            What::Record(asked, walked) => {
                for one in asked {
                    record(world, one, now)?;
                }
                walk_on(world, walked)?;
                finish(world, now)?;
                told(world)
            }
        }
    })
}

/// Starts a walk if this rotation is new.
fn begin(sql: &impl Sql, keys: &str) -> Result<(), SqlError> {
    let statement = "INSERT INTO rotation (id, keys, failures, is_walked, unopened) \
         VALUES (1, ?1, 0, 0, 0) ON CONFLICT (id) DO UPDATE SET keys = ?1, cursor = NULL, \
         after = NULL, failures = 0, is_walked = 0, unopened = 0, done_at = NULL \
         WHERE keys <> ?1 RETURNING id";
    if sql.run(statement, &[keys.into()])?.is_empty() {
        return Ok(());
    }
    sql.run("DELETE FROM rotation_hosts", &[]).map(drop)
}

fn told(sql: &impl Sql) -> Result<Told, SqlError> {
    let open = first(sql, "SELECT count(*) FROM rotation_hosts", &[])?
        .map_or(Ok(0), |mut columns| columns.count())?;
    let statement = "SELECT done_at IS NOT NULL, unopened, is_walked, cursor, after FROM rotation";
    let Some(mut columns) = first(sql, statement, &[])? else { return Ok(Told::default()) };
    let (is_done, unopened, is_walked) =
        (columns.int()? != 0, columns.count()?, columns.int()? != 0);
    let spot = Spot { cursor: columns.optional_text()?, after: columns.optional_text()? };
    let has_room = open < u64::from(HOSTS_MAX);
    Ok(Told {
        is_done,
        hosts_open: u32::try_from(open).unwrap_or(u32::MAX),
        unopened,
        again: Vec::new(),
        spot: (!is_walked && has_room).then_some(spot),
    })
}

/// The hosts that are due to be asked again, longest waiting first. Each is postponed at once, with a back-off for
/// missing answers.
fn again(sql: &impl Sql, max: u32, now: UnixSeconds) -> Result<Vec<ScopeId>, SqlError> {
    let due = "SELECT scope, failures FROM rotation_hosts WHERE ask_at <= ?1 \
         ORDER BY ask_at, scope LIMIT ?2";
    let due = all(sql, due, &[now.into(), max.into()], |columns| {
        Ok((columns.parsed(ScopeId::parse)?, columns.count()?))
    })?;
    let statement =
        "UPDATE rotation_hosts SET failures = failures + 1, ask_at = ?2 WHERE scope = ?1";
    for (scope, failures) in &due {
        let at = now.plus(directory::left_alone(*failures));
        sql.run(statement, &[scope.as_str().into(), at.into()])?;
    }
    Ok(due.into_iter().map(|(scope, _)| scope).collect())
}

fn record(
    sql: &impl Sql,
    Asked { scope, answer }: &Asked,
    now: UnixSeconds,
) -> Result<(), SqlError> {
    let scope: SqlValue = scope.as_str().into();
    match answer {
        Some(Resealed { is_open: false, unopened }) => {
            sql.run("DELETE FROM rotation_hosts WHERE scope = ?1", &[scope])?;
            let statement = "UPDATE rotation SET unopened = unopened + ?1";
            sql.run(statement, &[(*unopened).into()]).map(drop)
        }
        Some(Resealed { is_open: true, .. }) => {
            let statement = "INSERT INTO rotation_hosts (scope, ask_at, failures) VALUES (?1, ?2, 0) \
                 ON CONFLICT (scope) DO UPDATE SET ask_at = ?2, failures = 0";
            sql.run(statement, &[scope, now.plus(OPEN_SECONDS).into()]).map(drop)
        }
        None => {
            let statement = "INSERT OR IGNORE INTO rotation_hosts (scope, ask_at, failures) \
                 VALUES (?1, ?2, 1)";
            sql.run(statement, &[scope, now.plus(LEAVE_SECONDS).into()]).map(drop)
        }
    }
}

fn walk_on(sql: &impl Sql, walked: &Walked) -> Result<(), SqlError> {
    match walked {
        Walked::No => Ok(()),
        Walked::Failed => {
            sql.run("UPDATE rotation SET failures = failures + 1", &[])?;
            let anew = "UPDATE rotation SET cursor = NULL, after = NULL, failures = 0 \
                 WHERE failures >= ?1";
            sql.run(anew, &[FAILURES_MAX.into()]).map(drop)
        }
        Walked::To(Spot { cursor, after }) => {
            let statement = "UPDATE rotation SET cursor = ?1, after = ?2, failures = 0";
            let parameters = [cursor.as_deref().into(), after.as_deref().into()];
            sql.run(statement, &parameters).map(drop)
        }
        Walked::Over => sql.run("UPDATE rotation SET is_walked = 1", &[]).map(drop),
    }
}

/// Records that the rotation is done, and logs it once.
fn finish(world: &(impl Sql + Log), now: UnixSeconds) -> Result<(), SqlError> {
    let statement = "UPDATE rotation SET done_at = ?1 WHERE is_walked = 1 AND done_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM rotation_hosts) RETURNING unopened";
    let Some(mut columns) = first(world, statement, &[now.into()])? else { return Ok(()) };
    match columns.count()? {
        0 => world.line(Level::Info, DONE, &[]),
        unopened => world.line(Level::Error, LOST, &[("values", &unopened.to_string())]),
    }
    Ok(())
}

/// The log line when no host needs the previous key.
pub const DONE: &str =
    "all secrets are sealed with the current key; MASTER_KEY_PREVIOUS can be removed";

/// The log line when, in addition, some values open with neither key.
pub const LOST: &str = "all secrets that open are sealed with the current key, and some open with neither key: \
     make sure that MASTER_KEY_PREVIOUS is the key before before you remove it";
