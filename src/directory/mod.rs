//! Which objects have something open: payments, mails, records, settlements, purchases.
//!
//! An object finishes what is open by its alarm. The runtime drops an alarm that has failed often enough, and an
//! object without an alarm does nothing until somebody calls it. So each object notes here that it has something
//! open, and a cron ([`sweep`]) asks those that are written down: an object that is asked sets its alarm again, and
//! leaves the directory once nothing is open. The alarm is the rule and this is the second line; a lost note costs
//! nothing as long as the alarm lives.
//!
//! The directory of hosts also knows how far a rotation of `MASTER_KEY` is ([`rotation`]).
//!
//! There is one directory for each [`Kind`], so that objects of one kind never push out those of another.

pub mod rotation;
pub mod sweep;
pub mod walk;

use serde::{Deserialize, Serialize};

use crate::base::time::UnixSeconds;
use crate::ports::storage::{self, Migrations, all, first};
use crate::ports::{Clock, Level, Log, Sql, SqlError, SqlValue};

/// The schema of a directory's object.
pub const MIGRATIONS: Migrations = &[include_str!("schema.sql"), include_str!("schema-2.sql")];

/// Objects in one directory.
pub const OBJECTS_MAX: u32 = 10_000;

/// The longest id of an object, characters.
pub const ID_CHARS_MAX: usize = 64;

/// How long an object that has noted something is left alone, seconds: its alarm should be enough.
pub const LEAVE_SECONDS: i64 = 600;

/// How long an object that has answered that something is open is left alone, seconds.
pub const OPEN_SECONDS: i64 = 1_800;

/// The longest that an object is left alone that could not be asked, seconds.
pub const FAILED_SECONDS_MAX: i64 = 3 * 3_600;

/// How often an instance of an object notes that something is open, seconds.
pub const NOTE_SECONDS: i64 = 1_800;

/// How soon an instance tries again whose note did not arrive, seconds.
pub const NOTE_AGAIN_SECONDS: i64 = 60;

/// Objects that can have something open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A host's.
    Host,
    /// A guest session's.
    Guest,
    /// Our own facilitator's, of one network.
    Relayer,
}

impl Kind {
    /// All of them, in the order in which they are swept.
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

/// What a directory is asked. Only our own objects and the cron reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// The object with this id has something open.
    Note(String),
    /// These were asked; which are to be asked next?
    Next {
        /// What the last ones have answered.
        answered: Vec<Answered>,
        /// How many come next at most.
        max: u32,
    },
}

/// An object that is to be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The id of the object.
    pub id: String,
    /// How often it had noted something when it was listed.
    pub notes: u64,
}

/// An object that has answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Which.
    pub listed: Listed,
    /// Whether it has something open.
    pub is_open: bool,
}

/// Answers an [`Ask`]: the objects that are to be asked next, if that was the question.
///
/// # Errors
/// [`SqlError`] if SQLite refuses; nothing has changed then.
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

/// Writes an object down; how many had to leave for it. If the directory is full, those leave first that have only
/// said that something is open, then those that were asked and have confirmed it; in each group those that have said
/// so least recently.
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

/// How many objects are written down.
fn count(sql: &impl Sql) -> Result<u64, SqlError> {
    first(sql, "SELECT count(*) FROM objects", &[])?.map_or(Ok(0), |mut columns| columns.count())
}

/// What an object has answered. One that has nothing open leaves, unless it has noted something meanwhile.
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

/// Those that have waited longest for their turn. Each is put off at once, longer each time that no answer follows:
/// one that cannot be asked, or a cron that ends half-way, keeps nobody else waiting.
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

/// How long an object is left alone that could not be asked so many times before, seconds.
fn left_alone(failures: u64) -> i64 {
    let doublings = u32::try_from(failures).unwrap_or(u32::MAX);
    let times = 1_i64.checked_shl(doublings.min(16)).unwrap_or(i64::MAX);
    LEAVE_SECONDS.saturating_mul(times).min(FAILED_SECONDS_MAX)
}

/// Counts stay far below what SQLite stores.
fn int(count: u64) -> SqlValue {
    SqlValue::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

/// What an instance of an object remembers of its notes, so that they cost a hop only now and then.
#[derive(Clone, Copy, Debug, Default)]
pub struct Noted(Option<UnixSeconds>);

impl Noted {
    /// Whether a note is to be sent now; if so it counts as sent.
    pub fn is_due(&mut self, now: UnixSeconds) -> bool {
        let is_due = self.0.is_none_or(|next| next <= now);
        if is_due {
            self.0 = Some(now.plus(NOTE_SECONDS));
        }
        is_due
    }

    /// The note did not arrive.
    pub const fn failed(&mut self, now: UnixSeconds) {
        self.0 = Some(now.plus(NOTE_AGAIN_SECONDS));
    }

    /// The directory is told that nothing is open, and removes the object: what is opened next is to be noted again.
    pub const fn forget(&mut self) {
        self.0 = None;
    }
}
