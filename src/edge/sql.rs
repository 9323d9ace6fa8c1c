//! Implements the [`Sql`] port with a Durable Object's SQLite.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{SqlStorage, SqlStorageValue, Storage};

use crate::ports::{Row, Sql, SqlError, SqlValue};

#[wasm_bindgen]
extern "C" {
    /// `DurableObjectStorage`, for the one method that `worker` does not bind.
    type SyncStorage;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &SyncStorage,
        block: &mut dyn FnMut() -> Result<(), JsValue>,
    ) -> Result<JsValue, JsValue>;
}

/// The SQLite storage of one Durable Object.
pub(super) struct ObjectSql {
    sql: SqlStorage,
    storage: SyncStorage,
}

impl ObjectSql {
    pub(super) fn new(storage: &Storage) -> Self {
        let raw: &JsValue = storage.as_raw().as_ref();
        Self { sql: storage.sql(), storage: raw.clone().unchecked_into() }
    }
}

impl Sql for ObjectSql {
    fn run(&self, statement: &str, parameters: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        let parameters: Vec<_> = parameters.iter().map(to_storage).collect::<Result<_, _>>()?;
        let cursor = self.sql.exec(statement, parameters).map_err(failed)?;
        cursor.raw().map(|row| row.map_err(failed)?.into_iter().map(to_ours).collect()).collect()
    }

    fn atomically<T, E: From<SqlError>>(
        &self,
        block: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let mut block = Some(block);
        let mut answer = None;
        // A thrown value makes the runtime roll back. The real error is kept in a variable.
        let committed = self.storage.transaction_sync(&mut || {
            answer = block.take().map(|block| block());
            match answer {
                Some(Err(_)) => Err(JsValue::from_str("rolled back")),
                Some(Ok(_)) | None => Ok(()),
            }
        });
        match (answer, committed) {
            (Some(Ok(_)), Err(error)) => Err(SqlError(format!("commit: {error:?}")).into()),
            (Some(answer), _) => answer,
            (None, _) => Err(SqlError("the block did not run".to_owned()).into()),
        }
    }
}

fn failed(error: worker::Error) -> SqlError {
    SqlError(error.to_string())
}

fn to_storage(value: &SqlValue) -> Result<SqlStorageValue, SqlError> {
    match value {
        SqlValue::Null => Ok(SqlStorageValue::Null),
        SqlValue::Text(text) => Ok(SqlStorageValue::String(text.clone())),
        SqlValue::Int(number) => SqlStorageValue::try_from_i64(*number).map_err(failed),
    }
}

fn to_ours(value: SqlStorageValue) -> Result<SqlValue, SqlError> {
    match value {
        SqlStorageValue::Null => Ok(SqlValue::Null),
        SqlStorageValue::String(text) => Ok(SqlValue::Text(text)),
        SqlStorageValue::Integer(number) => Ok(SqlValue::Int(number)),
        SqlStorageValue::Float(_) | SqlStorageValue::Boolean(_) | SqlStorageValue::Blob(_) => {
            Err(SqlError("a column of a type that is not in use".to_owned()))
        }
    }
}
