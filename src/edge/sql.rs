//! Implements the [`Sql`] port with a Durable Object's SQLite.
//!
//! The parameters and the rows of a statement cross between Rust and JavaScript as one JSON text each: a crossing for
//! each cell would take longer than the statement.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::Storage;

use crate::ports::{Memo, Row, Sql, SqlError, SqlValue};

/// The largest integer that a JavaScript number holds exactly.
const INTEGER_MAX: i64 = (1 << 53) - 1;

#[wasm_bindgen]
extern "C" {
    /// `DurableObjectStorage`, for the one method that `worker` does not bind.
    type SyncStorage;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &SyncStorage,
        block: &mut dyn FnMut() -> Result<(), JsValue>,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter)]
    fn sql(this: &SyncStorage) -> JsValue;

    /// Defined by `shim.mjs`: the rows of a statement as JSON.
    #[wasm_bindgen(catch, js_name = "__run_sql")]
    fn run_sql(sql: &JsValue, statement: &str, parameters: &str) -> Result<String, JsValue>;
}

/// The SQLite storage of one Durable Object.
pub(super) struct ObjectSql {
    sql: JsValue,
    storage: SyncStorage,
    memo: Memo,
}

impl ObjectSql {
    pub(super) fn new(storage: &Storage) -> Self {
        let raw: &JsValue = storage.as_raw().as_ref();
        let storage: SyncStorage = raw.clone().unchecked_into();
        Self { sql: storage.sql(), storage, memo: Memo::default() }
    }

    /// All storage was erased.
    pub(super) fn is_erased(&self) {
        self.memo.forget_all();
    }

    /// Runs a block in a transaction, which is rolled back if it says no. It is compiled once, not for each of its callers.
    fn commit_if(&self, block: &mut dyn FnMut() -> bool) -> Result<(), SqlError> {
        // A thrown value makes the runtime roll back.
        let mut block = || if block() { Ok(()) } else { Err(JsValue::from_str("rolled back")) };
        let committed = self.storage.transaction_sync(&mut block);
        committed.map(drop).map_err(|error| {
            self.memo.forget_all();
            SqlError(format!("commit: {error:?}"))
        })
    }

    fn ask(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        if !parameters.iter().all(is_exact) {
            return Err(SqlError("a number that JavaScript cannot hold".to_owned()));
        }
        let parameters = serde_json::to_string(parameters).map_err(|error| broken(&error))?;
        let rows = run_sql(&self.sql, statement, &parameters).map_err(|error| failed(&error))?;
        serde_json::from_str(&rows).map_err(|error| broken(&error))
    }
}

impl Sql for ObjectSql {
    // There are hundreds of callers.
    #[inline(never)]
    fn run(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        self.memo.run(statement, parameters, || self.ask(statement, parameters))
    }

    fn atomically<T, E: From<SqlError>>(
        &self,
        block: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let mut block = Some(block);
        let mut answer = None;
        let committed = self.commit_if(&mut || {
            answer = block.take().map(|block| block());
            !matches!(answer, Some(Err(_)))
        });
        match (answer, committed) {
            (Some(Ok(_)), Err(error)) => Err(error.into()),
            (Some(answer), _) => answer,
            (None, _) => Err(SqlError("the block did not run".to_owned()).into()),
        }
    }

    fn writes(&self) -> u64 {
        self.memo.writes()
    }
}

fn is_exact(value: &SqlValue) -> bool {
    match value {
        SqlValue::Int(number) => (-INTEGER_MAX..=INTEGER_MAX).contains(number),
        SqlValue::Null | SqlValue::Text(_) => true,
    }
}

/// The message with which SQLite has refused a statement.
fn failed(error: &JsValue) -> SqlError {
    let said = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    SqlError(said.unwrap_or_else(|| format!("{error:?}")))
}

fn broken(error: &serde_json::Error) -> SqlError {
    SqlError(format!("a statement's parameters or rows: {error}"))
}
