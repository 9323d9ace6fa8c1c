//! The Durable Object around the claims of hosts with one payout address ([`crate::ledger::payee`]).

use worker::{DurableObject, Env, Request, Response, Result, State};
use worker_macros::durable_object;

use crate::edge::platform::{log, now};
use crate::edge::sql::ObjectSql;
use crate::ledger::payee;
use crate::ports::{Level, PayeeClaim, SqlError, storage};

/// The Durable Object of one payout address. Its name is the address. Only Host objects call it.
#[durable_object]
pub struct Payee {
    sql: ObjectSql,
}

impl DurableObject for Payee {
    fn new(state: State, _env: Env) -> Self {
        Self { sql: ObjectSql::new(&state.storage()) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let claim: PayeeClaim = request.json().await?;
        match self.claim(&claim) {
            Ok(granted) => Response::from_json(&granted),
            Err(error) => {
                log(Level::Error, "a payee's claim", &[("why", &error.to_string())]);
                Err(error.to_string().into())
            }
        }
    }
}

impl Payee {
    fn claim(&self, claim: &PayeeClaim) -> std::result::Result<bool, SqlError> {
        storage::migrate(&self.sql, payee::MIGRATIONS, now())?;
        payee::claim(&self.sql, claim, now())
    }
}
