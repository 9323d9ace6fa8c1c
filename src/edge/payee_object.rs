//! The Durable Object around the claims of hosts with one payout address ([`crate::ledger::payee`]).

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{DurableObject, Env, Request, Response, Result, State};
use worker_macros::durable_object;

use crate::edge::platform::now;
use crate::edge::rpc;
use crate::edge::sql::ObjectSql;
use crate::ledger::payee;
use crate::ports::{PayeeClaim, storage};

/// The Durable Object of one payout address. Its name is the address. Only Host objects call it.
#[durable_object]
pub struct Payee {
    sql: ObjectSql,
}

impl DurableObject for Payee {
    fn new(state: State, _env: Env) -> Self {
        Self { sql: ObjectSql::new(&state.storage()) }
    }

    // Its callers ask by RPC.
    async fn fetch(&self, _request: Request) -> Result<Response> {
        Response::error("not found", 404)
    }
}

#[wasm_bindgen]
impl Payee {
    /// Answers a claim ([`crate::edge::rpc`]).
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn ask(&self, _topic: &str, claim: &str) -> std::result::Result<String, JsValue> {
        rpc::answer("a payee's claim", claim, |claim: PayeeClaim| {
            storage::migrate(&self.sql, payee::MIGRATIONS, now())?;
            payee::claim(&self.sql, &claim, now())
        })
    }
}
