//! The directory of objects with open work: payments, mails, records, settlements, purchases.
//!
//! An object finishes its open work in its alarm. The runtime gives up an alarm after repeated failures, and an object
//! without an alarm does nothing until its next request. So each object registers here when it has open work, and a cron
//! ([`sweep`]) asks the registered objects. An object that is asked sets its alarm again, and is removed once nothing is
//! open. The directory is only a safety net: a lost registration does no harm while the alarm works.
//!
//! The directory of hosts also stores the progress of a rotation of `MASTER_KEY` ([`rotation`]).
//!
//! Each [`Kind`] has its own directory, so that objects of one kind never displace those of another.

pub mod rotation;
pub mod sweep;
pub mod walk;

use serde::{Deserialize, Serialize};

use crate::base::backoff::doubled;
use crate::base::time::UnixSeconds;
use crate::ports::storage::{self, Migrations, all, first};
use crate::ports::{Clock, Level, Log, Sql, SqlError, SqlValue};

/// The schema of a directory's object.
pub const MIGRATIONS: Migrations = &[include_str!("schema.sql"), include_str!("schema-2.sql")];

/// Objects in one directory at most.
pub const OBJECTS_MAX: u32 = 10_000;

/// The longest id of an object, characters.
pub const ID_CHARS_MAX: usize = 64;

/// When an object is asked after its registration, seconds. Until then its alarm should finish the work.
pub const LEAVE_SECONDS: i64 = 600;

/// When an object with open work is asked again, seconds.
pub const OPEN_SECONDS: i64 = 1_800;

/// The longest back-off of an object that does not answer, seconds.
pub const FAILED_SECONDS_MAX: i64 = 3 * 3_600;

/// How often an instance of an object registers its open work, seconds.
pub const NOTE_SECONDS: i64 = 1_800;

/// When a failed registration is retried, seconds.
pub const NOTE_AGAIN_SECONDS: i64 = 60;

/// The kinds of objects that can have open work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    Host,
    /// The object of a guest session.
    Guest,
    /// The object of our own facilitator for one network.
    Relayer,
}

impl Kind {
    /// All kinds, in the order of the sweep.
    pub const ALL: [Self; 3] = [Self::Relayer, Self::Host, Self::Guest];

    /// The name of its directory.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Guest => "guest",
            Self::Relayer => "relayer",
        }
    }
}

/// A request to a directory. Only our own objects and the cron can send one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// Registers the object with this id.
    Note(String),
    /// Records answers and returns the objects to ask next.
    Next {
        /// The answers of the objects asked last.
        answered: Vec<Answered>,
        /// Objects to return at most.
        max: u32,
    },
}

/// An object to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The id of the Durable Object, hex.
    pub id: String,
    /// The number of its registrations when it was listed.
    pub notes: u64,
}

/// The answer of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    pub listed: Listed,
    /// Whether it has open work.
    pub is_open: bool,
}

/// Handles an [`Ask`] and returns the objects to ask next, for [`Ask::Next`].
///
/// # Errors
/// [`SqlError`] if SQLite refuses; nothing is changed then.
pub fn answer(world: &(impl Sql + Clock + Log), ask: &Ask) -> Result<Vec<Listed>, SqlError> {
    let now = world.now();
    storage::migrate(world, MIGRATIONS, now)?;
    match ask {
        Ask::Note(id) => {
            let gone = world.atomically(|| note(world, id, now))?;
            if gone > 0 {
                let fields = [("left", gone.to_string())];
                let fields = fields.each_ref().map(|(name, count)| (*name, count.as_str()));
                world.line(Level::Error, "a directory is full", &fields);
            }
            Ok(Vec::new())
        }
        Ask::Next { answered, max } => world.atomically(|| {
            for one in answered {
                record(world, one, now)?;
            }
            next(world, *max, now)
        }),
    }
}

/// Registers an object and returns the number of displaced ones. A full directory displaces objects that were not asked
/// yet first, then those that confirmed open work when asked; in each group the least recently registered.
fn note(sql: &impl Sql, id: &str, now: UnixSeconds) -> Result<u64, SqlError> {
    if id.is_empty() || id.len() > ID_CHARS_MAX {
        return Err(SqlError("this is no id of an object".to_owned()));
    }
    let statement = "INSERT INTO objects (id, noted_at, notes, sweep_at, failures) \
         VALUES (?1, ?2, 1, ?3, 0) \
         ON CONFLICT (id) DO UPDATE SET noted_at = ?2, notes = notes + 1";
    sql.run(statement, &[id.into(), now.into(), now.plus(LEAVE_SECONDS).into()])?;
    let too_many = count(sql)?.saturating_sub(OBJECTS_MAX.into());
    if too_many > 0 {
        let statement = "DELETE FROM objects WHERE id IN (SELECT id FROM objects WHERE id <> ?1 \
             ORDER BY open_at IS NOT NULL, noted_at, id LIMIT ?2)";
        sql.run(statement, &[id.into(), int(too_many)])?;
    }
    Ok(too_many)
}

/// The number of registered objects.
fn count(sql: &impl Sql) -> Result<u64, SqlError> {
    first(sql, "SELECT count(*) FROM objects", &[])?.map_or(Ok(0), |mut columns| columns.count())
}

/// Records an answer. An object without open work is removed, unless it has registered again meanwhile.
fn record(sql: &impl Sql, answered: &Answered, now: UnixSeconds) -> Result<(), SqlError> {
    let Answered { listed: Listed { id, notes }, is_open } = answered;
    if *is_open {
        let statement =
            "UPDATE objects SET open_at = ?2, sweep_at = ?3, failures = 0 WHERE id = ?1";
        let parameters = [id.as_str().into(), now.into(), now.plus(OPEN_SECONDS).into()];
        return sql.run(statement, &parameters).map(drop);
    }
    let parameters = [id.as_str().into(), int(*notes)];
    sql.run("DELETE FROM objects WHERE id = ?1 AND notes = ?2", &parameters).map(drop)
}

/// The objects that are due, longest waiting first. Each is postponed at once, with a back-off for missing answers, so
/// that neither an object that does not answer nor an interrupted cron delays the others.
fn next(sql: &impl Sql, max: u32, now: UnixSeconds) -> Result<Vec<Listed>, SqlError> {
    let due = "SELECT id, notes, failures FROM objects WHERE sweep_at <= ?1 \
         ORDER BY sweep_at, id LIMIT ?2";
    let due = all(sql, due, &[now.into(), max.into()], |columns| {
        let listed = Listed { id: columns.text()?, notes: columns.count()? };
        Ok((listed, columns.count()?))
    })?;
    let statement = "UPDATE objects SET failures = failures + 1, sweep_at = ?2 WHERE id = ?1";
    for (Listed { id, .. }, failures) in &due {
        let parameters = [id.as_str().into(), now.plus(left_alone(*failures)).into()];
        sql.run(statement, &parameters)?;
    }
    Ok(due.into_iter().map(|(listed, _)| listed).collect())
}

/// The back-off after this number of missing answers, seconds.
fn left_alone(failures: u64) -> i64 {
    let failures = u32::try_from(failures).unwrap_or(u32::MAX);
    doubled(LEAVE_SECONDS, failures, FAILED_SECONDS_MAX)
}

/// Counts stay far below the largest integer of SQLite.
fn int(count: u64) -> SqlValue {
    SqlValue::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

/// When an instance of an object registers again. Limits the requests to the directory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Noted(Option<UnixSeconds>);

impl Noted {
    /// Whether to register now. If so, the registration counts as sent.
    pub fn is_due(&mut self, now: UnixSeconds) -> bool {
        let is_due = self.0.is_none_or(|next| next <= now);
        if is_due {
            self.0 = Some(now.plus(NOTE_SECONDS));
        }
        is_due
    }

    /// Reports that the registration did not arrive.
    pub const fn failed(&mut self, now: UnixSeconds) {
        self.0 = Some(now.plus(NOTE_AGAIN_SECONDS));
    }

    /// Reports that the directory removes the object. New open work must be registered at once.
    pub const fn forget(&mut self) {
        self.0 = None;
    }
}
