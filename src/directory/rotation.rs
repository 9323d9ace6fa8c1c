//! How far the deployment is with a new master key, in the directory of hosts.
//!
//! A host seals its values anew in its own alarm, but an idle host has no alarm. So the cron walks all hosts
//! ([`super::walk`]), a few in each run, and this module keeps its place. A host with something left is asked again
//! until it has nothing left. One walk is enough: a host that has nothing left seals with the current key from then on.
//! When the walk is over and no host is left, one line in the log says that the previous key can be removed.

use serde::{Deserialize, Serialize};

use crate::base::id::ScopeId;
use crate::base::time::UnixSeconds;
use crate::directory::{self, LEAVE_SECONDS};
use crate::identity::keys::Keys;
use crate::ports::storage::{self, all, first};
use crate::ports::{Clock, Level, Log, Sql, SqlError, SqlValue};

/// Hosts with something left, at most; with more the walk waits.
pub const HOSTS_MAX: u32 = 1_000;

/// How long a host is left alone that has something left, seconds: its alarm does the work.
pub const OPEN_SECONDS: i64 = LEAVE_SECONDS;

/// Failures of KV in a row after which the walk begins anew: its cursor may be too old.
pub const FAILURES_MAX: u32 = 5;

/// What the cron and `GET /health` ask about a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Which rotation: [`rotation_of`].
    pub keys: String,
    /// What about it.
    pub what: What,
}

/// A question about a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// How far it is.
    Status,
    /// Which hosts come next. At most so many are to be asked again.
    Next(u32),
    /// What hosts have answered, and where the walk is.
    Record(Vec<Asked>, Walked),
}

/// Where a walk is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Walked {
    /// Where it was.
    No,
    /// KV has not given the page.
    Failed,
    /// Here.
    To(Spot),
    /// At the end.
    Over,
}

/// A place in KV's list of hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// The page; `None`: the first one.
    pub cursor: Option<String>,
    /// The last scope of the page that was asked.
    pub after: Option<String>,
}

/// A host that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its scope.
    pub scope: ScopeId,
    /// What it has answered; `None`: nothing.
    pub answer: Option<Resealed>,
}

/// What a host says about its values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resealed {
    /// Whether it still needs the previous key.
    pub is_open: bool,
    /// How many of its values open with neither key.
    pub unopened: u32,
}

/// How far a rotation is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Whether no host needs the previous key any more.
    pub is_done: bool,
    /// How many hosts are known to need it, or could not be asked.
    pub hosts_open: u32,
    /// How many values of all hosts open with neither key.
    pub unopened: u64,
    /// Hosts to be asked again.
    pub again: Vec<ScopeId>,
    /// Where the walk goes on, unless it is over or has to wait.
    pub spot: Option<Spot>,
}

/// Names the rotation that the settings describe; `None` while none is under way.
#[must_use]
pub fn rotation_of(keys: &Keys) -> Option<String> {
    keys.previous_key_id().map(|previous| format!("{previous}:{}", keys.key_id()))
}

/// Answers an [`Ask`].
///
/// # Errors
/// [`SqlError`] if SQLite refuses; nothing has changed then.
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

/// Begins the walk, if the keys are others than before.
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

/// The hosts that have waited longest to be asked again. Each is put off at once, longer each time that no answer
/// follows.
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

/// Notes that nothing is left, and says so once.
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

/// What the log says when nothing is left.
pub const DONE: &str =
    "all secrets are sealed with the current key; MASTER_KEY_PREVIOUS can be removed";

/// The same when values are left that nobody can open.
pub const LOST: &str = "all secrets that open are sealed with the current key, and some open with neither key: \
     make sure that MASTER_KEY_PREVIOUS is the key before before you remove it";
