//! The Durable Object around an owner's budget ([`crate::wallets::budget`]).

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{DurableObject, Env, Request, Response, Result, State};
use worker_macros::durable_object;

use crate::edge::object;
use crate::edge::rpc;
use crate::edge::world::EdgeWorld;
use crate::wallets::budget::{self, Ask};

/// The Durable Object of one owner's budget. Its name is a user's scope or a wallet's address. Only Guest objects
/// call it.
#[durable_object]
pub struct Budget {
    world: EdgeWorld,
}

impl DurableObject for Budget {
    fn new(state: State, env: Env) -> Self {
        Self { world: EdgeWorld::new(state, env, None) }
    }

    // Its callers ask by RPC.
    async fn fetch(&self, _request: Request) -> Result<Response> {
        Response::error("not found", 404)
    }

    async fn alarm(&self) -> Result<Response> {
        self.world.alarm_is_over();
        // No other event runs between this check and the deletion.
        let is_used = budget::forget(&self.world)
            .and_then(|is_used| budget::rearm(&self.world).map(|()| is_used));
        match is_used {
            Ok(true) => {}
            Ok(false) => object::erase(&self.world).await,
            Err(error) => object::again(&self.world, "a budget's alarm", &error),
        }
        Response::empty()
    }
}

#[wasm_bindgen]
impl Budget {
    /// Answers a guest session ([`crate::edge::rpc`]).
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn ask(&self, _topic: &str, ask: &str) -> std::result::Result<String, JsValue> {
        rpc::answer("a budget", ask, |ask: Ask| {
            let told = budget::answer(&self.world, &ask)?;
            budget::rearm(&self.world)?;
            Ok(told)
        })
    }
}
