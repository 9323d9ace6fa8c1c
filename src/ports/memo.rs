//! What an object has read from its SQLite, kept in memory until a table that the statement names is written.
//!
//! Nobody else writes an object's storage, and it answers the same statement with the same rows until it is written. A
//! statement crosses from Wasm to JavaScript and back, which takes longer than SQLite does for most of them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use crate::ports::{Row, SqlError, SqlValue};

/// The most that one object keeps, bytes. Callers choose what is read, so they can fill it.
const KEPT_BYTES_MAX: usize = 65_536;
/// Larger answers are read anew each time, bytes.
const ANSWER_BYTES_MAX: usize = 16_384;
/// What a value takes besides its text, bytes.
const VALUE_BYTES: usize = 24;

/// The answers that an object keeps. Every statement of the object's SQLite goes through [`Self::run`].
#[derive(Debug, Default)]
pub struct Memo {
    /// From the oldest to the newest.
    kept: RefCell<VecDeque<Answer>>,
    writes: Cell<u64>,
}

#[derive(Debug)]
struct Answer {
    statement: String,
    parameters: Vec<SqlValue>,
    rows: Vec<Row>,
    /// The hashes of all words of the statement, sorted. The names of its tables are among them.
    words: Vec<u32>,
    bytes: usize,
}

impl Memo {
    /// The rows of a statement: those that are kept, or those that SQLite gives. `ask` runs the statement.
    ///
    /// # Errors
    /// The error that `ask` returns.
    pub fn run(
        &self,
        statement: &str,
        parameters: &[SqlValue],
        ask: impl FnOnce() -> Result<Vec<Row>, SqlError>,
    ) -> Result<Vec<Row>, SqlError> {
        if may_write(statement) {
            self.forget(written_table(statement));
            return ask();
        }
        if let Some(rows) = self.find(statement, parameters) {
            return Ok(rows);
        }
        let rows = ask()?;
        self.keep(statement, parameters, &rows);
        Ok(rows)
    }

    /// A transaction was rolled back, or the storage was erased: what was read before is no longer stored.
    pub fn forget_all(&self) {
        self.forget(None);
    }

    /// The number that [`crate::ports::Sql::writes`] returns.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.writes.get()
    }

    /// Forgets the answers of statements that name `table`; all of them if the table is not known.
    fn forget(&self, table: Option<&str>) {
        self.writes.set(self.writes.get().wrapping_add(1));
        match table.map(hash) {
            None => self.kept.borrow_mut().clear(),
            Some(table) => {
                self.kept.borrow_mut().retain(|one| one.words.binary_search(&table).is_err());
            }
        }
    }

    fn find(&self, statement: &str, parameters: &[SqlValue]) -> Option<Vec<Row>> {
        let kept = self.kept.borrow();
        let is_it = |one: &&Answer| one.statement == statement && one.parameters == parameters;
        kept.iter().rev().find(is_it).map(|one| one.rows.clone())
    }

    fn keep(&self, statement: &str, parameters: &[SqlValue], rows: &[Row]) {
        let values = rows.iter().flatten().chain(parameters);
        let bytes = values.fold(statement.len(), |sum, value| sum.saturating_add(size(value)));
        let mut words: Vec<u32> = words(statement).map(hash).collect();
        words.sort_unstable();
        // Without a table (`SELECT changes()`) nothing says when the answer is another one.
        if bytes > ANSWER_BYTES_MAX || words.binary_search(&hash("FROM")).is_err() {
            return;
        }
        let (statement, parameters, rows) =
            (statement.to_owned(), parameters.to_vec(), rows.to_vec());
        let mut kept = self.kept.borrow_mut();
        kept.push_back(Answer { statement, parameters, rows, words, bytes });
        let mut sum = kept.iter().fold(0_usize, |sum, one| sum.saturating_add(one.bytes));
        while sum > KEPT_BYTES_MAX
            && let Some(oldest) = kept.pop_front()
        {
            sum = sum.saturating_sub(oldest.bytes);
        }
    }
}

/// Whether a statement may change something.
#[must_use]
pub fn may_write(statement: &str) -> bool {
    !statement.trim_start().starts_with("SELECT")
}

/// The table that a statement changes; `None` if it may change others, too. No trigger of ours changes a table.
fn written_table(statement: &str) -> Option<&str> {
    let mut words = words(statement);
    match words.next()? {
        "INSERT" => words.find(|word| *word == "INTO").and_then(|_| words.next()),
        "DELETE" => words.next().filter(|word| *word == "FROM").and_then(|_| words.next()),
        "UPDATE" => words.next().filter(|word| *word != "OR"),
        _ => None,
    }
}

fn words(statement: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    statement.split(move |c| !is_word(c)).filter(|word| !word.is_empty())
}

/// FNV-1a. Two words with one hash only make an answer be forgotten too early.
fn hash(word: &str) -> u32 {
    word.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn size(value: &SqlValue) -> usize {
    match value {
        SqlValue::Null | SqlValue::Int(_) => VALUE_BYTES,
        SqlValue::Text(text) => text.len().saturating_add(VALUE_BYTES),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What SQLite is asked.
    #[derive(Default)]
    struct Asked {
        memo: Memo,
        times: Cell<u32>,
    }

    impl Asked {
        fn run(&self, statement: &str, parameter: &str) -> Vec<Row> {
            let ask = || {
                self.times.set(self.times.get() + 1);
                Ok(vec![vec![SqlValue::Int(self.times.get().into())]])
            };
            self.memo.run(statement, &[parameter.into()], ask).unwrap()
        }

        /// Whether SQLite is asked.
        fn asks(&self, statement: &str, parameter: &str) -> bool {
            let before = self.times.get();
            self.run(statement, parameter);
            self.times.get() > before
        }
    }

    const SEATS: &str = "SELECT count(*) FROM rsvps WHERE event_id = ?1";
    const BOTH: &str = "SELECT e.id FROM events e JOIN rsvps r ON r.event_id = e.id";

    #[test]
    fn the_same_question_is_asked_once_until_one_of_its_tables_is_written() {
        let writes = [
            "INSERT INTO rsvps (id) VALUES (?1)",
            "INSERT OR REPLACE INTO rsvps (id) SELECT id FROM payments",
            "INSERT INTO \"rsvps\" (id) VALUES (?1)",
            "UPDATE rsvps SET id = ?1 RETURNING id",
            "DELETE FROM rsvps AS r WHERE id = ?1",
            // Those that do not say which table they write.
            "UPDATE OR IGNORE rsvps SET id = ?1",
            "WITH old AS (SELECT 1) DELETE FROM rsvps",
            "REPLACE INTO rsvps (id) VALUES (?1)",
            "DROP TABLE rsvps",
            "  insert into rsvps (id) values (?1)",
        ];
        for write in writes {
            let asked = Asked::default();
            assert!(asked.asks(SEATS, "a") && asked.asks(BOTH, "a"));
            assert!(!asked.asks(SEATS, "a") && !asked.asks(BOTH, "a"));
            assert!(asked.asks(SEATS, "b"), "other parameters are another question");
            let before = asked.memo.writes();
            asked.run(write, "a");
            assert!(asked.memo.writes() > before, "{write}");
            assert!(asked.asks(SEATS, "a") && asked.asks(BOTH, "a"), "{write}");
        }
    }

    #[test]
    fn a_write_leaves_what_other_tables_have_answered() {
        let asked = Asked::default();
        asked.run(SEATS, "a");
        asked.run("UPDATE payments SET state = ?1", "a");
        asked.run("INSERT INTO rsvps_of_yesterday SELECT * FROM rsvps WHERE id = ?1", "a");
        assert!(!asked.asks(SEATS, "a"));
    }

    #[test]
    fn nothing_is_kept_after_a_rollback_and_nothing_that_names_no_table() {
        let asked = Asked::default();
        asked.run(SEATS, "a");
        asked.memo.forget_all();
        assert!(asked.asks(SEATS, "a"));
        assert!(asked.asks("SELECT changes()", "a") && asked.asks("SELECT changes()", "a"));
    }

    #[test]
    fn a_write_that_fails_forgets_too_and_a_read_that_fails_is_not_kept() {
        let asked = Asked::default();
        asked.run(SEATS, "a");
        let fails = || Err(SqlError("disk I/O error".to_owned()));
        asked.memo.run("DELETE FROM rsvps", &[], fails).unwrap_err();
        asked.memo.run(SEATS, &["a".into()], fails).unwrap_err();
        assert!(asked.asks(SEATS, "a"));
    }

    #[test]
    fn what_callers_can_make_it_keep_has_a_limit() {
        let memo = Memo::default();
        let row = |bytes: usize| vec![vec![SqlValue::Text("x".repeat(bytes))]];
        let keeps = |parameter: i64, bytes| {
            let times = Cell::new(0);
            for _ in 0..2 {
                let ask = || {
                    times.set(times.get() + 1);
                    Ok(row(bytes))
                };
                memo.run(SEATS, &[SqlValue::Int(parameter)], ask).unwrap();
            }
            times.get() == 1
        };
        assert!(keeps(0, 16_000));
        assert!(!keeps(1, 16_384));
        for parameter in 2..100 {
            assert!(keeps(parameter, 8_000));
        }
        let kept = memo.kept.borrow().iter().map(|one| one.bytes).sum::<usize>();
        assert!((50_000..=KEPT_BYTES_MAX).contains(&kept), "{kept}");
    }
}
