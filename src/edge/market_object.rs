//! The Durable Object around the marketplace ([`crate::market`]).

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{DurableObject, Env, Request, Response, Result, State};
use worker_macros::durable_object;

use crate::edge::rpc;
use crate::edge::world::EdgeWorld;
use crate::market::{self, Ask};

/// The Durable Object of the marketplace; there is one. Only Host objects and the gateway call it.
#[durable_object]
pub struct Market {
    world: EdgeWorld,
}

impl DurableObject for Market {
    fn new(state: State, env: Env) -> Self {
        Self { world: EdgeWorld::new(state, env, None) }
    }

    // Its callers ask by RPC.
    async fn fetch(&self, _request: Request) -> Result<Response> {
        Response::error("not found", 404)
    }
}

#[wasm_bindgen]
impl Market {
    /// Answers a host's object or the gateway ([`crate::edge::rpc`]).
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn ask(&self, _topic: &str, ask: &str) -> std::result::Result<String, JsValue> {
        rpc::answer("the marketplace", ask, |ask: Ask| market::answer(&self.world, ask))
    }
}
