//! The storage of an object in the simulation.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use events_concierge::base::time::UnixSeconds;
use events_concierge::ports::storage::{self, Migrations};
use events_concierge::ports::{Clock, Level, Log, Memo, Row, Sql, SqlError, SqlValue};
use rusqlite::config::DbConfig;

use crate::support::{run_or_remember, run_statement};

/// An object's storage. Making one costs more than using it, so each thread keeps its own and takes
/// back what a simulation has written: all of that is one transaction, which is never committed.
pub(crate) struct Storage {
    connection: rusqlite::Connection,
    migrations: Migrations,
    /// Blocks that have begun, one inside the other.
    depth: Cell<u32>,
    pub(crate) memo: Memo,
}

thread_local! {
    static STORAGES: RefCell<Vec<Rc<Storage>>> = const { RefCell::new(Vec::new()) };
}

impl Storage {
    /// Storage with a schema and nothing else, that nobody else uses.
    pub(crate) fn take(migrations: Migrations) -> Rc<Self> {
        let is_free = |storage: &&Rc<Self>| {
            Rc::strong_count(storage) == 1 && std::ptr::eq(storage.migrations, migrations)
        };
        let kept = STORAGES.with_borrow(|kept| kept.iter().find(is_free).cloned());
        if let Some(storage) = kept {
            storage.connection.execute_batch("ROLLBACK; BEGIN").unwrap();
            storage.depth.set(0);
            storage.memo.forget_all();
            return storage;
        }
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.set_prepared_statement_cache_capacity(200);
        // A statement is planned once, and not anew for each value that it is given.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
        let new =
            Rc::new(Self { connection, migrations, depth: Cell::new(0), memo: Memo::default() });
        storage::migrate(&*new, migrations, UnixSeconds::new(0)).unwrap();
        new.connection.execute_batch("BEGIN").unwrap();
        STORAGES.with_borrow_mut(|kept| kept.push(Rc::clone(&new)));
        new
    }

    /// Takes back what interrupted blocks have written.
    pub(crate) fn end_block(&self) {
        for _ in 0..self.depth.replace(0) {
            self.connection.execute_batch("ROLLBACK TO block; RELEASE block").unwrap();
            self.memo.forget_all();
        }
    }
}

impl Sql for Storage {
    fn run(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        run_or_remember(&self.memo, statement, parameters, |_| {
            run_statement(&self.connection, statement, parameters)
        })
    }

    fn atomically<T, E: From<SqlError>>(
        &self,
        block: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let run = |statement: &str| run_statement(&self.connection, statement, &[]).map(drop);
        run("SAVEPOINT block")?;
        self.depth.set(self.depth.get() + 1);
        let answer = block();
        if answer.is_err() {
            run("ROLLBACK TO block")?;
            self.memo.forget_all();
        }
        self.depth.set(self.depth.get() - 1);
        run("RELEASE block")?;
        answer
    }

    fn writes(&self) -> u64 {
        self.memo.writes()
    }
}

/// A storage without injected faults.
pub(crate) struct Calm {
    pub(crate) sqlite: Rc<Storage>,
    /// Seconds.
    pub(crate) now: i64,
}

impl Sql for Calm {
    fn run(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        self.sqlite.run(statement, parameters)
    }

    fn atomically<T, E: From<SqlError>>(
        &self,
        block: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.sqlite.atomically(block)
    }

    fn writes(&self) -> u64 {
        self.sqlite.writes()
    }
}

impl Clock for Calm {
    fn now(&self) -> UnixSeconds {
        UnixSeconds::new(self.now)
    }
}

impl Log for Calm {
    fn line(&self, _level: Level, _message: &str, _fields: &[(&str, &str)]) {}
}
